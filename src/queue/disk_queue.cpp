// The queue that survives a crash. Pushers share writes: whoever comes first writes for all who
// wait. What consumers keep up with is handed on from memory; a backlog is only read when its turn
// comes, so that memory does not depend on it.
#include <algorithm>

#include "base/require.hpp"
#include "base/worker.hpp"
#include "queue/backlog_reader.hpp"
#include "queue/batching_queue.hpp"
#include "queue/segments.hpp"

namespace rankwire::queue {
namespace {

// Handed on without reading them back: at most this much.
constexpr Bytes kept_in_memory_max = Queue::batch_bytes_max * 2;
constexpr std::uint32_t group_bytes_max = 8u << 20;
// A segment that is still written to but wholly acknowledged is dropped from this size on.
constexpr std::uint32_t retire_size_min = 1u << 20;
constexpr auto disk_full_pause = std::chrono::seconds(1);

struct Pending {
  Outgoing record;
  WireBatch batch;
  Partition partition;
  std::optional<Result<void>> outcome;
};

class DiskQueue final : public BatchingQueue {
 public:
  DiskQueue(const QueuePolicy& policy, Signal signal, DiskQueueOptions options, std::unique_ptr<File> lock_file,
            FileSystem& files, Clock& clock, Logger& log)
      : BatchingQueue(policy, signal, clock),
        options_(std::move(options)),
        place_{options_.directory, signal, files, log},
        lock_file_(std::move(lock_file)),
        writer_(place_),
        reader_(place_, !policy.batch) {
    segment_bytes_max_ = segment_size_max;
    if (options_.disk_bytes_max.count != 0)
      segment_bytes_max_ = static_cast<std::uint32_t>(
          std::clamp<std::uint64_t>(options_.disk_bytes_max.count / 8, 64u << 10, segment_size_max));
  }
  ~DiskQueue() override;

  void adopt(Recovered recovered);
  Result<void> push(WireBatch batch, CompletionRef completion, const Partition& partition) override;

 protected:
  std::optional<Duration> refill(Lock& lock) override;
  bool has_unread() const override;
  Bytes disk_bytes() const override { return {disk_bytes_}; }
  bool has_space(Bytes size) const override;
  void finished(std::vector<std::shared_ptr<Origin>>& origins) override;
  void after_finished(std::vector<std::shared_ptr<Origin>>& origins) override;

 private:
  Result<void> check_space(const WireBatch& batch) const;
  // Disk: the one who writes.
  void write_group(Lock& lock);
  Result<void> place_and_write(Lock& lock, const std::vector<Outgoing*>& group);
  Result<void> open_segment(Lock& lock);
  void retire_active(Lock& lock);
  void commit(Pending& pending, Segment& segment);
  Error note_disk_full(const Error& error);
  void pause();
  // Disk: the one who collects.
  Segment* segment_to_read();
  void finish_reading(Lock& lock, std::uint64_t number, std::uint32_t offset);
  Duration read_pause(const Error& error);
  bool reconcile(Segment& segment);
  bool is_idle_active(const Segment& segment) const;
  void remove(const std::vector<std::uint64_t>& numbers);

  const DiskQueueOptions options_;
  const SegmentPlace place_;
  const std::unique_ptr<File> lock_file_;
  std::uint32_t segment_bytes_max_ = 0;

  // Guarded by mutex_:
  std::map<std::uint64_t, Segment> segments_;
  std::uint64_t next_number_ = 1;
  std::uint64_t disk_bytes_ = 0;
  std::vector<Pending*> pending_;
  std::uint64_t pending_bytes_ = 0;
  bool is_writing_ = false;
  std::condition_variable_any written_;
  std::uint64_t read_number_ = 0;  // Where reading goes on.
  std::uint32_t read_offset_ = segment_header_size;
  Instant disk_full_until_ = Instant::min();

  SegmentWriter writer_;  // Used by the one for whom is_writing_ is set.
  BacklogReader reader_;  // Used by the one who collects.

