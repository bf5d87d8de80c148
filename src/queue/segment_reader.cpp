#include "queue/segment_reader.hpp"

#include <algorithm>

#include "base/planted_bug.hpp"

namespace rankwire::queue {

Result<bool> SegmentReader::read_block(std::uint32_t offset, std::uint32_t size) {
  block_.clear();
  block_at_ = offset;
  char* into = block_.prepare(size);
  while (block_.size() < size) {
    auto count = file_->read_at(offset + block_.size(), into + block_.size(), size - block_.size());
    if (!count && count.error().kind() == ErrorKind::corrupt) return !block_.empty();
    if (!count) return std::move(count).error();
    if (*count == 0) break;
    block_.commit(*count);
  }
  return true;
}

Result<std::string_view> SegmentReader::bytes_at(std::uint32_t offset, std::uint32_t size, std::uint32_t limit) {
  size = std::min(size, limit - offset);
  const auto in_block = [&] { return offset >= block_at_ && offset + size <= block_at_ + block_.size(); };
  if (!in_block()) {
    auto is_read = read_block(offset, std::min(std::max(size, block_size), limit - offset));
    if (!is_read) return std::move(is_read).error();
    // One bad sector must not take the block with it.
    if (!*is_read) is_read = read_block(offset, size);
    if (!is_read) return std::move(is_read).error();
  }
  const std::string_view block = block_.view();
  if (offset < block_at_ || offset - block_at_ >= block.size()) return std::string_view{};
  return block.substr(offset - block_at_, size);
}

Result<std::uint32_t> SegmentReader::find_header(std::uint32_t from, std::uint32_t limit) {
  while (from < limit) {
    auto bytes = bytes_at(from, block_size, limit);
    if (!bytes) return std::move(bytes).error();
    if (bytes->empty()) {
      from = (from / sector_size + 1) * sector_size;
      continue;
    }
    const std::size_t found = bytes->find(record_magic);
    if (found == std::string_view::npos) {
      // The magic may straddle the end of these bytes.
      const auto covered = static_cast<std::uint32_t>(bytes->size());
      from += covered > record_magic.size() ? covered - static_cast<std::uint32_t>(record_magic.size()) + 1 : covered;
      continue;
    }
    const std::uint32_t candidate = from + static_cast<std::uint32_t>(found);
    auto header = bytes_at(candidate, record_header_size, limit);
    if (!header) return std::move(header).error();
    if (decode_record_header(*header, number_, candidate)) return candidate;
    from = candidate + 1;
  }
  return limit;
}

Result<Step> SegmentReader::next(std::uint32_t limit) {
  if (at_ >= limit) return Step{.kind = StepKind::end, .from = at_, .to = at_};
  auto bytes = bytes_at(at_, record_header_size, limit);
  if (!bytes) return std::move(bytes).error();
  const auto header = decode_record_header(*bytes, number_, at_);
  Step step{.kind = StepKind::damage, .from = at_};
  if (!header) {
    auto to = find_header(at_ + 1, limit);
    if (!to) return std::move(to).error();
    step.to = at_ = *to;
    if (at_ == limit) step.kind = StepKind::torn;
    return step;
  }
  step.header = *header;
  step.is_known = true;
  const std::uint64_t end = std::uint64_t{at_} + record_header_size + header->payload_size;
  if (end > limit) {
    // The file ends inside of it.
    step.kind = StepKind::torn;
    step.to = at_ = limit;
    return step;
  }
  auto whole = bytes_at(at_, record_header_size + header->payload_size, limit);
  if (!whole) return std::move(whole).error();
  step.to = static_cast<std::uint32_t>(end);
  at_ = step.to;
  if (whole->size() != end - step.from) return step;
  step.payload = whole->substr(record_header_size);
  if (checksum(step.payload) != header->payload_checksum && !is_planted(PlantedBug::checksum_ignored)) return step;
  step.kind = StepKind::record;
  return step;
}

Result<std::vector<Ack>> read_acks(FileSystem& files, const std::string& path, std::uint64_t created_unix_nanos) {
  constexpr std::uint64_t size_max = 64u << 20;
  std::vector<Ack> acks;
  auto text = read_file(files, path, size_max);
  if (!text && is_missing(text.error())) return acks;
  if (!text) return std::move(text).error();
  for (std::string_view rest = *text; rest.size() >= ack_size; rest.remove_prefix(ack_size))
    if (const auto ack = decode_ack(rest, created_unix_nanos)) acks.push_back(*ack);
  std::sort(acks.begin(), acks.end(), [](const Ack& a, const Ack& b) { return a.from < b.from; });
  std::vector<Ack> joined;
  for (const Ack& ack : acks) {
    if (!joined.empty() && ack.from < joined.back().to) continue;  // The same again.
    if (!joined.empty() && ack.from == joined.back().to) {
      joined.back().to = ack.to;
      joined.back().stored += ack.stored;
      joined.back().records += ack.records;
    } else {
      joined.push_back(ack);
    }
  }
  return joined;
}

bool is_acknowledged(const std::vector<Ack>& acks, std::uint32_t offset) {
  const auto behind = std::upper_bound(acks.begin(), acks.end(), offset,
                                       [](std::uint32_t at, const Ack& ack) { return at < ack.from; });
  return behind != acks.begin() && offset < std::prev(behind)->to;
}

}  // namespace rankwire::queue
