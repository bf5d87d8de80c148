// Bounded queues between a pipeline and an exporter's workers, in memory or on disk. They hold wire
// batches: what is queued is exactly what will be sent, merging is concatenation, and the disk
// format and the memory format are the same bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/counters.hpp"
#include "base/error.hpp"
#include "base/file_system.hpp"
#include "base/log.hpp"
#include "component/completion.hpp"
#include "component/delivery.hpp"
#include "component/partition.hpp"
#include "signal/batch.hpp"

namespace rankwire::queue {

// One batch being sent; it may join or be part of what was pushed. Settled exactly once. Destroyed
// unsettled, it goes back: memory queues report the loss to the completions when they close, disk
// queues keep it.
class Lease {
 public:
  virtual ~Lease() = default;
  virtual const WireBatch& batch() const = 0;
  // Who sent it, as far as the policy keeps batches apart by that; null if it is not known.
  virtual ClientRef client() const { return nullptr; }
  // The destination has it.
  virtual void done() = 0;
  // Dropped on purpose; the caller has counted and logged it.
  virtual void discard() = 0;
};

struct QueueStatus {
  std::uint64_t size = 0;  // In the policy's sizer units, leased batches included.
  std::uint64_t capacity = 0;
  std::uint64_t records = 0;          // Queued or leased.
  Bytes memory;                       // Held in memory.
  Bytes disk;                         // Held on disk.
  std::uint64_t records_corrupt = 0;  // Skipped because stored bytes fail their check (counted per stored record).
  std::uint64_t lost_to_damage = 0;   // Telemetry records in those, as far as it is known.
};

class Queue {
 public:
  virtual ~Queue() = default;

  // Whether a push of this batch size would be accepted now. A hint: only push decides.
  virtual bool has_room(Bytes size, std::uint64_t records) const = 0;
  // Called (from any thread, one at a time) when room appeared after has_room or push said full. Replaces
  // the callback there was: when this returns, that one is not running and never will again.
  virtual void on_room(std::function<void()> callback) = 0;

  // Takes the batch. A disk queue returns once it is durable and settles it; a memory queue keeps
  // the settlement until its lease ends. `refused` when full (the settlement is given back unsettled);
  // an element larger than the whole capacity is `invalid`. If the policy batches by metadata, only what has
  // the same `partition` is sent together.
  virtual Result<void> push(WireBatch batch, CompletionRef completion, const Partition& partition) = 0;
  Result<void> push(WireBatch batch, CompletionRef completion) {
    return push(std::move(batch), std::move(completion), {});
  }

  // Waits for something to send, by the policy: adaptive (all there is, up to `batch_bytes_max`) or
  // as configured. Null when stopped or closed. With `closing`, configured minimum sizes are not waited for.
  virtual std::unique_ptr<Lease> pop(std::stop_token stop) = 0;
  // Nothing waits for more: pop drains what is left, then returns null.
  virtual void close() = 0;

  virtual QueueStatus status() const = 0;

  // Adaptive batching joins at most this much.
  static constexpr Bytes batch_bytes_max{1u << 20};
};

std::unique_ptr<Queue> make_memory_queue(const QueuePolicy& policy, Signal signal, Clock& clock);

struct DiskQueueOptions {
  std::string directory;    // Exclusive to this queue.
  bool must_sync = false;   // fsync each group commit: survive power loss, not only a crash.
  Bytes disk_bytes_max{0};  // 0: bounded by the policy only.
};

// Opens or recovers. Torn and damaged records are skipped and counted; a newer format is `invalid`.
Result<std::unique_ptr<Queue>> open_disk_queue(const QueuePolicy& policy, Signal signal, DiskQueueOptions options,
                                               FileSystem& files, Clock& clock, Logger& log);

}  // namespace rankwire::queue
