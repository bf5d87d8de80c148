#include "kubernetes/pod_cache.hpp"

#include <cstring>
#include <mutex>

namespace rankwire::kubernetes {
namespace {

// What a hash table of the standard library needs for a node besides its content: a pointer, the heap's own, a bucket.
constexpr std::size_t node_bytes = 8 + 8 + 8 + 8;
// Of a shared pointer's object: the counts, the heap's own.
constexpr std::size_t shared_bytes = 16 + 8;
constexpr std::size_t heap_bytes = 16;  // Of each allocation, rounding included.

}  // namespace

std::shared_ptr<const KnownPod> KnownPod::make(const Draft& draft) {
  auto pod = std::make_shared<KnownPod>();
  pod->id_ = draft.id;
  pod->is_ignored_ = draft.is_ignored;
  pod->keys_.assign(draft.keys.begin(), draft.keys.end());
  pod->attributes_.assign(draft.attributes.begin(), draft.attributes.end());
  pod->containers_.assign(draft.containers.begin(), draft.containers.end());
  pod->namespace_name_ = draft.namespace_name;
  pod->node_name_ = draft.node_name;
  const auto each_text = [&](const auto& visit) {
    visit(pod->namespace_name_);
    visit(pod->node_name_);
    for (KeyValue& entry : pod->attributes_) {
      visit(entry.key);
      std::string_view value = entry.value.text();
      visit(value);
      entry.value = Value::of(value);
    }
    for (KnownContainer& container : pod->containers_)
      for (std::string_view* text :
           {&container.name, &container.image_name, &container.image_tag, &container.image_digest,
            &container.service_version, &container.service_instance_id, &container.id, &container.previous_id})
        visit(*text);
  };
  each_text([&](std::string_view& text) { pod->text_size_ += text.size(); });
  pod->text_ = std::make_unique_for_overwrite<char[]>(pod->text_size_);
  char* to = pod->text_.get();
  each_text([&](std::string_view& text) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    text = {to, text.size()};
    to += text.size();
  });
  return pod;
}

std::size_t KnownPod::memory_bytes() const {
  return sizeof *this + shared_bytes + text_size_ + keys_.capacity() * sizeof(Identity) +
         attributes_.capacity() * sizeof(KeyValue) + containers_.capacity() * sizeof(KnownContainer) + 4 * heap_bytes;
}

std::size_t PodCache::cost_of(const KnownPod& pod) {
  return pod.memory_bytes() + sizeof(Entries::value_type) + node_bytes +
         pod.keys().size() * (2 * sizeof(Identity) + node_bytes);
}

std::shared_ptr<const KnownPod> PodCache::find(const Identity& key) const {
  const std::shared_lock lock(mutex_);
  const auto id = by_key_.find(key);
  if (id == by_key_.end()) return nullptr;
  const auto entry = entries_.find(id->second);
  if (entry == entries_.end() || entry->second.forgotten_at <= clock_.now()) return nullptr;
  return entry->second.pod;
}

bool PodCache::put(std::shared_ptr<const KnownPod> pod) {
  const std::unique_lock lock(mutex_);
  if (const auto before = entries_.find(pod->id()); before != entries_.end()) erase(before);
  const std::size_t cost = cost_of(*pod);
  if (bytes_ + cost > options_.size_max.count) expire_until(Instant::max() - Duration(1));
  if (bytes_ + cost > options_.size_max.count) return false;
  bytes_ += cost;
  for (const Identity& key : pod->keys()) by_key_[key] = pod->id();
  const Identity id = pod->id();
  entries_.emplace(id, Entry{.pod = std::move(pod), .listing = listing_});
  return true;
}

void PodCache::remove(const Identity& id) {
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.forgotten_at != Instant::max()) return;
  found->second.forgotten_at = clock_.now() + options_.grace;
  ++deleted_;
}

void PodCache::listing_begins() {
  const std::unique_lock lock(mutex_);
  ++listing_;
}

void PodCache::listing_ended() {
  const std::unique_lock lock(mutex_);
  const Instant forgotten_at = clock_.now() + options_.grace;
  for (auto& [id, entry] : entries_) {
    if (entry.listing == listing_ || entry.forgotten_at != Instant::max()) continue;
    entry.forgotten_at = forgotten_at;
    ++deleted_;
  }
}

void PodCache::expire() {
  const std::unique_lock lock(mutex_);
  expire_until(clock_.now());
}

void PodCache::expire_until(Instant now) {
  for (auto at = entries_.begin(); deleted_ != 0 && at != entries_.end();) {
    const auto next = std::next(at);
    if (at->second.forgotten_at <= now) erase(at);
    at = next;
  }
}

void PodCache::erase(Entries::iterator at) {
  const std::shared_ptr<const KnownPod> pod = at->second.pod;
  for (const Identity& key : pod->keys())
    if (const auto found = by_key_.find(key); found != by_key_.end() && found->second == pod->id())
      by_key_.erase(found);
  bytes_ -= cost_of(*pod);
  if (at->second.forgotten_at != Instant::max()) --deleted_;
  entries_.erase(at);
}

std::size_t PodCache::pods() const {
  const std::shared_lock lock(mutex_);
  return entries_.size();
}

std::size_t PodCache::memory_bytes() const {
  const std::shared_lock lock(mutex_);
  return bytes_;
}

}  // namespace rankwire::kubernetes
