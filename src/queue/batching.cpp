#include "queue/batching.hpp"

#include <algorithm>

#include "otlp/otlp.hpp"
#include "queue/queue.hpp"

namespace rankwire::queue {

std::uint64_t measure(const WireBatch& batch, Sizer sizer) {
  switch (sizer) {
    case Sizer::requests: return 1;
    case Sizer::items: return batch.record_count;
    case Sizer::bytes: return batch.size.count;
  }
  return 1;
}

namespace {

void append(WireBatch& to, WireBatch&& more) {
  for (SharedBytes& chunk : more.chunks) to.chunks.push_back(std::move(chunk));
  to.record_count += more.record_count;
  to.size += more.size;
}

// Cutting repeatedly in halves touches every byte twice at most, where asking for parts of a small
// size directly would make very many of them. Parts end up in `cut`: the first is the wanted one.
Result<void> split_front(const WireBatch& batch, Sizer sizer, std::uint64_t room, std::vector<WireBatch>& cut) {
  const std::uint64_t size = measure(batch, sizer);
  std::uint64_t step = room;
  if (size > 2 * room) step = (size / 2 / room) * room;
  auto parts = sizer == Sizer::bytes ? otlp::split_by_size(batch, {step}) : otlp::split(batch, step);
  if (!parts) return parts.error();
  if (parts->size() < 2) {
    // By size, the first record may be larger than asked for; then there is nothing to cut off.
    for (WireBatch& part : *parts) cut.push_back(std::move(part));
    return {};
  }
  WireBatch first = std::move(parts->front());
  WireBatch rest = std::move((*parts)[1]);
  for (std::size_t i = 2; i < parts->size(); ++i) append(rest, std::move((*parts)[i]));
  if (measure(first, sizer) > room && step > room) {
    RANKWIRE_TRY(split_front(first, sizer, room, cut));
  } else {
    cut.push_back(std::move(first));
  }
  if (cut.size() == 1) {
    cut.push_back(std::move(rest));
  } else {
    append(cut.back(), std::move(rest));
  }
  return {};
}

}  // namespace

std::uint64_t ReadyParts::measured(const Part& part) const {
  return measure(part.batch, policy_ ? policy_->sizer : Sizer::bytes);
}

Instant ReadyParts::due_at() const {
  if (is_partitioned_) return order_.begin()->first;
  if (only_.size >= policy_->min_size) return Instant::min();
  return only_.parts.front().since + policy_->flush_timeout;
}

bool ReadyParts::has_enough() const {
  if (!policy_) return bytes_ >= Queue::batch_bytes_max;
  if (is_partitioned_) return full_count_ != 0;
  return only_.size >= std::max<std::uint64_t>(policy_->min_size, 1);
}

ReadyParts::Lane& ReadyParts::lane_of(const Partition& partition) {
  return is_partitioned_ ? lanes_[partition] : only_;
}

void ReadyParts::leave_order(const Partition& partition, const Lane& lane) {
  if (lane.parts.empty()) return;
  order_.erase({lane.due, partition});
  if (lane.is_full) --full_count_;
}

void ReadyParts::enter_order(const Partition& partition, Lane& lane) {
  if (lane.parts.empty()) {
    lanes_.erase(partition);
    return;
  }
  // Nothing can ever join what stays alone.
  lane.is_full = lane.size >= policy_->min_size || partition.alone != 0;
  lane.due = lane.parts.front().since + (lane.is_full ? Duration{0} : policy_->flush_timeout);
  order_.emplace(lane.due, partition);
  if (lane.is_full) ++full_count_;
}

void ReadyParts::push_back(Part part) {
  bytes_ += part.batch.size;
  ++part_count_;
  if (is_partitioned_ && part.partition.alone != 0) part.partition.alone = ++last_alone_;
  const Partition partition = part.partition;
  Lane& lane = lane_of(partition);
  if (is_partitioned_) leave_order(partition, lane);
  lane.size += measured(part);
  lane.parts.push_back(std::move(part));
  if (is_partitioned_) enter_order(partition, lane);
}

void ReadyParts::put_back(Part part, Lane& lane) {
  bytes_ += part.batch.size;
  ++part_count_;
  lane.size += measured(part);
  lane.parts.push_front(std::move(part));
}

void ReadyParts::push_front(std::vector<Part> parts) {
  if (parts.empty()) return;
  const Partition partition = parts.front().partition;
  Lane& lane = lane_of(partition);
  if (is_partitioned_) leave_order(partition, lane);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) put_back(std::move(*part), lane);
  if (is_partitioned_) enter_order(partition, lane);
}

Part ReadyParts::pop_front(Lane& lane) {
  Part part = std::move(lane.parts.front());
  lane.parts.pop_front();
  --part_count_;
  bytes_ -= part.batch.size;
  lane.size -= measured(part);
  return part;
}

std::vector<Part> ReadyParts::take_adaptive() {
  std::vector<Part> taken;
  std::deque<Part>& parts = only_.parts;
  Bytes total;
  while (!parts.empty() && (taken.empty() || total + parts.front().batch.size <= Queue::batch_bytes_max)) {
    total += parts.front().batch.size;
    taken.push_back(pop_front(only_));
  }
  return taken;
}

std::vector<Part> ReadyParts::take(std::int64_t& growth) {
  if (!policy_) return take_adaptive();
  if (!is_partitioned_) return take_configured(only_, growth);
  if (order_.empty()) return {};
  const Partition partition = order_.begin()->second;
  Lane& lane = lanes_.at(partition);
  leave_order(partition, lane);
  std::vector<Part> taken = take_configured(lane, growth);
  enter_order(partition, lane);
  return taken;
}

std::vector<Part> ReadyParts::take_configured(Lane& lane, std::int64_t& growth) {
  std::vector<Part> taken;
  std::uint64_t total = 0;
  while (!lane.parts.empty() && (taken.empty() || total < policy_->min_size)) {
    const std::uint64_t next = measured(lane.parts.front());
    if (policy_->max_size != 0 && total + next > policy_->max_size) {
      const std::uint64_t room = policy_->max_size > total ? policy_->max_size - total : 0;
      const bool is_cut = room != 0 && cut_front(lane, room, taken.empty(), growth);
      if (!is_cut && !taken.empty()) break;
    }
    total += measured(lane.parts.front());
    taken.push_back(pop_front(lane));
  }
  return taken;
}

bool ReadyParts::cut_front(Lane& lane, std::uint64_t room, bool may_exceed, std::int64_t& growth) {
  if (policy_->sizer == Sizer::requests) return false;
  const Part& front = lane.parts.front();
  std::vector<WireBatch> cut;
  const auto done = split_front(front.batch, policy_->sizer, room, cut);
  if (!done || cut.size() != 2) return false;
  // The books count records by part: a cut that loses or invents some is not used.
  if (cut[0].record_count + cut[1].record_count != front.batch.record_count) return false;
  if (!may_exceed && measure(cut[0], policy_->sizer) > room) return false;
  Part whole = pop_front(lane);
  whole.origin->parts += 1;
  growth += static_cast<std::int64_t>(cut[0].size.count + cut[1].size.count) -
            static_cast<std::int64_t>(whole.batch.size.count);
  put_back({std::move(cut[1]), whole.origin, whole.since, whole.partition}, lane);
  put_back({std::move(cut[0]), std::move(whole.origin), whole.since, whole.partition}, lane);
  return true;
}

}  // namespace rankwire::queue