  // Nobody tells us when a full disk has room again; this thread, started on first need, says so
  // to those who wait, a while after a failed write.
  std::mutex pause_mutex_;
  std::condition_variable_any pause_began_;
  bool is_pausing_ = false;  // Guarded by pause_mutex_.
  Worker pause_worker_;
};

DiskQueue::~DiskQueue() {
  if (pause_worker_.joinable()) pause_worker_.request_stop();
  pause_worker_.join();
  if (!writer_.is_open()) return;
  const auto active = segments_.find(writer_.number());
  require(active != segments_.end(), "the segment written to is known");
  const Segment& segment = active->second;
  if (segment.done.stored == segment.total.stored) {
    writer_.abandon();
    place_.remove(segment.number);
  } else {
    writer_.seal(segment.total);
  }
}

void DiskQueue::adopt(Recovered recovered) {
  const Lock lock(mutex_);
  segments_ = std::move(recovered.segments);
  next_number_ = recovered.next_number;
  records_corrupt_ += recovered.damaged_tails;
  for (const auto& [number, segment] : segments_) {
    Tally left = segment.total;
    left -= segment.done;
    size_ += left.units(policy_.sizer);
    records_ += left.records;
    disk_bytes_ += segment.file_size + ack_size;
  }
}

bool DiskQueue::is_idle_active(const Segment& segment) const {
  return segment.is_active && segment.total.stored != 0 && segment.done.stored == segment.total.stored;
}

bool DiskQueue::has_space(Bytes size) const {
  if (now() < disk_full_until_) return false;
  if (options_.disk_bytes_max.count == 0) return true;
  std::uint64_t used = disk_bytes_ + pending_bytes_;
  if (!segments_.empty() && is_idle_active(segments_.rbegin()->second)) used -= segments_.rbegin()->second.file_size;
  return used + size.count + record_header_size + segment_header_size + seal_size <= options_.disk_bytes_max.count;
}

Result<void> DiskQueue::check_space(const WireBatch& batch) const {
  const std::uint64_t least = batch.size.count + record_header_size + segment_header_size + seal_size;
  const std::uint64_t most = options_.disk_bytes_max.count;
  if (batch.size.count > payload_size_max || batch.record_count > UINT32_MAX || (most != 0 && least > most))
    return Error(ErrorKind::invalid, "the batch is too large for the queue on disk");
  if (has_space(batch.size)) return {};
  mark_full();
  return Error(ErrorKind::refused, "the queue's room on disk is used up", std::chrono::milliseconds(disk_full_pause));
}

// The completion ends with this call: whoever pushed keeps it alive on failure, and after success
// nobody need answer for the batch any more.
Result<void> DiskQueue::push(WireBatch batch, CompletionRef /*completion*/, const Partition& partition) {
  if (batch.record_count == 0 || batch.size.count == 0) return {};
  Pending pending;
  pending.record.header = {.signal = signal_,
                           .payload_size = static_cast<std::uint32_t>(batch.size.count),
                           .record_count = static_cast<std::uint32_t>(batch.record_count),
                           .pushed_unix_nanos = clock_.unix_nanos(),
                           .payload_checksum = checksum(batch.chunks)};
  pending.batch = std::move(batch);
  pending.partition = partition;
  pending.record.batch = &pending.batch;
  const std::uint64_t units = measure(pending.batch, policy_.sizer);

  Lock lock(mutex_);
  if (is_closed()) return Error(ErrorKind::cancelled, "the queue is closed");
  RANKWIRE_TRY(check_room(pending.batch));
  RANKWIRE_TRY(check_space(pending.batch));
  size_ += units;
  pending_bytes_ += pending.record.size();
  pending_.push_back(&pending);
  while (!pending.outcome) {
    if (is_writing_) {
      written_.wait(lock, [&] { return pending.outcome || !is_writing_; });
    } else {
      write_group(lock);
    }
  }
  if (!*pending.outcome) {
    size_ -= units;
    lock.unlock();
    pause();
  }
  return std::move(*pending.outcome);
}

void DiskQueue::write_group(Lock& lock) {
  is_writing_ = true;
  std::vector<Outgoing*> group;
  std::vector<Pending*> members;
  std::uint64_t bytes = 0;
  const std::uint32_t end = writer_.is_open() ? writer_.end() : segment_bytes_max_;
  const std::uint64_t room = end < segment_bytes_max_ ? segment_bytes_max_ - end : 0;
  const std::uint64_t first = pending_.front()->record.size();
  // Full, or only worth a fresh one: then the group starts a segment.
  const bool is_fresh = first > room;
  const std::uint64_t limit = is_fresh ? segment_bytes_max_ - segment_header_size : room;
  for (Pending* pending : pending_) {
    if (!group.empty() && bytes + pending->record.size() > std::min<std::uint64_t>(limit, group_bytes_max)) break;
    bytes += pending->record.size();
    group.push_back(&pending->record);
    members.push_back(pending);
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(members.size()));

  Result<void> outcome;
  const std::uint64_t most = options_.disk_bytes_max.count;
  const bool is_short = most != 0 && disk_bytes_ + bytes > most;
  if (is_fresh || (is_short && writer_.is_open() && is_idle_active(segments_.at(writer_.number()))))
    retire_active(lock);
  if (!writer_.is_open()) outcome = open_segment(lock);
  if (outcome) outcome = place_and_write(lock, group);
  if (!outcome) outcome = note_disk_full(outcome.error());
  for (Pending* pending : members) {
    pending_bytes_ -= pending->record.size();
    if (outcome) commit(*pending, segments_.at(writer_.number()));
    pending->outcome = outcome;
  }
  is_writing_ = false;
  written_.notify_all();
}

Result<void> DiskQueue::open_segment(Lock& lock) {
  const std::uint64_t number = next_number_++;
  const std::uint64_t created = clock_.unix_nanos();
  lock.unlock();
  auto opened = writer_.create(number, created, options_.must_sync);
  lock.lock();
  if (!opened) return opened;
  Segment segment = place_.make_segment(number, created);
  segment.is_active = true;
  disk_bytes_ += segment.file_size + ack_size;
  segments_.emplace(number, std::move(segment));
  return {};
}

Result<void> DiskQueue::place_and_write(Lock& lock, const std::vector<Outgoing*>& group) {
  const std::uint64_t number = writer_.number();
  lock.unlock();
  auto written = writer_.append(group, options_.must_sync);
  lock.lock();
  if (written) return written;
  // The writer is closed; what the segment held before stays.
  const auto found = segments_.find(number);
  found->second.is_active = false;
  if (found->second.done.stored != found->second.total.stored) return written;
  disk_bytes_ -= found->second.file_size + ack_size;
  segments_.erase(found);
  lock.unlock();
  place_.remove(number);
  lock.lock();
  return written;
}

void DiskQueue::retire_active(Lock& lock) {
  if (!writer_.is_open()) return;
  const auto found = segments_.find(writer_.number());
  Segment& segment = found->second;
  const Tally total = segment.total;
  segment.is_active = false;
  const bool is_done = segment.done.stored == total.stored;
  if (is_done) {
    disk_bytes_ -= segment.file_size + ack_size;
    segments_.erase(found);
  } else {
    segment.file_size += seal_size;
    disk_bytes_ += seal_size;
  }
  const std::uint64_t number = writer_.number();
  lock.unlock();
  if (is_done) {
    writer_.abandon();
    place_.remove(number);
  } else {
    writer_.seal(total);
  }
  lock.lock();
}

void DiskQueue::commit(Pending& pending, Segment& segment) {
  const Tally tally{1, pending.batch.record_count, pending.batch.size.count};
  const bool is_next = !has_unread();
  segment.total += tally;
  segment.data_end = pending.record.offset + pending.record.size();
  segment.file_size += pending.record.size();
  disk_bytes_ += pending.record.size();
  records_ += pending.batch.record_count;
  if (is_next && memory_ + pending.batch.size <= kept_in_memory_max) {
    auto origin = std::make_shared<Origin>();
    origin->units = tally.units(policy_.sizer);
    origin->records = tally.records;
    origin->segment = segment.number;
    origin->from = pending.record.offset;
    origin->to = segment.data_end;
    segment.seen += tally;
    read_number_ = segment.number;
    read_offset_ = segment.data_end;
    add_ready({std::move(pending.batch), std::move(origin), now(), pending.partition});
  }
  wake_consumer();
}

// Whatever ails the disk, the batch is not to blame: it may be pushed again.
Error DiskQueue::note_disk_full(const Error& error) {
  place_.log.error("queue: writing to disk failed; nothing is taken until it works again",
                   {{"directory", options_.directory}, {"error", error.message()}});
  mark_full();
  disk_full_until_ = now() + disk_full_pause;
  return error.is_retryable() ? error : Error(ErrorKind::unavailable, error.message());
}

void DiskQueue::pause() {
  const std::lock_guard lock(pause_mutex_);
  is_pausing_ = true;
  pause_began_.notify_one();
  if (pause_worker_.joinable()) return;
  auto worker = Worker::start("queue_room", [this](std::stop_token stop) {
    std::unique_lock paused(pause_mutex_);
    while (pause_began_.wait(paused, stop, [this] { return is_pausing_; })) {
      pause_began_.wait_for(paused, stop, disk_full_pause, [] { return false; });
      is_pausing_ = false;
      paused.unlock();
      announce_room();
      paused.lock();
    }
  });
  // Without it whoever waits looks again by itself, only later.
  if (worker) pause_worker_ = std::move(*worker);
}

void DiskQueue::finished(std::vector<std::shared_ptr<Origin>>& origins) {
  std::sort(origins.begin(), origins.end(), [](const auto& a, const auto& b) {
    return std::pair(a->segment, a->from) < std::pair(b->segment, b->from);
  });
  std::vector<Ack> acks;
  for (std::size_t i = 0; i < origins.size();) {
    const std::uint64_t number = origins[i]->segment;
    acks.clear();
    for (; i < origins.size() && origins[i]->segment == number; ++i) {
      const Origin& origin = *origins[i];
      if (acks.empty() || acks.back().to != origin.from) acks.push_back({.from = origin.from, .to = origin.from});
      acks.back().to = origin.to;
      acks.back().stored += origin.stored;
      acks.back().records += origin.records;
    }
    std::shared_ptr<AckFile> file;
    {
      const Lock lock(mutex_);
      file = segments_.at(number).acks;
    }
    const auto added = file->add(acks);
    if (!added)
      place_.log.warn("queue: an acknowledgement could not be stored; a crash now would send again",
                      {{"error", added.error().message()}});
  }
}

void DiskQueue::after_finished(std::vector<std::shared_ptr<Origin>>& origins) {
  std::vector<std::uint64_t> ended;
  {
    Lock lock(mutex_);
    for (const auto& origin : origins) {
      const auto found = segments_.find(origin->segment);
      Segment& segment = found->second;
      const std::uint64_t headers = std::uint64_t{origin->stored} * record_header_size;
      segment.done += {origin->stored, origin->records, origin->to - origin->from - headers};
      if (segment.done.stored != segment.total.stored || segment.is_active) continue;
      ended.push_back(segment.number);
      disk_bytes_ -= segment.file_size + ack_size;
      segments_.erase(found);
    }
    if (!ended.empty()) disk_full_until_ = Instant::min();
    if (!segments_.empty() && !is_writing_ && is_idle_active(segments_.rbegin()->second) &&
        segments_.rbegin()->second.file_size >= std::min(retire_size_min, segment_bytes_max_ / 2)) {
      is_writing_ = true;
      retire_active(lock);
      is_writing_ = false;
      written_.notify_all();
    }
  }
  remove(ended);
}

void DiskQueue::remove(const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) place_.remove(number);
}

bool DiskQueue::has_unread() const {
  for (auto it = segments_.lower_bound(read_number_); it != segments_.end(); ++it) {
    const std::uint32_t from = it->first == read_number_ ? read_offset_ : segment_header_size;
    if (from < it->second.data_end) return true;
  }
  return false;
}

Segment* DiskQueue::segment_to_read() {
  for (auto it = segments_.lower_bound(read_number_); it != segments_.end(); ++it) {
    if (it->first != read_number_) {
      read_number_ = it->first;
      read_offset_ = segment_header_size;
    }
    if (read_offset_ < it->second.data_end) return &it->second;
  }
  return nullptr;
}

// What a segment held and reading it to its end did not show is damaged. False: nothing was.
bool DiskQueue::reconcile(Segment& segment) {
  Tally missing = segment.total;
  missing -= segment.seen;
  if (missing.stored == 0) return false;
  records_corrupt_ += missing.stored;
  lost_to_damage_ += missing.records;
  size_ -= std::min(size_, missing.units(policy_.sizer));
  records_ -= std::min(records_, missing.records);
  segment.total -= missing;
  place_.log.error("queue: damaged records were skipped", {{"segment", place_.path(segment.number, segment_suffix)},
                                                           {"stored_records", missing.stored},
                                                           {"records", missing.records}});
  return true;
}

std::optional<Duration> DiskQueue::refill(Lock& lock) {
  while (!ready_.has_enough()) {
    Segment* segment = segment_to_read();
    if (segment == nullptr) {
      reader_.close();  // Caught up: its block is not needed while idle.
      return {};
    }
    const std::uint64_t number = segment->number;
    auto acknowledged = segment->acknowledged;
    const std::uint32_t from = read_offset_;
    const std::uint32_t limit = segment->data_end;
    lock.unlock();
    auto run = reader_.read(number, std::move(acknowledged), from, limit);
    lock.lock();
    if (!run && is_missing(run.error())) {
      finish_reading(lock, number, segments_.at(number).data_end);
      continue;
    }
    if (!run) return read_pause(run.error());
    if (run->origin->stored != 0) {
      Origin& origin = *run->origin;
      origin.segment = number;
      const Tally tally{origin.stored, origin.records, run->batch.size.count};
      origin.units = tally.units(policy_.sizer);
      segments_.at(number).seen += tally;
      add_ready({std::move(run->batch), std::move(run->origin), now(), {.alone = 1}});
    }
    finish_reading(lock, number, reader_.at());
  }
  return {};
}

Duration DiskQueue::read_pause(const Error& error) {
  place_.log.error("queue: reading failed; trying again", {{"error", error.message()}});
  reader_.close();
  return std::chrono::seconds(1);
}

void DiskQueue::finish_reading(Lock& lock, std::uint64_t number, std::uint32_t offset) {
  read_offset_ = offset;
  Segment& segment = segments_.at(number);
  if (offset < segment.data_end || !reconcile(segment)) return;
  const bool is_done = segment.done.stored == segment.total.stored && !segment.is_active;
  if (is_done) {
    disk_bytes_ -= segment.file_size + ack_size;
    segments_.erase(number);
  }
  lock.unlock();
  if (is_done) place_.remove(number);
  announce_room();
  lock.lock();
}

}  // namespace

Result<std::unique_ptr<Queue>> open_disk_queue(const QueuePolicy& policy, Signal signal, DiskQueueOptions options,
                                               FileSystem& files, Clock& clock, Logger& log) {
  RANKWIRE_TRY(files.make_directories(options.directory, 0700));
  auto lock_file = files.open(options.directory + "/lock", {.write = true, .create = true, .follow_symlinks = false});
  if (!lock_file) return std::move(lock_file).error();
  if (auto locked = (*lock_file)->lock(); !locked) {
    if (locked.error().kind() != ErrorKind::refused) return std::move(locked).error();
    return Error(ErrorKind::refused, "another process uses the queue in " + options.directory);
  }
  auto recovered = recover({options.directory, signal, files, log});
  if (!recovered) return std::move(recovered).error();
  auto queue =
      std::make_unique<DiskQueue>(policy, signal, std::move(options), std::move(*lock_file), files, clock, log);
  queue->adopt(std::move(*recovered));
  return std::unique_ptr<Queue>(std::move(queue));
}

}  // namespace rankwire::queue
