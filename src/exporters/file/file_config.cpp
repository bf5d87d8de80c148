#include "exporters/file/file_config.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::file {

namespace {

constexpr std::uint32_t default_directory_mode = 0755;

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || mode > 07777) return {};
  return mode;
}

}  // namespace

void CompressionParams::fields(config::Fields& f) {
  f.field("level", level, "zstd's scale of 1 to 22; 0: its default.", {.min = 0, .max = 22});
}

void Rotation::fields(config::Fields& f) {
  f.field("max_megabytes", max_megabytes, "Size in MiB at which a file is set aside.", {.max = 1e9});
  f.field("max_days", max_days, "Delete files set aside longer ago than this; 0: never.", {.max = 36'500});
  f.field("max_backups", max_backups, "Keep at most this many files set aside; 0: all.");
  f.field("localtime", localtime, "Local time instead of UTC in the names of files set aside.");
}

void GroupBy::fields(config::Fields& f) {
  f.field("enabled", enabled, "One file for each value of a resource attribute.");
  f.field("resource_attribute", resource_attribute, "The attribute whose value takes the place of * in the path.");
  f.field("max_open_files", max_open_files, "Files held open; the least recently used is closed.", {.min = 1});
}

void FileConfig::fields(config::Fields& f) {
  f.field("path", path, "The file to write to; with group_by, exactly one * in its name or directory.");
  f.field("append", append, "Keep what the file holds at start instead of emptying it.");
  f.choice("format", format, {{"json", 0}, {"proto", 1}}, "json: a line of OTLP/JSON a batch. proto: OTLP messages.");
  f.choice("compression", compression, {{"", 0}, {"none", 0}, {"zstd", 1}},
           "zstd: each message is a frame of its own, preceded by its length.");
  f.section("compression_params", compression_params, "How hard to compress.");
  f.field("flush_interval", flush_interval,
          "Latest time after which readers of the file see a batch. They do at once, so it changes nothing.",
          {.min = 0});
  f.optional_section("rotation", rotation, "Set files aside when they get large.");
  f.optional_section("group_by", group_by, "One file for each value of a resource attribute.");
  f.field("create_directory", create_directory, "Make the directory of the path if it does not exist.");
  f.field("directory_permissions", directory_permissions, "Of directories made, in octal; empty: 0755.");
  f.unsupported("encoding", "encoding extensions do not exist here; use format");
}

void FileConfig::validate(config::Validator& v) const {
  if (path.empty()) v.error("path", "must be set");
  if (append && rotation) v.error("append", "cannot be combined with rotation, which always appends");
  if (append && compression != Compression::none) v.error("append", "cannot be combined with compression");
  if (!directory_permissions.empty() && !parse_mode(directory_permissions))
    v.error("directory_permissions", "must be an octal number like \"0755\"");
  if (!is_grouped()) return;
  const auto stars = std::count(path.begin(), path.end(), '*');
  if (stars != 1) v.error("path", "must contain exactly one * when group_by is enabled");
  if (path.starts_with('*')) v.error("path", "must not start with * when group_by is enabled");
  if (group_by->resource_attribute.empty()) v.error("group_by::resource_attribute", "must be set");
  if (rotation) v.warning("rotation", "has no effect together with group_by");
}

std::uint32_t FileConfig::directory_mode() const {
  return parse_mode(directory_permissions).value_or(default_directory_mode);
}

}  // namespace rankwire::file
