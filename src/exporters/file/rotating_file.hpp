// One file that messages are appended to, set aside when it gets large. A message is in the file
// whole or not at all as far as we can help it: after a failed write the torn end is cut off.
// Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "base/log.hpp"
#include "exporters/file/file_config.hpp"

namespace rankwire::file {

class RotatingFile {
 public:
  struct Options {
    bool keeps_contents = true;  // False: emptied when opened.
    bool follows_symlinks = true;
    std::optional<Rotation> rotation;
  };

  RotatingFile(FileSystem& files, const Clock& clock, Logger& log, std::string path, Options options);

  Result<void> open();
  // One message in pieces. Rotates first if it would make the file too large.
  Result<void> append(std::span<const std::string_view> pieces);

 private:
  Result<void> rotate();
  void remove_old_backups();
  std::string backup_name(std::uint64_t unix_nanos) const;

  FileSystem& files_;
  const Clock& clock_;
  Logger& log_;
  const std::string path_;
  const Options options_;
  std::unique_ptr<File> file_;
  bool is_regular_ = true;  // Pipes and devices have no size and are never rotated.
};

}  // namespace rankwire::file
