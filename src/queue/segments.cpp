#include "queue/segments.hpp"

#include <algorithm>
#include <set>

#include "base/planted_bug.hpp"
#include "queue/segment_reader.hpp"

namespace rankwire::queue {

Result<void> AckFile::add(const std::vector<Ack>& acks) {
  const std::lock_guard lock(mutex_);
  for (const Ack& ack : acks) {
    const auto bytes = encode(ack, created_);
    unwritten_.append(bytes.data(), bytes.size());
  }
  if (!file_) {
    auto file = files_.open(path_, {.write = true, .create = true, .follow_symlinks = false});
    if (!file) return std::move(file).error();
    auto status = (*file)->status();
    if (!status) return std::move(status).error();
    size_ = status->size / ack_size * ack_size;  // Over a torn entry.
    file_ = std::move(*file);
  }
  // At an explicit place: a half-written entry is written over, not behind.
  RANKWIRE_TRY(file_->write_at(size_, unwritten_));
  size_ += unwritten_.size();
  unwritten_.clear();
  return {};
}

Segment SegmentPlace::make_segment(std::uint64_t number, std::uint64_t created_unix_nanos) const {
  Segment segment;
  segment.number = number;
  segment.created_unix_nanos = created_unix_nanos;
  segment.file_size = segment_header_size;
  segment.acks = std::make_shared<AckFile>(files, path(number, ack_suffix), created_unix_nanos);
  return segment;
}

void SegmentPlace::remove(std::uint64_t number) const {
  for (const std::string_view suffix : {segment_suffix, ack_suffix}) {
    const auto removed = files.remove(path(number, suffix));
    if (removed || is_missing(removed.error())) continue;
    log.warn("queue: a file that is no longer needed cannot be removed", {{"error", removed.error().message()}});
    if (suffix == segment_suffix) return;
  }
}

namespace {

// Counts the records of a segment without a seal, cuts what an interrupted write left and seals it.
Result<void> examine(const SegmentPlace& place, Segment& segment) {
  const std::string path = place.path(segment.number, segment_suffix);
  auto opened = place.files.open(path, {.write = true, .follow_symlinks = false});
  if (!opened) return std::move(opened).error();
  const std::shared_ptr<File> file = std::move(*opened);
  SegmentReader reader(file, segment.number);
  const auto limit = static_cast<std::uint32_t>(segment.file_size);
  segment.total = segment.done;
  for (;;) {
    auto step = reader.next(limit);
    if (!step) return std::move(step).error();
    if (step->kind == StepKind::end) break;
    if (step->kind == StepKind::torn) {
      place.log.warn("queue: the end of an interrupted write was cut off",
                     {{"segment", path}, {"bytes", step->to - step->from}});
      // An interrupted write leaves a valid header, or less than one.
      segment.is_tail_damaged = !step->is_known && step->to - step->from >= record_header_size;
      break;
    }
    if (step->is_known && step->header.kind == RecordKind::seal) continue;
    segment.data_end = step->to;
    // What is acknowledged was counted when it was whole: damage to it must not make the rest look done.
    if (!is_acknowledged(*segment.acknowledged, step->from))
      segment.total += {1, step->header.record_count, step->header.payload_size};
  }
  if (segment.total.stored == 0) return {};
  // Not being able to tidy up is no reason not to start.
  if (!file->truncate(segment.data_end)) return {};
  segment.file_size = segment.data_end;
  const std::string seal = encode_seal(segment.total, place.signal, segment.number, segment.data_end);
  if (file->write_at(segment.data_end, seal)) segment.file_size += seal.size();
  return {};
}

Result<bool> read_seal(File& file, Segment& segment) {
  if (segment.file_size < segment_header_size + seal_size) return false;
  const auto offset = static_cast<std::uint32_t>(segment.file_size - seal_size);
  char bytes[seal_size];
  auto count = file.read_at(offset, bytes, sizeof bytes);
  if (!count && count.error().kind() == ErrorKind::corrupt) return false;
  if (!count) return std::move(count).error();
  const auto total = decode_seal({bytes, *count}, segment.number, offset);
  if (!total) return false;
  segment.total = *total;
  segment.data_end = offset;
  return true;
}

// The header decides about format and signal. A damaged one costs nothing but the acknowledgements.
Result<std::uint64_t> created_of(const SegmentPlace& place, File& file, const std::string& path) {
  char bytes[segment_header_size];
  auto count = file.read_at(0, bytes, sizeof bytes);
  if (!count && count.error().kind() != ErrorKind::corrupt) return std::move(count).error();
  auto header = decode_segment_header({bytes, count ? *count : 0});
  if (!header && header.error().kind() == ErrorKind::invalid) return std::move(header).error().during(path);
  if (!header) {
    if (count && *count == sizeof bytes)
      place.log.warn("queue: a segment header is damaged; its records are kept", {{"segment", path}});
    return 0;
  }
  if (header->signal != place.signal)
    return Error(ErrorKind::invalid, path + ": holds " + std::string(to_string(header->signal)) + ", not " +
                                         std::string(to_string(place.signal)));
  return header->created_unix_nanos;
}

Result<Segment> recover_segment(const SegmentPlace& place, std::uint64_t number) {
  const std::string path = place.path(number, segment_suffix);
  bool is_sealed = false;
  Segment segment;
  {
    auto file = place.files.open(path, {.follow_symlinks = false});
    if (!file) return std::move(file).error();
    auto status = (*file)->status();
    if (!status) return std::move(status).error();
    auto created = created_of(place, **file, path);
    if (!created) return std::move(created).error();
    segment = place.make_segment(number, *created);
    segment.file_size = std::min<std::uint64_t>(status->size, UINT32_MAX);
    auto sealed = read_seal(**file, segment);
    if (!sealed) return std::move(sealed).error();
    is_sealed = *sealed;
  }
  auto acks = read_acks(place.files, place.path(number, ack_suffix), segment.created_unix_nanos);
  if (!acks && acks.error().kind() != ErrorKind::corrupt) return std::move(acks).error();
  if (!acks) {
    place.log.warn("queue: acknowledgements cannot be read; what they were about is sent again",
                   {{"error", acks.error().message()}});
    acks = std::vector<Ack>{};
  }
  for (const Ack& ack : *acks) segment.done += ack.tally();
  segment.seen = segment.done;
  segment.acknowledged = std::make_shared<const std::vector<Ack>>(std::move(*acks));
  if (!is_sealed) RANKWIRE_TRY(examine(place, segment));
  return segment;
}

}  // namespace

Result<Recovered> recover(const SegmentPlace& place) {
  auto entries = place.files.list(place.directory);
  if (!entries) return std::move(entries).error();
  Recovered recovered;
  std::set<std::uint64_t> numbers;
  for (const DirectoryEntry& entry : *entries) {
    const auto number = number_of(entry.name, segment_suffix);
    if (number) numbers.insert(*number);
    const auto acks = number_of(entry.name, ack_suffix);
    // Numbers are never used again, not even those of which only acknowledgements are left.
    recovered.next_number = std::max({recovered.next_number, number.value_or(0) + 1, acks.value_or(0) + 1});
  }
  for (const std::uint64_t number : numbers) {
    auto segment = recover_segment(place, number);
    if (!segment) return std::move(segment).error();
    recovered.damaged_tails += segment->is_tail_damaged ? 1 : 0;
    if (segment->done.stored >= segment->total.stored) {
      place.remove(number);
    } else {
      recovered.segments.emplace(number, std::move(*segment));
    }
  }
  for (const DirectoryEntry& entry : *entries) {
    const auto acks = number_of(entry.name, ack_suffix);
    if (acks && !numbers.contains(*acks)) (void)place.files.remove(place.path(*acks, ack_suffix));
  }
  return recovered;
}

Result<void> SegmentWriter::create(std::uint64_t number, std::uint64_t unix_nanos, bool must_sync) {
  const std::string path = place_.path(number, segment_suffix);
  auto file = place_.files.open(path, {.write = true, .create = true, .exclusive = true, .follow_symlinks = false});
  if (!file) return std::move(file).error();
  const auto header = encode(SegmentHeader{place_.signal, number, unix_nanos});
  Result<void> made = (*file)->append(std::string_view(header.data(), header.size()));
  if (made && must_sync && !is_planted(PlantedBug::directory_not_synced))
    made = place_.files.sync_directory(place_.directory);
  if (!made) {
    file->reset();
    (void)place_.files.remove(path);
    return made;
  }
  file_ = std::move(*file);
  number_ = number;
  end_ = segment_header_size;
  return {};
}

Result<void> SegmentWriter::write(const std::vector<Outgoing*>& group, bool must_sync) {
  // Headers live here until the one write; a reserve keeps them in place.
  std::vector<std::array<char, record_header_size>> headers;
  headers.reserve(group.size());
  std::vector<std::string_view> pieces;
  std::uint32_t offset = end_;
  for (Outgoing* record : group) {
    record->offset = offset;
    headers.push_back(encode(record->header, number_, offset));
    pieces.emplace_back(headers.back().data(), headers.back().size());
    for (const SharedBytes& chunk : record->batch->chunks) pieces.push_back(chunk->view());
    offset += record->size();
  }
  RANKWIRE_TRY(file_->append(pieces));
  if (must_sync && !is_planted(PlantedBug::segment_not_synced)) RANKWIRE_TRY(file_->sync());
  end_ = offset;
  return {};
}

Result<void> SegmentWriter::append(const std::vector<Outgoing*>& group, bool must_sync) {
  auto written = write(group, must_sync);
  if (!written) {
    // Closed: after a failed write or sync nothing is certain about what lies behind `end_`.
    (void)file_->truncate(end_);
    file_.reset();
  }
  return written;
}

void SegmentWriter::seal(const Tally& total) {
  if (!file_) return;
  (void)file_->append(encode_seal(total, place_.signal, number_, end_));
  file_.reset();
}

}  // namespace rankwire::queue
