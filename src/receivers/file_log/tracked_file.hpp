// One generation of a log file while it is read: where it is, how far it was read, its parser.
// Used by the tailer's thread only.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "receivers/file_log/file_parser.hpp"
#include "receivers/file_log/fingerprint.hpp"
#include "receivers/file_log/gzip_stream.hpp"

namespace rankwire::file_log {

enum class ReadState : std::uint8_t { data, end, truncated, failed };

struct ReadOutcome {
  ReadState state = ReadState::end;
  std::string_view data;  // From `taken` on, in the caller's memory.
  bool is_all = false;    // Nothing follows `data` at the moment.
};

class TrackedFile {
 public:
  // The bytes before the position, compared at each read: a file that was truncated and has grown
  // past the position again does not have them.
  static constexpr std::size_t guard_size_max = 32;

  std::uint32_t id = 0;
  FileIdentity identity;
  Fingerprint fingerprint;
  std::string path;       // As matched by `include`: what the records say.
  std::string real_path;  // Where its contents were found last; empty: nowhere any more.
  bool is_gzip = false;
  bool is_rotated = false;  // Another file has taken its path, or nothing has.
  bool is_at_end = false;   // Everything there was has been parsed or waits for the rest of its line.
  bool is_queued = false;
  bool has_failed = false;     // Damaged or unreadable: nothing more will come.
  std::uint32_t failures = 0;  // Reads in a row that failed.
  Instant failing_since{}, retry_at{};
  std::uint64_t taken = 0;      // Parsed up to here.
  std::uint64_t size = 0;       // As last seen; of gzip: what was decompressed so far.
  std::uint64_t size_seen = 0;  // The largest size seen before the last look.
  std::uint64_t modified_nanos = 0;
  std::uint32_t links = 1;
  std::size_t untaken = 0;       // Bytes after `taken` that wait for the rest of their line.
  std::size_t wanted_bytes = 0;  // More than the usual for one read, because of a long line.
  Instant changed_at{};
  std::unique_ptr<File> file;
  std::optional<GzipStream> gzip;  // While it is being decompressed only.
  std::unique_ptr<FileParser> parser;
  TrackedFile* previous = nullptr;  // The generation to be read to its end before this one.
  TrackedFile* next = nullptr;      // The one that waits for this one.
  bool is_ended = false;            // The parser was told that no more will come.
  FileIdentity compressed_as;       // The file found to hold its compressed contents.
  Fingerprint described;            // As last written to the checkpoint.
  bool was_notified = false;        // Since the last scan: change notification works here.
  // The generation whose held data this one's parser took over, until that data is delivered.
  std::uint32_t held_for = 0;
  // The other side of it: from where this file's bytes are in the next one's parser. The position must not pass it.
  std::optional<std::uint64_t> held_by_next_from;

  bool is_open() const { return file != nullptr; }
  // A gzip file that was decompressed to its end, to which nothing was added since.
  bool is_drained() const { return is_gzip && drained_size_ != 0 && drained_size_ == stored_size_; }
  Result<void> open(FileSystem& files, bool must_lock);
  void close();
  // Size and times as they are now. False if that failed.
  bool refresh();
  // Of a file that is not open: `size` is on disk.
  void note_size(std::uint64_t size_on_disk) {
    if (!is_open() && !is_gzip) size = std::max(size, size_on_disk);
  }
  // Whether more was written than has been looked at.
  bool has_grown() { return is_open() && !is_gzip && refresh() && size > taken + untaken; }
  // Reads at most `room` bytes that follow `taken` into `into`, which has guard_size_max to spare.
  ReadOutcome read(char* into, std::size_t room);
  // Notes that the first `count` bytes of `data`, which began at `taken`, were parsed.
  void take(std::string_view data, std::size_t count, std::uint32_t fingerprint_length_max);
  // Whether the bytes before `taken` in `other` are the same.
  bool has_same_guard(File& other) const;
  std::string guard() const { return {guard_.data(), guard_size_}; }
  void move_to(std::uint64_t offset);
  // From the file itself, if it is open and was short when its fingerprint was made.
  void learn_fingerprint(std::uint32_t length_max);
  // From how its contents begin.
  void learn_fingerprint(std::string_view start, std::uint32_t length_max);

 private:
  ReadOutcome read_plain(char* into, std::size_t room);
  ReadOutcome read_gzip(char* into, std::size_t room);
  void learn_guard();
  Result<bool> has_same_start();
  void grow_fingerprint(std::string_view data, std::uint32_t length_max);

  std::array<char, guard_size_max> guard_{};
  std::size_t guard_size_ = 0;
  bool must_verify_ = false;        // Without a guard, the start of the file tells whether it is still the same.
  std::uint64_t stored_size_ = 0;   // Of gzip: the compressed size as last seen.
  std::uint64_t drained_size_ = 0;  // The same when its end was reached; 0: not reached.
  Buffer carry_;                    // Of gzip: decompressed from `taken` on, waiting for the rest of its line.
};

}  // namespace rankwire::file_log
