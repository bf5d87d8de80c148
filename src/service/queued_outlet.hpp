// A queue and the workers that empty it into one exporter. Workers are threads started when needed
// and ended when idle.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/worker.hpp"
#include "queue/queue.hpp"
#include "service/memory_budget.hpp"
#include "service/outlet.hpp"
#include "service/partition_gate.hpp"
#include "service/sender.hpp"
#include "service/worker_scaler.hpp"

namespace rankwire::service {

class QueuedOutlet final : public Outlet, private Scalable {
 public:
  struct Shared {
    Environment& environment;
    Accounting& accounting;
    MemoryBudget& budget;
    RoomSignal& room;
    WorkerScaler& scaler;
  };

  // `name` is the exporter's id and signal, under which what a disk queue keeps is remembered;
  // `batch_processor` the processor whose batching the policy has, if it is one's.
  QueuedOutlet(Shared shared, std::string name, QueuePolicy policy, std::unique_ptr<queue::Queue> queue,
               std::unique_ptr<Sender> sender, const std::string& batch_processor = {});
  ~QueuedOutlet() override;  // Stops at once if not stopped.

  std::string label() const override { return "exporter " + sender_->label(); }
  OutletKind kind() const override { return policy_.storage ? OutletKind::durable_queue : OutletKind::memory_queue; }
  bool has_room(Bytes size, std::uint64_t records) override;
  bool waits_for_room() const override { return policy_.block_on_overflow; }
  Result<void> reserve(Bytes size, std::uint64_t records, const ClientRef& client) override;
  void unreserve(Bytes size, std::uint64_t records) override;
  Result<void> take(SignalBatch& batch, bool is_last, const CompletionRef& completion) override;

  // Nothing more is reserved; what is reserved may still be taken.
  void refuse_new();
  // Whoever waits for the result of a delivery gets an error; the delivery goes on.
  void release_senders() { release_.request_stop(); }
  // Starts sending what a disk queue brought along.
  void start();
  // Memory queues send what they hold from now on without waiting; disk queues start nothing new.
  void begin_drain();
  // Waits for the workers until the deadline, then interrupts them. The queue is closed afterwards.
  void stop(Deadline deadline);
  // Stops the workers but not the queue, which goes on with another exporter.
  std::unique_ptr<queue::Queue> hand_over(Deadline deadline);
  const QueuePolicy& policy() const { return policy_; }

  std::optional<std::string> problem() const { return sender_->problem(); }

 private:
  struct Slot {
    std::stop_source pop_stop;
    bool is_busy = false;
    bool is_ending = false;  // Asked to end; counted neither as live nor as idle any more.
    bool has_ended = false;
    Instant idle_since;
    Worker thread;  // Last: joined before the rest goes.
  };

  bool scale_up() override;
  bool end_idle_workers(Instant since) override;

  Result<void> push_and_wait(WireBatch batch, const Partition& partition);
  Result<void> enter(const ClientRef& client, std::uint64_t records);
  std::uint64_t units(Bytes size, std::uint64_t records) const;
  void wake_worker();
  void start_worker();  // With mutex_ held.
  void reap();          // With mutex_ held.
  bool has_waiting() const;
  void run(Slot& slot);
  void send(queue::Lease& lease);
  void count_batch(const SignalBatch& batch) const;
  void notice_corruption();
  void end_workers(Deadline deadline);
  void register_metrics();

  Shared shared_;
  const std::string name_;
  const QueuePolicy policy_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<PartitionGate> gate_;  // Null: batches are not kept apart.
  Counter& enqueue_failed_;
  const SizeHistograms enqueued_, leased_sizes_;
  BatchCounters batches_;
  std::vector<std::shared_ptr<void>> registrations_;
  std::stop_source abort_;
  std::stop_source release_;
  std::atomic<bool> refuses_new_{false};
  std::atomic<std::uint64_t> leased_{0};  // Records.
  std::atomic<std::int64_t> held_{0};     // Records queued or leased, as far as we counted.

  std::mutex reserve_mutex_;
  std::uint64_t reserved_ = 0;  // In sizer units. Guarded by reserve_mutex_.

  std::mutex mutex_;
  std::condition_variable worker_ended_;
  std::list<Slot> slots_;        // Guarded by mutex_.
  std::uint64_t live_ = 0;       // Guarded by mutex_.
  std::uint64_t idle_ = 0;       // Guarded by mutex_.
  bool lacks_drainer_ = false;   // Guarded by mutex_. There was no thread to drain with.
  bool is_draining_ = false;     // Guarded by mutex_.
  bool is_stopped_ = false;      // Used by the thread that stops only.
  std::uint64_t lost_seen_ = 0;  // Guarded by mutex_.
};

}  // namespace rankwire::service
