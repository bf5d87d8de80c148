// What can be configured about files that telemetry is written to.
#pragma once

#include <optional>
#include <string>

#include "config/fields.hpp"

namespace rankwire::file {

enum class Format : std::uint8_t { json, proto };
enum class Compression : std::uint8_t { none, zstd };

struct CompressionParams {
  std::int64_t level = 0;
  void fields(config::Fields& f);
};

struct Rotation {
  std::uint64_t max_megabytes = 100;
  std::uint64_t max_days = 0;       // 0: for ever.
  std::uint64_t max_backups = 100;  // 0: all.
  bool localtime = false;
  void fields(config::Fields& f);
};

struct GroupBy {
  bool enabled = false;
  std::string resource_attribute = "fileexporter.path_segment";
  std::uint64_t max_open_files = 100;
  void fields(config::Fields& f);
};

struct FileConfig {
  std::string path;
  bool append = false;
  Format format = Format::json;
  Compression compression = Compression::none;
  CompressionParams compression_params;
  Duration flush_interval = std::chrono::seconds(1);
  std::optional<Rotation> rotation;
  std::optional<GroupBy> group_by;
  bool create_directory = false;
  std::string directory_permissions;  // Octal; empty: 0755.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  bool is_grouped() const { return group_by && group_by->enabled; }
  std::uint32_t directory_mode() const;
};

}  // namespace rankwire::file
