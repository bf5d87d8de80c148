#include "queue/backlog_reader.hpp"

#include <algorithm>

#include "base/planted_bug.hpp"

namespace rankwire::queue {

Result<void> BacklogReader::open(std::uint64_t number, std::uint32_t from) {
  reader_.reset();
  auto file = place_.files.open(place_.path(number, segment_suffix), {.follow_symlinks = false});
  if (!file) return std::move(file).error();
  reader_ = std::make_unique<SegmentReader>(std::shared_ptr<File>(std::move(*file)), number, from);
  number_ = number;
  return {};
}

bool BacklogReader::skip_acknowledged(std::uint32_t limit, bool may_skip) {
  if (!acknowledged_) return false;
  const std::uint32_t at = reader_->at();
  const auto behind = std::upper_bound(acknowledged_->begin(), acknowledged_->end(), at,
                                       [](std::uint32_t offset, const Ack& ack) { return offset < ack.from; });
  const std::uint32_t to = behind == acknowledged_->begin() ? 0 : std::min(std::prev(behind)->to, limit);
  if (to <= at) return false;  // Not there, or only behind what may be read.
  const bool skips_all = is_planted(PlantedBug::backlog_of_a_segment_skipped);
  if (may_skip) reader_->skip_to(skips_all ? limit : to);
  return true;
}

Result<Run> BacklogReader::read(std::uint64_t number, std::shared_ptr<const std::vector<Ack>> acknowledged,
                                std::uint32_t from, std::uint32_t limit) {
  if (!reader_ || number_ != number || reader_->at() != from) RANKWIRE_TRY(open(number, from));
  acknowledged_ = std::move(acknowledged);
  Run run{.batch = {.signal = place_.signal}, .origin = std::make_shared<Origin>()};
  Origin& origin = *run.origin;
  origin.stored = 0;
  Buffer bytes;
  while (origin.stored == 0 || (is_joining_ && bytes.size() < run_bytes_max)) {
    if (skip_acknowledged(limit, origin.stored == 0)) {
      if (origin.stored != 0) break;
      continue;
    }
    auto step = reader_->next(limit);
    if (!step) return std::move(step).error();
    if (step->kind == StepKind::end) break;
    if (step->kind != StepKind::record || step->header.kind == RecordKind::seal) {
      if (origin.stored != 0) break;
      continue;
    }
    if (origin.stored++ == 0) {
      origin.from = step->from;
      bytes.reserve(is_joining_ ? std::max(2 * run_bytes_max, step->payload.size()) : step->payload.size());
    }
    origin.to = step->to;
    origin.records += step->header.record_count;
    bytes.append(step->payload);
  }
  if (origin.stored == 0) return run;
  run.batch.record_count = origin.records;
  run.batch.size = {bytes.size()};
  if (!bytes.empty()) run.batch.chunks.push_back(std::make_shared<const Buffer>(std::move(bytes)));
  return run;
}

}  // namespace rankwire::queue
