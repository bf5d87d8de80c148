#include "exporters/file/rotating_file.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace rankwire::file {

namespace {

constexpr std::uint32_t file_permissions = 0644;
constexpr std::uint64_t day_seconds = 24 * 60 * 60;

struct PathParts {
  std::string directory;  // "." if the path has none.
  std::string stem;
  std::string extension;  // With its dot.
};

PathParts parts_of(const std::string& path) {
  PathParts parts;
  const std::size_t slash = path.rfind('/');
  parts.directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  parts.stem = name.substr(0, dot);
  if (dot != std::string::npos) parts.extension = name.substr(dot);
  return parts;
}

// As in the names of backups: sorts by time.
std::string timestamp(std::uint64_t unix_nanos, bool is_local) {
  const auto seconds = static_cast<time_t>(unix_nanos / 1'000'000'000);
  tm parts{};
  if (is_local)
    localtime_r(&seconds, &parts);
  else
    gmtime_r(&seconds, &parts);
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d-%02d-%02d.%03d", parts.tm_year + 1900,
                                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                                 static_cast<int>(unix_nanos / 1'000'000 % 1000));
  return {text, static_cast<std::size_t>(size)};
}

bool is_timestamp(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00-00-00.000";
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
  return true;
}

}  // namespace

RotatingFile::RotatingFile(FileSystem& files, const Clock& clock, Logger& log, std::string path, Options options)
    : files_(files), clock_(clock), log_(log), path_(std::move(path)), options_(std::move(options)) {}

Result<void> RotatingFile::open() {
  OpenMode mode{.write = true, .create = true, .follow_symlinks = options_.follows_symlinks};
  mode.permissions = file_permissions;
  const auto before = files_.status(path_);
  is_regular_ = !before || before->type == FileType::regular;
  mode.truncate = !is_regular_ || !options_.keeps_contents;
  auto file = files_.open(path_, mode);
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  return {};
}

Result<void> RotatingFile::append(std::span<const std::string_view> pieces) {
  if (!file_) RANKWIRE_TRY(open());
  if (!is_regular_) return file_->append(pieces);
  std::uint64_t more = 0;
  for (const std::string_view piece : pieces) more += piece.size();
  // Asked each time, because somebody else may have truncated the file.
  auto status = file_->status();
  if (!status) return std::move(status).error();
  std::uint64_t size = status->size;
  if (options_.rotation && size != 0) {
    const std::uint64_t megabytes = options_.rotation->max_megabytes == 0 ? 100 : options_.rotation->max_megabytes;
    if (size + more > megabytes << 20) {
      RANKWIRE_TRY(rotate());
      size = 0;
    }
  }
  const std::uint64_t begin = size;
  for (const std::string_view piece : pieces) {
    if (auto written = file_->write_at(size, piece); !written) {
      static_cast<void>(file_->truncate(begin));
      return written;
    }
    size += piece.size();
  }
  return {};
}

std::string RotatingFile::backup_name(std::uint64_t unix_nanos) const {
  const PathParts parts = parts_of(path_);
  return parts.stem + "-" + timestamp(unix_nanos, options_.rotation->localtime) + parts.extension;
}

Result<void> RotatingFile::rotate() {
  const std::string directory = parts_of(path_).directory + "/";
  std::uint64_t now = clock_.unix_nanos();
  std::string backup = directory + backup_name(now);
  for (; files_.status(backup, false); now += 1'000'000) backup = directory + backup_name(now);
  RANKWIRE_TRY(files_.rename(path_, backup));
  file_.reset();
  RANKWIRE_TRY(open());
  remove_old_backups();
  return {};
}

void RotatingFile::remove_old_backups() {
  const PathParts parts = parts_of(path_);
  const auto entries = files_.list(parts.directory);
  if (!entries) return;
  std::vector<std::string> backups;
  const std::string prefix = parts.stem + "-";
  for (const DirectoryEntry& entry : *entries) {
    const std::string_view name = entry.name;
    if (!name.starts_with(prefix) || !name.ends_with(parts.extension)) continue;
    if (name.size() < prefix.size() + parts.extension.size()) continue;
    const std::string_view middle = name.substr(prefix.size(), name.size() - prefix.size() - parts.extension.size());
    if (is_timestamp(middle)) backups.push_back(entry.name);
  }
  std::sort(backups.begin(), backups.end());
  std::size_t excess = 0;
  const Rotation& rotation = *options_.rotation;
  if (rotation.max_backups != 0 && backups.size() > rotation.max_backups)
    excess = backups.size() - rotation.max_backups;
  if (rotation.max_days != 0) {
    const std::uint64_t age = rotation.max_days * day_seconds * 1'000'000'000;
    const std::uint64_t now = clock_.unix_nanos();
    const std::string oldest_kept = backup_name(now > age ? now - age : 0);
    while (excess < backups.size() && backups[excess] < oldest_kept) ++excess;
  }
  for (std::size_t i = 0; i < excess; ++i) {
    const std::string path = parts.directory + "/" + backups[i];
    if (auto removed = files_.remove(path); !removed)
      log_.warn("Cannot delete a rotated file", {{"path", path}, {"error", removed.error().message()}});
  }
}

}  // namespace rankwire::file
