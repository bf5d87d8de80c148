// What a user writes for file_log, without the parser's share (parse/parser_settings.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "receivers/file_log/parse/parser_settings.hpp"
#include "receivers/file_log/tail_options.hpp"

namespace rankwire::file_log {

struct SortConfig {
  enum class Type : std::uint8_t { numeric, alphabetical, timestamp, mtime };

  Type sort_type = Type::alphabetical;
  std::string regex_key;
  bool ascending = false;
  std::string layout;
  std::string location;

  void fields(config::Fields& f);
};

struct OrderingConfig {
  std::string regex;
  std::uint64_t top_n = 1;
  std::string group_by;
  std::vector<SortConfig> sort_by;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct RetryOnFailureConfig {
  bool enabled = false;
  Duration initial_interval = std::chrono::seconds(1);
  Duration max_interval = std::chrono::seconds(30);
  Duration max_elapsed_time = std::chrono::minutes(5);

  void fields(config::Fields& f);
};

struct FileLogConfig {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  Duration exclude_older_than{};
  std::optional<OrderingConfig> ordering_criteria;
  StartAt start_at = StartAt::end;
  Duration poll_interval = std::chrono::milliseconds(200);
  std::uint64_t max_concurrent_files = 1024;
  std::uint64_t max_batches = 0;
  Bytes initial_buffer_size{16 * 1024};
  Bytes fingerprint_size{1000};
  Compression compression = Compression::none;
  OnTruncate on_truncate = OnTruncate::ignore;
  bool acquire_fs_lock = false;
  bool file_cache_advise = false;
  bool delete_after_read = false;
  std::uint64_t polls_to_archive = 0;
  std::optional<config::ComponentId> storage;
  RetryOnFailureConfig retry_on_failure;
  ParserConfig parser;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// `config` is valid.
TailOptions tail_options(const FileLogConfig& config, FileSystem& files);

}  // namespace rankwire::file_log
