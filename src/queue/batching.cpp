#include "queue/batching.hpp"

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

void ReadyParts::push_back(Part part) {
  bytes_ += part.batch.size;
  size_ += measured(part);
  parts_.push_back(std::move(part));
}

void ReadyParts::push_front(std::vector<Part> parts) {
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    bytes_ += part->batch.size;
    size_ += measured(*part);
    parts_.push_front(std::move(*part));
  }
}

Part ReadyParts::pop_front() {
  Part part = std::move(parts_.front());
  parts_.pop_front();
  bytes_ -= part.batch.size;
  size_ -= measured(part);
  return part;
}

std::vector<Part> ReadyParts::take_all() {
  std::vector<Part> all;
  while (!parts_.empty()) all.push_back(pop_front());
  return all;
}

std::vector<Part> ReadyParts::take_adaptive() {
  std::vector<Part> taken;
  Bytes total;
  while (!parts_.empty() && (taken.empty() || total + parts_.front().batch.size <= Queue::batch_bytes_max)) {
    total += parts_.front().batch.size;
    taken.push_back(pop_front());
  }
  return taken;
}

std::vector<Part> ReadyParts::take(std::int64_t& growth) {
  if (!policy_) return take_adaptive();
  std::vector<Part> taken;
  std::uint64_t total = 0;
  while (!parts_.empty() && (taken.empty() || total < policy_->min_size)) {
    const std::uint64_t next = measured(parts_.front());
    if (policy_->max_size != 0 && total + next > policy_->max_size) {
      const std::uint64_t room = policy_->max_size > total ? policy_->max_size - total : 0;
      const bool is_cut = room != 0 && cut_front(room, taken.empty(), growth);
      if (!is_cut && !taken.empty()) break;
    }
    total += measured(parts_.front());
    taken.push_back(pop_front());
  }
  return taken;
}

bool ReadyParts::cut_front(std::uint64_t room, bool may_exceed, std::int64_t& growth) {
  if (policy_->sizer == Sizer::requests) return false;
  std::vector<WireBatch> cut;
  const auto done = split_front(parts_.front().batch, policy_->sizer, room, cut);
  if (!done || cut.size() != 2) return false;
  // The books count records by part: a cut that loses or invents some is not used.
  if (cut[0].record_count + cut[1].record_count != parts_.front().batch.record_count) return false;
  if (!may_exceed && measure(cut[0], policy_->sizer) > room) return false;
  Part whole = pop_front();
  whole.origin->parts += 1;
  growth += static_cast<std::int64_t>(cut[0].size.count + cut[1].size.count) -
            static_cast<std::int64_t>(whole.batch.size.count);
  std::vector<Part> parts;
  parts.push_back({std::move(cut[0]), whole.origin, whole.since});
  parts.push_back({std::move(cut[1]), std::move(whole.origin), whole.since});
  push_front(std::move(parts));
  return true;
}

}  // namespace rankwire::queue
