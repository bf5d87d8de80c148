// What is kept of the pods of a node: what a component made of each, found by any of the keys that the component
// chose (its uid, its address). Bounded in bytes; a deleted pod is found for a while, as its last lines come late.
#pragma once

#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "signal/identity.hpp"
#include "signal/value.hpp"

namespace rankwire::kubernetes {

// One run of a container.
struct KnownContainer {
  std::string_view name, image_name, image_tag, image_digest;
  std::string_view service_version, service_instance_id;
  std::string_view id, previous_id;
  std::int64_t restart_count = 0;
};

// Immutable. All that it points to lies in one allocation of its own.
class KnownPod {
 public:
  // Views that end with the call of `make`.
  struct Draft {
    Identity id;                       // Of its uid.
    std::vector<Identity> keys;        // By which it is found.
    std::vector<KeyValue> attributes;  // Texts only.
    std::vector<KnownContainer> containers;
    std::string_view namespace_name, node_name;
    bool is_ignored = false;  // Known, and to be left alone.
  };
  static std::shared_ptr<const KnownPod> make(const Draft& draft);

  const Identity& id() const { return id_; }
  const std::vector<Identity>& keys() const { return keys_; }
  const std::vector<KeyValue>& attributes() const { return attributes_; }
  const std::vector<KnownContainer>& containers() const { return containers_; }
  std::string_view namespace_name() const { return namespace_name_; }
  std::string_view node_name() const { return node_name_; }
  bool is_ignored() const { return is_ignored_; }
  std::size_t memory_bytes() const;

 private:
  Identity id_;
  std::vector<Identity> keys_;
  std::vector<KeyValue> attributes_;
  std::vector<KnownContainer> containers_;
  std::string_view namespace_name_, node_name_;
  std::unique_ptr<char[]> text_;
  std::size_t text_size_ = 0;
  bool is_ignored_ = false;
};

struct CacheOptions {
  Bytes size_max = 32_MiB;
  Duration grace = std::chrono::minutes(2);  // How long a deleted pod is still found.
};

// Any thread; those that change it one at a time.
class PodCache {
 public:
  PodCache(CacheOptions options, const Clock& clock) : options_(options), clock_(clock) {}

  std::shared_ptr<const KnownPod> find(const Identity& key) const;
  // False: there is no room for it, also without the deleted ones. What was kept of it before is gone then.
  bool put(std::shared_ptr<const KnownPod> pod);
  void remove(const Identity& id);
  // Pods that are not put between the two have been deleted.
  void listing_begins();
  void listing_ended();
  // Forgets what was deleted long enough ago.
  void expire();

  std::size_t pods() const;
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    std::shared_ptr<const KnownPod> pod;
    std::uint64_t listing = 0;
    Instant forgotten_at = Instant::max();  // Set once it is deleted.
  };
  using Entries = std::unordered_map<Identity, Entry>;

  // All with mutex_ held.
  void erase(Entries::iterator at);
  void expire_until(Instant now);
  static std::size_t cost_of(const KnownPod& pod);

  const CacheOptions options_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  Entries entries_;                                // Guarded by mutex_, as is what follows.
  std::unordered_map<Identity, Identity> by_key_;  // To the id of the pod that had the key last.
  std::uint64_t listing_ = 0;
  std::size_t deleted_ = 0;  // Entries that wait to be forgotten.
  std::size_t bytes_ = 0;
};

}  // namespace rankwire::kubernetes
