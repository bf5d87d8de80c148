// What a user writes about lines, encodings, attributes and operators of file_log: the parser's
// share of the receiver's configuration, squashed into it.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/counters.hpp"
#include "base/log.hpp"
#include "config/fields.hpp"
#include "config/node.hpp"
#include "receivers/file_log/file_parser.hpp"

namespace rankwire::file_log {

enum class LongLine : std::uint8_t { split, truncate };

struct MultilineConfig {
  std::string line_start_pattern;
  std::string line_end_pattern;
  bool omit_pattern = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct HeaderConfig {
  std::string pattern;
  config::Node metadata_operators;

  void fields(config::Fields& f);
};

struct ParserConfig {
  std::string encoding = "utf-8";
  std::optional<MultilineConfig> multiline;
  bool preserve_leading_whitespaces = false;
  bool preserve_trailing_whitespaces = false;
  Bytes max_log_size = 1_MiB;
  LongLine max_log_size_behavior = LongLine::split;
  Duration force_flush_period = std::chrono::milliseconds(500);
  config::StringMap attributes;  // Values may be EXPR(...).
  config::StringMap resource;
  bool include_file_name = true;
  bool include_file_path = false;
  bool include_file_name_resolved = false;
  bool include_file_path_resolved = false;
  bool include_file_owner_name = false;
  bool include_file_owner_group_name = false;
  bool include_file_permissions = false;
  bool include_file_record_number = false;
  bool include_file_record_offset = false;
  config::Node operators;
  std::optional<HeaderConfig> header;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// Null if the configuration is not valid (`validate` says why). The references must outlive the
// factory and its parsers.
std::unique_ptr<ParserFactory> make_parser_factory(const ParserConfig& config, Clock& clock, Logger& log,
                                                   Counters& counters);

}  // namespace rankwire::file_log
