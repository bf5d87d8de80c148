// Batches that wait for the metadata of a pod, in the order in which they came. What comes later for the same pod waits
// behind them, so that no record overtakes another of its pod.
#pragma once

#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "component/held.hpp"
#include "signal/identity.hpp"

namespace rankwire::k8s_attributes {

struct WaitingBatch {
  SignalBatch batch;
  std::vector<Held> held;      // One.
  std::vector<Identity> keys;  // Of all pods in it.
  Instant until{};             // Then it goes on with what is known.
  std::size_t bytes = 0;
};

// Any thread.
class Waiting {
 public:
  explicit Waiting(Bytes size_max) : size_max_(size_max) {}

  // Whether records of one of these pods are held, or on their way.
  bool has_any(const std::vector<Identity>& keys) const {
    const std::lock_guard lock(mutex_);
    for (const Identity& key : keys)
      if (by_key_.contains(key)) return true;
    return false;
  }
  void add(WaitingBatch waiting) {
    const std::lock_guard lock(mutex_);
    for (const Identity& key : waiting.keys) ++by_key_[key];
    bytes_ += waiting.bytes;
    batches_.push_back(std::move(waiting));
  }
  // The oldest; it stays until `done`. Null: none.
  WaitingBatch* front() {
    const std::lock_guard lock(mutex_);
    return batches_.empty() ? nullptr : &batches_.front();
  }
  void done() {
    const std::lock_guard lock(mutex_);
    WaitingBatch& first = batches_.front();
    for (const Identity& key : first.keys)
      if (const auto found = by_key_.find(key); --found->second == 0) by_key_.erase(found);
    bytes_ -= first.bytes;
    batches_.pop_front();
  }

  bool empty() const {
    const std::lock_guard lock(mutex_);
    return batches_.empty();
  }
  Bytes memory() const {
    const std::lock_guard lock(mutex_);
    return Bytes{bytes_};
  }
  // More than half: whoever waits goes on at once.
  bool is_crowded() const { return memory().count > size_max_.count / 2; }
  bool is_full() const { return memory().count > size_max_.count; }

 private:
  const Bytes size_max_;
  mutable std::mutex mutex_;
  std::deque<WaitingBatch> batches_;  // Guarded by mutex_, as is what follows. Elements stay in place.
  std::unordered_map<Identity, std::uint32_t> by_key_;
  std::size_t bytes_ = 0;
};

// Pods that were waited for in vain, so that nobody waits for them again for a while.
class GivenUp {
 public:
  explicit GivenUp(const Clock& clock) : clock_(clock) {}

  bool has(const Identity& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = until_.find(key);
    return found != until_.end() && found->second > clock_.now();
  }
  void add(const Identity& key) {
    const std::lock_guard lock(mutex_);
    if (until_.size() >= count_max) until_.clear();
    until_[key] = clock_.now() + lifetime;
  }

 private:
  static constexpr std::size_t count_max = 4096;
  static constexpr Duration lifetime = std::chrono::minutes(10);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<Identity, Instant> until_;  // Guarded by mutex_.
};

}  // namespace rankwire::k8s_attributes
