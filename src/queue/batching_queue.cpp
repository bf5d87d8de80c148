#include "queue/batching_queue.hpp"

#include "base/planted_bug.hpp"
#include "base/require.hpp"

namespace rankwire::queue {

class BatchingQueue::PartsLease final : public Lease {
 public:
  PartsLease(BatchingQueue& queue, Signal signal, std::vector<Part> parts) : queue_(queue), parts_(std::move(parts)) {
    batch_.signal = signal;
    for (const Part& part : parts_) {
      batch_.chunks.insert(batch_.chunks.end(), part.batch.chunks.begin(), part.batch.chunks.end());
      batch_.record_count += part.batch.record_count;
      batch_.size += part.batch.size;
    }
    if (!parts_.empty()) client_ = parts_.front().partition.client;
  }
  ~PartsLease() override {
    if (!is_settled_) queue_.give_back(std::move(parts_));
  }

  const WireBatch& batch() const override { return batch_; }
  ClientRef client() const override { return client_; }
  void done() override { settle(); }
  void discard() override { settle(); }

 private:
  void settle() {
    require(!is_settled_, "a lease is settled once");
    is_settled_ = true;
    batch_ = {};
    queue_.settle(parts_);
  }

  BatchingQueue& queue_;
  std::vector<Part> parts_;
  WireBatch batch_;
  ClientRef client_;
  bool is_settled_ = false;
};

BatchingQueue::~BatchingQueue() { require(leases_ == 0, "every lease ends before its queue"); }

bool BatchingQueue::has_room(Bytes size, std::uint64_t records) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t units = 1;
  if (policy_.sizer == Sizer::items) units = records;
  if (policy_.sizer == Sizer::bytes) units = size.count;
  if (size_ + units <= policy_.queue_size && has_space(size)) return true;
  mark_full();
  return false;
}

void BatchingQueue::on_room(std::function<void()> callback) {
  const std::lock_guard lock(callback_mutex_);
  callback_ = std::move(callback);
}

void BatchingQueue::announce_room() {
  if (!was_full_.exchange(false)) return;
  const std::lock_guard lock(callback_mutex_);
  if (callback_) callback_();
}

Result<void> BatchingQueue::check_room(const WireBatch& batch) const {
  const std::uint64_t units = measure(batch, policy_.sizer);
  if (units > policy_.queue_size)
    return Error(ErrorKind::invalid, "the batch is larger than the whole queue (" + std::to_string(units) + " of " +
                                         std::to_string(policy_.queue_size) + ")");
  if (size_ + units > policy_.queue_size && !is_planted(PlantedBug::queue_limit_ignored)) {
    mark_full();
    return Error(ErrorKind::refused, "the queue is full");
  }
  return {};
}

void BatchingQueue::add_ready(Part part) {
  memory_ += part.batch.size;
  ready_.push_back(std::move(part));
}

void BatchingQueue::wake_consumer() {
  if (is_planted(PlantedBug::consumer_not_woken)) return;
  if (!is_collecting_) {
    work_.notify_one();
  } else if (ripe_at() <= clock_.now()) {
    ripe_.notify_one();
  }
}

Instant BatchingQueue::ripe_at() const {
  if (ready_.empty()) return has_unread() ? Instant::min() : Instant::max();
  if (ready_.policy()) return ready_.due_at();
  if (leases_ == 0 || ready_.bytes() >= worth_sending || has_unread()) return Instant::min();
  return newest_lease_ + company_wait;
}

void BatchingQueue::collect(Lock& lock, const std::stop_token& stop) {
  constexpr Duration wait_max = std::chrono::hours(1);
  while (!stop.stop_requested()) {
    if (const auto pause = refill(lock); pause && ready_.empty()) {
      ripe_.wait_for(lock, stop, *pause, [] { return false; });
      continue;
    }
    const Instant at = ripe_at();
    const Instant now = clock_.now();
    if (is_closed_ || at <= now) return;
    const Duration wait = at - now < wait_max ? at - now : wait_max;
    ripe_.wait_for(lock, stop, wait, [this] { return is_closed_ || ripe_at() <= clock_.now(); });
  }
}

std::unique_ptr<Lease> BatchingQueue::lease_ready() {
  std::int64_t growth = 0;
  std::vector<Part> parts = ready_.take(growth);
  memory_.count += static_cast<std::uint64_t>(growth);
  if (parts.empty()) return nullptr;
  ++leases_;
  newest_lease_ = clock_.now();
  return std::make_unique<PartsLease>(*this, signal_, std::move(parts));
}

std::unique_ptr<Lease> BatchingQueue::pop(std::stop_token stop) {
  Lock lock(mutex_);
  for (;;) {
    work_.wait(lock, stop, [this] { return !is_collecting_ && (is_closed_ || has_work()); });
    std::unique_ptr<Lease> lease;
    if (!stop.stop_requested() && has_work()) {
      is_collecting_ = true;
      collect(lock, stop);
      is_collecting_ = false;
      if (!stop.stop_requested()) lease = lease_ready();
    }
    // Whoever else waits takes over: the wake-up that this call used up may have been the only one.
    if (is_closed_ && !has_work()) {
      work_.notify_all();
    } else if (has_work()) {
      work_.notify_one();
    }
    if (lease || stop.stop_requested() || (is_closed_ && !has_work())) return lease;
  }
}

void BatchingQueue::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  work_.notify_all();
  ripe_.notify_all();
}

void BatchingQueue::settle(std::vector<Part>& parts) {
  std::vector<std::shared_ptr<Origin>> ended;
  {
    const std::lock_guard lock(mutex_);
    for (Part& part : parts)
      if (--part.origin->parts == 0) ended.push_back(part.origin);
  }
  finished(ended);
  {
    const std::lock_guard lock(mutex_);
    --leases_;
    for (const Part& part : parts) {
      records_ -= part.batch.record_count;
      memory_ -= part.batch.size;
    }
    for (const auto& origin : ended) size_ -= origin->units;
    if (is_collecting_) ripe_.notify_one();
  }
  after_finished(ended);
  parts.clear();
  if (!ended.empty()) announce_room();
}

void BatchingQueue::give_back(std::vector<Part> parts) {
  const std::lock_guard lock(mutex_);
  --leases_;
  if (is_closed_) {
    for (Part& part : parts) given_up_.push_back(std::move(part));
    return;
  }
  ready_.push_front(std::move(parts));
  if (is_collecting_) {
    ripe_.notify_one();
  } else {
    work_.notify_one();
  }
}

QueueStatus BatchingQueue::status() const {
  const std::lock_guard lock(mutex_);
  QueueStatus status;
  status.size = size_;
  status.capacity = policy_.queue_size;
  status.records = records_;
  status.memory = memory_;
  status.disk = disk_bytes();
  status.records_corrupt = records_corrupt_;
  status.lost_to_damage = lost_to_damage_;
  return status;
}

}  // namespace rankwire::queue
