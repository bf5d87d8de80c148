// Batches of which some records were taken and others not, until they come again: what was taken is not sent twice.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "component/component.hpp"
#include "signal/identity.hpp"

namespace rankwire::load_balancing {

struct Progress {
  std::vector<bool> done;  // By record: taken, or rejected for good.
  Receipt receipt;         // Of those.
};

// Thread-safe. Holds as many as may be on their way at a time; more would be batches that were given up.
class Unfinished {
 public:
  // Takes it out.
  Progress take(OutgoingBatch& batch) {
    const std::lock_guard lock(mutex_);
    if (entries_.empty()) return {};
    const Identity batch_id = id_of(batch);
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (!(entry->batch == batch_id)) continue;
      Progress progress = std::move(entry->progress);
      entries_.erase(entry);
      return progress;
    }
    return {};
  }
  void keep(OutgoingBatch& batch, Progress progress) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() == entries_max) entries_.pop_front();
    entries_.push_back({id_of(batch), std::move(progress)});
  }

 private:
  static constexpr std::size_t entries_max = 256;

  struct Entry {
    Identity batch;
    Progress progress;
  };

  static Identity id_of(OutgoingBatch& batch) {
    Identity all;
    for (const SharedBytes& chunk : batch.wire().chunks) all = joined(all, identity_of(chunk->view()));
    return all;
  }

  std::mutex mutex_;
  std::deque<Entry> entries_;  // Guarded by mutex_. The oldest first.
};

}  // namespace rankwire::load_balancing
