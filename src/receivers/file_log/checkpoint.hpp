// Where reading stands, on disk: an append-only journal of checksummed records, one small append
// for each settled batch. Format: docs/formats/checkpoint.md. Holds no line of any file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "receivers/file_log/fingerprint.hpp"

namespace rankwire::file_log {

// What is known about one file (one generation of a path).
struct FileRecord {
  FileIdentity identity;
  Fingerprint fingerprint;
  std::uint64_t position = 0;        // Everything before it is settled.
  std::uint64_t size = 0;            // As last seen; of the decompressed contents where known.
  std::uint64_t modified_nanos = 0;  // As last seen.
  bool is_finished = false;          // Rotated out and read to its end.
  std::string path;                  // The path it was found under, as matched by `include`.
  std::string real_path;             // The same with symbolic links followed, when it was found.
};

struct CheckpointContents {
  std::map<std::uint32_t, FileRecord> files;
  std::uint64_t damaged = 0;  // Records that were skipped.
};

inline constexpr std::uint32_t checkpoint_version = 1;

std::string encode_header();
std::string encode_file(std::uint32_t id, const FileRecord& file);
struct PositionUpdate {
  std::uint32_t id = 0;
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  std::uint64_t modified_nanos = 0;
};
std::string encode_positions(std::span<const PositionUpdate> updates);
std::string encode_forget(std::uint32_t id);
// Any bytes are safe. `invalid` for a newer version; damage is skipped and counted.
Result<CheckpointContents> decode_checkpoint(std::string_view bytes);

// The journal file. Not thread-safe.
class CheckpointJournal {
 public:
  // `contents` receives what the file held; a missing file is an empty one.
  static Result<std::unique_ptr<CheckpointJournal>> open(FileSystem& files, const std::string& directory,
                                                         bool must_sync, CheckpointContents& contents);

  Result<void> append(std::string_view records);
  // Whether so much was appended that `rewrite` is due.
  bool is_bloated() const { return size_ > rewritten_size_ * 4 + (1u << 20); }
  Result<void> rewrite(const std::map<std::uint32_t, FileRecord>& live);
  Result<void> sync() { return file_->sync(); }
  bool existed() const { return existed_; }

 private:
  CheckpointJournal(FileSystem& files, std::string path, bool must_sync)
      : files_(files), path_(std::move(path)), must_sync_(must_sync) {}
  Result<void> reopen();

  FileSystem& files_;
  const std::string path_;
  const bool must_sync_;
  bool existed_ = false;
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
  std::uint64_t rewritten_size_ = 0;
};

}  // namespace rankwire::file_log
