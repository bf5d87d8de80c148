// Walks the records of one segment file and steps over damage: from a damaged record to the next
// valid header, losing nothing between. Holds one block of the file in memory.
#pragma once

#include <memory>

#include "base/buffer.hpp"
#include "base/file_system.hpp"
#include "queue/segment_format.hpp"

namespace rankwire::queue {

enum class StepKind : std::uint8_t {
  record,
  damage,  // [from, to) is not a valid record.
  torn,    // As damage, and nothing valid follows: the end of an interrupted write.
  end,
};

struct Step {
  StepKind kind = StepKind::end;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  RecordHeader header;  // Of a record; of a damage whose header is intact (`is_known`).
  bool is_known = false;
  std::string_view payload;  // Valid until the next step.
};

class SegmentReader {
 public:
  // Starts at `from`, a record's offset. `file` is read only.
  SegmentReader(std::shared_ptr<File> file, std::uint64_t number, std::uint32_t from = segment_header_size)
      : file_(std::move(file)), number_(number), at_(from) {}

  // The next thing before `limit`, which may grow between calls. Fails only if the file cannot be
  // read at the moment; unreadable sectors are damage.
  Result<Step> next(std::uint32_t limit);
  std::uint32_t at() const { return at_; }
  void skip_to(std::uint32_t offset) { at_ = std::max(at_, offset); }

 private:
  static constexpr std::uint32_t block_size = 1u << 20;
  static constexpr std::uint32_t sector_size = 4096;

  // The bytes at `offset`, fewer than `size` at the limit or before an unreadable sector.
  Result<std::string_view> bytes_at(std::uint32_t offset, std::uint32_t size, std::uint32_t limit);
  Result<bool> read_block(std::uint32_t offset, std::uint32_t size);
  // The offset of the next valid header behind `from`, or `limit`.
  Result<std::uint32_t> find_header(std::uint32_t from, std::uint32_t limit);

  const std::shared_ptr<File> file_;
  const std::uint64_t number_;
  std::uint32_t at_;
  Buffer block_;
  std::uint32_t block_at_ = 0;
};

// The acknowledged ranges of a segment, sorted and joined. Damaged entries are left out: what they
// acknowledged is sent again.
Result<std::vector<Ack>> read_acks(FileSystem& files, const std::string& path, std::uint64_t created_unix_nanos);
// Whether the record that begins at `offset` is; `acks` as `read_acks` gives them.
bool is_acknowledged(const std::vector<Ack>& acks, std::uint32_t offset);

}  // namespace rankwire::queue
