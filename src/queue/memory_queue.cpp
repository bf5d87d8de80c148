// The queue that a crash empties: settlements wait in it, so that a replayable source sends again.
#include "queue/batching_queue.hpp"

namespace rankwire::queue {
namespace {

class MemoryQueue final : public BatchingQueue {
 public:
  using BatchingQueue::BatchingQueue;

  using Queue::push;
  Result<void> push(WireBatch batch, CompletionRef completion, const Partition& partition) override {
    if (batch.record_count == 0 || batch.size.count == 0) return {};
    auto origin = std::make_shared<Origin>();
    origin->units = measure(batch, policy_.sizer);
    origin->records = batch.record_count;
    const std::lock_guard lock(mutex_);
    if (is_closed()) return Error(ErrorKind::cancelled, "the queue is closed");
    RANKWIRE_TRY(check_room(batch));
    origin->settlement = Settlement(std::move(completion));
    size_ += origin->units;
    records_ += batch.record_count;
    add_ready({std::move(batch), std::move(origin), now(), partition});
    wake_consumer();
    return {};
  }

 protected:
  void finished(std::vector<std::shared_ptr<Origin>>&) override {}
  // After the books: whoever hears of it may look at them.
  void after_finished(std::vector<std::shared_ptr<Origin>>& origins) override {
    for (const auto& origin : origins) origin->settlement.settle();
  }
};

}  // namespace

std::unique_ptr<Queue> make_memory_queue(const QueuePolicy& policy, Signal signal, Clock& clock) {
  return std::make_unique<MemoryQueue>(policy, signal, clock);
}

}  // namespace rankwire::queue
