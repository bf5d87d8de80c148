#include "service/queued_outlet.hpp"

#include <algorithm>

#include "base/planted_bug.hpp"
#include "base/require.hpp"
#include "service/result_waiter.hpp"

namespace rankwire::service {

QueuedOutlet::QueuedOutlet(Shared shared, std::string name, QueuePolicy policy, std::unique_ptr<queue::Queue> queue,
                           std::unique_ptr<Sender> sender, const std::string& batch_processor)
    : shared_(shared),
      name_(std::move(name)),
      policy_(std::move(policy)),
      queue_(std::move(queue)),
      sender_(std::move(sender)),
      enqueue_failed_(shared.environment.counters.counter(
          "otelcol_exporter_enqueue_failed_" + std::string(record_noun(sender_->signal())),
          "Records that the exporter's queue had no room for.", {{"exporter", sender_->label()}})),
      enqueued_(shared.environment.counters, "otelcol_exporter_enqueue_size", "in a request put into the queue.",
                {{"exporter", sender_->label()}}),
      leased_sizes_(shared.environment.counters, "otelcol_exporter_queue_batch_send_size",
                    "in a batch taken out of the queue to be sent.", {{"exporter", sender_->label()}}) {
  if (!batch_processor.empty()) batches_ = BatchCounters(shared.environment.counters, batch_processor);
  if (policy_.batch && !policy_.batch->metadata_keys.empty()) gate_ = std::make_unique<PartitionGate>(*policy_.batch);
  queue_->on_room([this] { shared_.room.notify(); });
  const queue::QueueStatus status = queue_->status();
  // What an earlier process left, less what this process already counts.
  const std::uint64_t parked = shared_.accounting.unpark(name_, sender_->signal());
  const std::uint64_t found = status.records + status.lost_to_damage;
  shared_.accounting.accepted(sender_->signal(), found > parked ? found - parked : 0);
  shared_.accounting.dropped(sender_->signal(), "queue", "corrupt", status.lost_to_damage);
  shared_.accounting.add_queued(sender_->signal(), static_cast<std::int64_t>(status.records));
  held_ = static_cast<std::int64_t>(status.records);
  lost_seen_ = status.lost_to_damage;
  register_metrics();
  shared_.scaler.add(this);
}

QueuedOutlet::~QueuedOutlet() { stop(Deadline{shared_.environment.clock.now()}); }

void QueuedOutlet::register_metrics() {
  Counters& counters = shared_.environment.counters;
  const Labels labels = {{"exporter", sender_->label()}, {"data_type", std::string(to_string(sender_->signal()))}};
  registrations_.push_back(counters.observe("otelcol_exporter_queue_size", "Size of the queue, in units of its sizer.",
                                            labels, [this] { return static_cast<double>(queue_->status().size); }));
  registrations_.push_back(counters.observe("otelcol_exporter_queue_capacity",
                                            "Capacity of the queue, in units of its sizer.", labels,
                                            [this] { return static_cast<double>(queue_->status().capacity); }));
  registrations_.push_back(counters.observe("rankwire_exporter_queue_disk_bytes", "Bytes the queue holds on disk.",
                                            labels,
                                            [this] { return static_cast<double>(queue_->status().disk.count); }));
  registrations_.push_back(shared_.budget.add_holder([this] { return queue_->status().memory; }));
}

bool QueuedOutlet::has_room(Bytes size, std::uint64_t records) { return queue_->has_room(size, records); }

std::uint64_t QueuedOutlet::units(Bytes size, std::uint64_t records) const {
  switch (policy_.sizer) {
    case Sizer::requests: return 1;
    case Sizer::items: return records;
    case Sizer::bytes: return size.count;
  }
  return 1;
}

Result<void> QueuedOutlet::reserve(Bytes size, std::uint64_t records, const ClientRef& client) {
  const std::uint64_t wanted = units(size, records);
  if (refuses_new_) return Error(ErrorKind::unavailable, "exporter " + sender_->label() + " is being stopped");
  if (gate_) RANKWIRE_TRY(enter(client, records));
  const std::lock_guard lock(reserve_mutex_);
  const queue::QueueStatus status = queue_->status();
  if (wanted > status.capacity) {
    enqueue_failed_.add(records);
    return Error(ErrorKind::invalid, "the batch is larger than the whole queue of exporter " + sender_->label());
  }
  // Asked in any case: a queue that said no tells when it has room again.
  const bool has_room = queue_->has_room(size, records);
  const bool is_full = !has_room || status.size + reserved_ + wanted > status.capacity;
  if (is_full && !is_planted(PlantedBug::queue_limit_ignored)) {
    if (!waits_for_room()) enqueue_failed_.add(records);
    return Error(ErrorKind::refused, "the queue of exporter " + sender_->label() + " is full",
                 std::chrono::milliseconds(1000));
  }
  reserved_ += wanted;
  return {};
}

Result<void> QueuedOutlet::enter(const ClientRef& client, std::uint64_t records) {
  const Result<std::uint64_t> partitions = gate_->enter(client);
  if (partitions) {
    if (*partitions != 0) batches_.partitions(*partitions);
    return {};
  }
  enqueue_failed_.add(records);
  return partitions.error();
}

void QueuedOutlet::refuse_new() {
  refuses_new_ = true;
  shared_.room.notify();
}

void QueuedOutlet::unreserve(Bytes size, std::uint64_t records) {
  {
    const std::lock_guard lock(reserve_mutex_);
    reserved_ -= units(size, records);
  }
  shared_.room.notify();
}

Result<void> QueuedOutlet::take(SignalBatch& batch, bool, const CompletionRef& completion) {
  const Signal signal = sender_->signal();
  WireBatch wire = batch.wire();
  const Bytes size = wire.size;
  const std::uint64_t records = wire.record_count;
  const Partition partition = gate_ ? gate_->with_values(batch.client()) : Partition();
  if (is_planted(PlantedBug::metrics_taken_and_forgotten) && signal == Signal::metrics) {
    unreserve(size, records);
    return {};
  }
  // Counted before the push: a worker may have sent it before push returns.
  held_ += static_cast<std::int64_t>(records);
  shared_.accounting.add_queued(signal, static_cast<std::int64_t>(records));
  const Result<void> pushed = policy_.wait_for_result ? push_and_wait(std::move(wire), partition)
                                                      : queue_->push(std::move(wire), completion, partition);
  unreserve(size, records);
  enqueued_.observe(records, size);
  sender_->count_consumed(pushed, records);
  if (!pushed && is_planted(PlantedBug::failed_write_taken_as_done)) return {};
  if (!pushed && !policy_.wait_for_result) {
    held_ -= static_cast<std::int64_t>(records);
    shared_.accounting.add_queued(signal, -static_cast<std::int64_t>(records));
    enqueue_failed_.add(records);
    return pushed;
  }
  if (!policy_.wait_for_result) wake_worker();
  return pushed;
}

void QueuedOutlet::wake_worker() {
  const std::lock_guard lock(mutex_);
  if (live_ == 0 && !is_draining_)
    start_worker();
  else if (idle_ == 0 && live_ < policy_.num_consumers)
    shared_.scaler.nudge();
}

Result<void> QueuedOutlet::push_and_wait(WireBatch batch, const Partition& partition) {
  const auto waiter = std::make_shared<ResultWaiter>();
  const Signal signal = sender_->signal();
  const auto records = static_cast<std::int64_t>(batch.record_count);
  Result<void> pushed = queue_->push(std::move(batch), std::make_shared<Completion>(waiter, 0), partition);
  if (!pushed) {
    held_ -= records;
    shared_.accounting.add_queued(signal, -records);
    enqueue_failed_.add(static_cast<std::uint64_t>(records));
    return pushed;
  }
  wake_worker();
  Result<void> result = waiter->wait(release_.get_token());
  // The caller counts only what succeeds; what was queued and then dropped was accepted all the same.
  if (!result) shared_.accounting.accepted(signal, static_cast<std::uint64_t>(records));
  return result;
}

bool QueuedOutlet::has_waiting() const { return queue_->status().records > leased_.load(); }

void QueuedOutlet::start_worker() {
  reap();
  Slot& slot = slots_.emplace_back();
  slot.idle_since = shared_.environment.clock.now();
  auto thread = Worker::start("rw-" + name_, [this, &slot](std::stop_token) { run(slot); });
  if (!thread) {
    slots_.pop_back();
    shared_.environment.log.error("no thread to send with; it is tried again",
                                  {{"exporter", sender_->label()}, {"error", thread.error().message()}});
    return shared_.scaler.nudge();
  }
  slot.thread = std::move(*thread);
  ++live_;
  ++idle_;
  shared_.scaler.watch();
}

void QueuedOutlet::reap() {
  std::erase_if(slots_, [](const Slot& slot) { return slot.has_ended; });
}

void QueuedOutlet::run(Slot& slot) {
  while (const auto lease = queue_->pop(slot.pop_stop.get_token())) {
    {
      const std::lock_guard lock(mutex_);
      slot.is_busy = true;
      if (!slot.is_ending && --idle_ == 0 && live_ < policy_.num_consumers && has_waiting()) shared_.scaler.nudge();
    }
    send(*lease);
    const std::lock_guard lock(mutex_);
    slot.is_busy = false;
    slot.idle_since = shared_.environment.clock.now();
    if (!slot.is_ending) ++idle_;
  }
  const std::lock_guard lock(mutex_);
  if (!slot.is_ending) {
    --idle_;
    --live_;
  }
  slot.has_ended = true;
  worker_ended_.notify_all();
}

void QueuedOutlet::send(queue::Lease& lease) {
  const Signal signal = sender_->signal();
  SignalBatch batch{WireBatch(lease.batch())};
  batch.set_client(lease.client());
  const auto records = static_cast<std::int64_t>(batch.record_count());
  leased_ += static_cast<std::uint64_t>(records);
  shared_.accounting.add_queued(signal, -records);
  shared_.accounting.add_in_flight(signal, records);
  count_batch(batch);
  if (is_planted(PlantedBug::lease_settled_before_sending)) lease.done();
  const SendResult result = sender_->send(batch, abort_.get_token());
  leased_ -= static_cast<std::uint64_t>(records);
  shared_.accounting.add_in_flight(signal, -records);
  if (result.outcome == SendOutcome::unfinished) {
    shared_.accounting.add_queued(signal, records);
    return;
  }
  held_ -= records;
  if (result.outcome == SendOutcome::delivered) {
    if (!is_planted(PlantedBug::lease_settled_before_sending)) lease.done();
  } else {
    ResultWaiter::discard_reason = result.error ? &*result.error : nullptr;
    lease.discard();
    ResultWaiter::discard_reason = nullptr;
  }
  if (policy_.storage) notice_corruption();
}

void QueuedOutlet::count_batch(const SignalBatch& batch) const {
  const WireBatch& wire = batch.wire();
  leased_sizes_.observe(wire.record_count, wire.size);
  if (!policy_.batch) return;
  const std::uint64_t size = policy_.batch->sizer == Sizer::bytes ? wire.size.count : wire.record_count;
  batches_.sent(wire.record_count, wire.size, size >= policy_.batch->min_size);
}

void QueuedOutlet::notice_corruption() {
  const queue::QueueStatus status = queue_->status();
  std::int64_t missing = 0;
  {
    const std::lock_guard lock(mutex_);
    if (status.lost_to_damage <= lost_seen_) return;
    missing = static_cast<std::int64_t>(status.lost_to_damage - lost_seen_);
    lost_seen_ = status.lost_to_damage;
    held_ -= missing;
  }
  shared_.accounting.add_queued(sender_->signal(), -missing);
  shared_.accounting.dropped(sender_->signal(), "queue", "corrupt", static_cast<std::uint64_t>(missing));
  shared_.environment.log.error("stored records were damaged and are lost",
                                {{"exporter", sender_->label()}, {"records", missing}});
}

bool QueuedOutlet::scale_up() {
  const std::lock_guard lock(mutex_);
  const bool is_wanted =
      !is_draining_ && idle_ == 0 && live_ < policy_.num_consumers && !sender_->is_backing_off() && has_waiting();
  if (is_wanted) start_worker();
  return is_wanted;
}

bool QueuedOutlet::end_idle_workers(Instant since) {
  const std::lock_guard lock(mutex_);
  for (Slot& slot : slots_) {
    if (slot.is_busy || slot.is_ending || slot.has_ended || slot.idle_since > since) continue;
    slot.is_ending = true;
    --live_;
    --idle_;
    slot.pop_stop.request_stop();
  }
  // A push may have counted on a worker that was just asked to end.
  if (live_ == 0 && !is_draining_ && has_waiting()) start_worker();
  reap();
  return live_ != 0;
}

void QueuedOutlet::start() {
  const std::lock_guard lock(mutex_);
  if (live_ == 0 && has_waiting()) start_worker();
}

void QueuedOutlet::begin_drain() {
  if (is_stopped_) return;
  sender_->hurry(kind() == OutletKind::durable_queue);
  if (kind() == OutletKind::memory_queue) queue_->close();
  const std::lock_guard lock(mutex_);
  is_draining_ = true;
  if (kind() == OutletKind::durable_queue) {
    for (Slot& slot : slots_) slot.pop_stop.request_stop();
  } else if (live_ == 0 && has_waiting()) {
    start_worker();
    lacks_drainer_ = live_ == 0;
  }
}

void QueuedOutlet::end_workers(Deadline deadline) {
  shared_.scaler.remove(this);
  {
    std::unique_lock lock(mutex_);
    if (is_planted(PlantedBug::drain_without_deadline)) deadline = Deadline::never();
    while (lacks_drainer_ && live_ == 0 && shared_.environment.clock.now() < deadline.at) {
      // What else is being stopped makes room for a thread.
      const Instant again = shared_.environment.clock.now() + std::chrono::milliseconds(20);
      worker_ended_.wait_until(lock, std::min(deadline.at, again), [] { return false; });
      start_worker();
    }
    worker_ended_.wait_until(lock, deadline.at, [this] {
      return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.has_ended; });
    });
    for (Slot& slot : slots_) slot.pop_stop.request_stop();
  }
  abort_.request_stop();
  release_.request_stop();
  for (Slot& slot : slots_) slot.thread.join();
  slots_.clear();
  registrations_.clear();
}

