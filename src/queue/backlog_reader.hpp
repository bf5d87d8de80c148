// Reads a backlog back, one run of records after the other, leaving out what is acknowledged or
// damaged. Used by one thread at a time; holds one block of one segment.
#pragma once

#include "queue/batching.hpp"
#include "queue/segment_reader.hpp"
#include "queue/segments.hpp"

namespace rankwire::queue {

// Intact records that follow each other, as one request. `origin->stored` is 0 if there was none.
struct Run {
  WireBatch batch;
  std::shared_ptr<Origin> origin;
};

class BacklogReader {
 public:
  // Small records are joined up to about this size, if joining is allowed.
  static constexpr std::size_t run_bytes_max = 512u << 10;

  BacklogReader(const SegmentPlace& place, bool is_joining) : place_(place), is_joining_(is_joining) {}

  // The next run of a segment at or behind `from` and before `limit`; `at` says where it ended.
  // Leaves out what is in `acknowledged` (null: nothing).
  Result<Run> read(std::uint64_t number, std::shared_ptr<const std::vector<Ack>> acknowledged, std::uint32_t from,
                   std::uint32_t limit);
  std::uint32_t at() const { return reader_ ? reader_->at() : 0; }
  void close() {
    reader_.reset();
    acknowledged_.reset();
  }

 private:
  Result<void> open(std::uint64_t number, std::uint32_t from);
  // Past what lies at the reader's place and is acknowledged, if anything.
  bool skip_acknowledged(std::uint32_t limit, bool may_skip);

  const SegmentPlace& place_;
  const bool is_joining_;
  std::unique_ptr<SegmentReader> reader_;
  std::uint64_t number_ = 0;
  std::shared_ptr<const std::vector<Ack>> acknowledged_;
};

}  // namespace rankwire::queue
