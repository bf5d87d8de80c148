// The segments of one queue's directory: what each holds, how they are written, acknowledged,
// recovered and removed. Knows no leases and no waiting.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "base/log.hpp"
#include "queue/segment_format.hpp"

namespace rankwire::queue {

// The acknowledgements of one segment. Thread-safe.
class AckFile {
 public:
  AckFile(FileSystem& files, std::string path, std::uint64_t created_unix_nanos)
      : files_(files), path_(std::move(path)), created_(created_unix_nanos) {}
  // After a failure the acknowledgements are kept and written with the next ones.
  Result<void> add(const std::vector<Ack>& acks);

 private:
  FileSystem& files_;
  const std::string path_;
  const std::uint64_t created_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
  std::string unwritten_;
};

// What is known of a segment without reading it. The queue guards it with its mutex.
struct Segment {
  std::uint64_t number = 0;
  std::uint64_t created_unix_nanos = 0;
  std::uint64_t file_size = 0;
  std::uint32_t data_end = segment_header_size;  // Behind the last record.
  Tally total;                                   // In [header, data_end).
  Tally done;                                    // Of these, acknowledged.
  Tally seen;                                    // Of these, leased or waiting in memory, or done before the start.
  bool is_active = false;                        // Still written to.
  bool is_tail_damaged = false;                  // By recovery.
  std::shared_ptr<AckFile> acks;
  // What earlier processes acknowledged. Whoever reads the segment goes by this list, as the tallies do.
  std::shared_ptr<const std::vector<Ack>> acknowledged;
};

struct SegmentPlace {
  std::string directory;
  Signal signal;
  FileSystem& files;
  Logger& log;

  std::string path(std::uint64_t number, std::string_view suffix) const {
    return directory + "/" + file_name(number, suffix);
  }
  Segment make_segment(std::uint64_t number, std::uint64_t created_unix_nanos) const;
  // Its records first: acknowledgements without records are harmless, the reverse sends twice.
  void remove(std::uint64_t number) const;
};

struct Recovered {
  std::map<std::uint64_t, Segment> segments;
  std::uint64_t next_number = 1;
  std::uint64_t damaged_tails = 0;  // Cut off although no interrupted write looks like that.
};

// Reads what a directory holds; cuts torn tails, removes what is wholly acknowledged.
Result<Recovered> recover(const SegmentPlace& place);

// One record on its way to the disk; borrows the chunks.
struct Outgoing {
  const WireBatch* batch = nullptr;
  RecordHeader header;
  std::uint32_t offset = 0;  // Set when placed.
  std::uint32_t size() const { return record_header_size + header.payload_size; }
};

// Appends to the newest segment. Used by one thread at a time.
class SegmentWriter {
 public:
  explicit SegmentWriter(const SegmentPlace& place) : place_(place) {}

  bool is_open() const { return file_ != nullptr; }
  std::uint64_t number() const { return number_; }
  std::uint32_t end() const { return end_; }
  Result<void> create(std::uint64_t number, std::uint64_t unix_nanos, bool must_sync);
  // All or nothing. After a failure the writer is closed and the file is as it was, as far as the
  // disk allows.
  Result<void> append(const std::vector<Outgoing*>& group, bool must_sync);
  // Writes the summary that spares recovery the reading. Failures do not matter.
  void seal(const Tally& total);
  void abandon() { file_.reset(); }

 private:
  Result<void> write(const std::vector<Outgoing*>& group, bool must_sync);

  const SegmentPlace& place_;
  std::unique_ptr<File> file_;
  std::uint64_t number_ = 0;
  std::uint32_t end_ = 0;
};

}  // namespace rankwire::queue
