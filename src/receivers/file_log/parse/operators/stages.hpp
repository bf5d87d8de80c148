// What parsers do after parsing, and what operators of their own do too: timestamp, severity,
// trace and scope name taken from a field.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "config/fields.hpp"
#include "receivers/file_log/parse/field_path.hpp"
#include "receivers/file_log/parse/operators/build.hpp"
#include "text/time_layout.hpp"

namespace rankwire::file_log {

struct TimeSettings {
  std::string parse_from;
  std::string layout;
  std::string layout_type = "strptime";
  std::string location;
  config::StringMap time_zone_locations;

  void fields(config::Fields& f);
};

struct SeveritySettings {
  std::string parse_from;
  std::string preset = "default";
  config::Node mapping;
  bool overwrite_text = false;

  void fields(config::Fields& f);
};

struct TracePartSettings {
  std::string parse_from;

  void fields(config::Fields& f);
};

struct TraceSettings {
  std::optional<TracePartSettings> trace_id, span_id, trace_flags;

  void fields(config::Fields& f);
};

// A stage changes one property of an entry; null or what went wrong.
class TimeStage {
 public:
  static std::optional<TimeStage> make(const TimeSettings& settings, const OperatorSource& source);
  const char* apply(Entry& entry, Run& run) const;

 private:
  FieldPath from_;
  text::TimeLayout layout_;
};

class SeverityStage {
 public:
  static std::optional<SeverityStage> make(const SeveritySettings& settings, const OperatorSource& source);
  const char* apply(Entry& entry, Run& run) const;

 private:
  void add_mapping(int number, const config::Node& node, const OperatorSource& source);
  void add_range(int number, const config::Node& node, const OperatorSource& source);

  FieldPath from_;
  bool overwrites_text_ = false;
  std::unordered_map<std::string, int> numbers_;
};

class TraceStage {
 public:
  static std::optional<TraceStage> make(const TraceSettings& settings, const OperatorSource& source);
  const char* apply(Entry& entry) const;

 private:
  FieldPath trace_id_, span_id_, trace_flags_;
};

}  // namespace rankwire::file_log
