// Spans that wait, on disk: what is pushed is durable, and is leased to be decided about. A lease ends when the last
// of its spans has been delivered or dropped; what is not delivered comes again, now or after the next start. Keeps
// the books of all that. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "component/component.hpp"
#include "component/held.hpp"
#include "queue/queue.hpp"

namespace rankwire::tail_sampling {

class PendingStore {
 public:
  struct Options {
    std::string directory;
    bool must_sync = false;
    Bytes disk_bytes_max;  // 0: bounded by `bytes_max` only.
    Bytes bytes_max;
  };
  // `ledger` may be null.
  static Result<std::unique_ptr<PendingStore>> open(const Options& options, Environment& environment,
                                                    HeldLedger* ledger);
  ~PendingStore();

  bool has_room(Bytes size, std::uint64_t records) const { return queue_->has_room(size, records); }
  Bytes disk_bytes() const { return queue_->status().disk; }
  // Returns when it is durable.
  Result<void> push(WireBatch batch);

  struct Leased {
    WireBatch batch;
    Held held;  // Its completion ends the lease.
  };
  // Waits; nothing: stopped.
  std::optional<Leased> pop(const std::stop_token& stop);

  // Nothing is pushed any more: pop gives what is left, then nothing.
  void drain() { queue_->close(); }
  std::uint64_t records() const { return queue_->status().records; }

  // The end, in this order. From now on nothing is counted any more: what is held stays on disk.
  void leave();
  // Of leases that were decided about in part: the rest, so that only that comes again.
  bool keep(WireBatch rest) { return queue_->push(std::move(rest), {}).has_value(); }
  // Waits for deliveries under way. What has not settled by then comes again after the next start.
  void close(const Clock& clock, Deadline deadline);

 private:
  class Books;
  class Keeper;

  PendingStore(std::unique_ptr<queue::Queue> queue, HeldLedger* ledger);
  void ended(std::uint64_t number);
  // Takes what the queue found damaged since it was last asked off the books.
  void count_damage();

  const std::unique_ptr<queue::Queue> queue_;
  const std::unique_ptr<Books> books_;
  std::mutex mutex_;
  std::uint64_t damaged_ = 0;                                 // Guarded by mutex_. Records that are counted as such.
  std::uint64_t next_number_ = 0;                             // Guarded by mutex_.
  std::map<std::uint64_t, std::weak_ptr<Keeper>> under_way_;  // Guarded by mutex_.
  std::stop_source all_ended_;                                // Guarded by mutex_. Ends the waiting of `close`.
  bool is_closing_ = false;                                   // Guarded by mutex_.
};

}  // namespace rankwire::tail_sampling
