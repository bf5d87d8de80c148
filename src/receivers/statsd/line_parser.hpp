// One line of StatsD or DogStatsD, taken apart without copying. Views point into the line.
#pragma once

#include <cstdint>
#include <string_view>

namespace rankwire::statsd {

enum class MetricKind : std::uint8_t { counter, gauge, timing, histogram, distribution, set };
// As the type is called in attributes and in the configuration: "counter", "timing".
std::string_view to_string(MetricKind kind);

// Why a line is refused.
enum class LineProblem : std::uint8_t {
  none,
  no_type,        // No '|'.
  no_value,       // No ':' in front of it, or nothing behind.
  no_name,        // Nothing in front.
  unknown_type,   // Not c, g, ms, h, d or s.
  bad_value,      // Not a number, or not a finite one.
  bad_rate,       // Not a number.
  bad_tag,        // Without a key; or without a value where such tags are not wanted.
  bad_timestamp,  // Not a whole number of seconds; or of a type that has none.
  unknown_part,   // Begins with something else.
  bad_length,     // Of an event: the lengths do not fit the line.
  bad_status,     // Of a service check: not 0 to 3.
};
std::string_view to_string(LineProblem problem);

// What follows the values, of every kind of line.
struct LineExtras {
  std::string_view tags;           // "env:prod,gpu"; empty: none.
  std::string_view container;      // "ci-…", "in-…" or a bare id, as sent.
  std::string_view external_data;  // "it-false,cn-trainer,pu-…".
  std::string_view cardinality;
  std::uint64_t unix_seconds = 0;  // 0: none.
};

struct MetricLine : LineExtras {
  std::string_view name;
  std::string_view values;  // "1", or packed "1:2:3". Of sets: as it is.
  MetricKind kind = MetricKind::counter;
  double sample_rate = 1;  // From 1e-9 to 1; what is outside of 0 to 1 counts as 1.
};

struct EventLine : LineExtras {
  std::string_view title, text;  // Line feeds still written as "\n".
  std::string_view hostname, aggregation_key, priority, source_type, alert_type;
};

struct ServiceCheckLine : LineExtras {
  std::string_view name, hostname, message;
  std::uint8_t status = 0;  // 0 ok, 1 warning, 2 critical, 3 unknown.
};

enum class LineKind : std::uint8_t { metric, event, service_check };
inline LineKind kind_of(std::string_view line) {
  if (line.starts_with("_e{")) return LineKind::event;
  return line.starts_with("_sc|") ? LineKind::service_check : LineKind::metric;
}

// The line has no line end. What `to` holds after a problem is unspecified.
LineProblem read_metric(std::string_view line, MetricLine& to);
LineProblem read_event(std::string_view line, EventLine& to);
LineProblem read_service_check(std::string_view line, ServiceCheckLine& to);

// The next of packed values, taken off `values`; nothing is left: false. `is_signed`: it begins with + or -, which of a
// gauge says that it is added.
struct PackedValue {
  double number = 0;
  bool is_signed = false;
  bool is_valid = false;  // A finite number.
};
bool take_value(std::string_view& values, PackedValue& to);

// The next of tags, taken off `tags`; nothing is left: false. A tag without a colon has no value.
struct Tag {
  std::string_view key, value;
  bool has_value = false;
};
bool take_tag(std::string_view& tags, Tag& to);

}  // namespace rankwire::statsd