std::unique_ptr<queue::Queue> QueuedOutlet::hand_over(Deadline deadline) {
  require(!is_stopped_, "a queue is handed over by a running outlet");
  is_stopped_ = true;
  sender_->hurry(true);
  {
    const std::lock_guard lock(mutex_);
    is_draining_ = true;
    for (Slot& slot : slots_) slot.pop_stop.request_stop();
  }
  end_workers(deadline);
  const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(held_.load(), 0));
  shared_.accounting.add_queued(sender_->signal(), -static_cast<std::int64_t>(left));
  shared_.accounting.park(name_, sender_->signal(), left);
  queue_->on_room({});
  if (is_planted(PlantedBug::queue_lost_at_reload)) queue_.reset();
  return std::move(queue_);
}

void QueuedOutlet::stop(Deadline deadline) {
  if (is_stopped_) return;
  begin_drain();
  is_stopped_ = true;
  end_workers(deadline);
  const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(held_.load(), 0));
  queue_.reset();
  if (left == 0) return;
  shared_.accounting.add_queued(sender_->signal(), -static_cast<std::int64_t>(left));
  if (kind() == OutletKind::durable_queue) {
    shared_.accounting.park(name_, sender_->signal(), left);
    return;
  }
  shared_.accounting.dropped(sender_->signal(), "queue", "shutdown", left);
  shared_.environment.log.error("records were still queued in memory when the time to drain was over",
                                {{"exporter", sender_->label()}, {"records", left}});
}

}  // namespace rankwire::service
