#include "receivers/statsd/line_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rankwire::statsd {
namespace {

constexpr double least_rate = 1e-9;  // So that one value counts as no more than a billion.

// Up to the separator, which goes too; all of it where there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

template <class Number>
bool read_number(std::string_view text, Number& to) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool read_kind(std::string_view text, MetricKind& to) {
  if (text == "ms") {
    to = MetricKind::timing;
    return true;
  }
  if (text.size() != 1) return false;
  switch (text[0]) {
    case 'c': to = MetricKind::counter; return true;
    case 'g': to = MetricKind::gauge; return true;
    case 'h': to = MetricKind::histogram; return true;
    case 'd': to = MetricKind::distribution; return true;
    case 's': to = MetricKind::set; return true;
    default: return false;
  }
}

// Parts that every kind of line may have. False: it is none of them.
bool read_common(std::string_view part, LineExtras& to) {
  if (part.starts_with('#')) {
    to.tags = part.substr(1);
  } else if (part.starts_with("c:")) {
    to.container = part.substr(2);
  } else if (part.starts_with("e:")) {
    to.external_data = part.substr(2);
  } else if (part.starts_with("card:")) {
    to.cardinality = part.substr(5);
  } else {
    return false;
  }
  return true;
}

LineProblem read_rate(std::string_view text, double& to) {
  double rate = 0;
  if (!read_number(text, rate)) return LineProblem::bad_rate;
  to = rate > 0 && rate < 1 ? std::max(rate, least_rate) : 1;
  return LineProblem::none;
}

LineProblem read_metric_part(std::string_view part, MetricLine& to) {
  if (part[0] == '@') return read_rate(part.substr(1), to.sample_rate);
  if (part[0] == 'T') {
    const bool may_have_one = to.kind == MetricKind::counter || to.kind == MetricKind::gauge;
    return may_have_one && read_number(part.substr(1), to.unix_seconds) ? LineProblem::none
                                                                        : LineProblem::bad_timestamp;
  }
  return read_common(part, to) ? LineProblem::none : LineProblem::unknown_part;
}

// Of events and service checks: "d:" and "h:" too.
LineProblem read_dated_part(std::string_view part, LineExtras& to, std::string_view& hostname) {
  if (part.starts_with("d:"))
    return read_number(part.substr(2), to.unix_seconds) ? LineProblem::none : LineProblem::bad_timestamp;
  if (part.starts_with("h:")) {
    hostname = part.substr(2);
    return LineProblem::none;
  }
  return read_common(part, to) ? LineProblem::none : LineProblem::unknown_part;
}

}  // namespace

std::string_view to_string(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter: return "counter";
    case MetricKind::gauge: return "gauge";
    case MetricKind::timing: return "timing";
    case MetricKind::histogram: return "histogram";
    case MetricKind::distribution: return "distribution";
    case MetricKind::set: return "set";
  }
  return "unknown";
}

std::string_view to_string(LineProblem problem) {
  switch (problem) {
    case LineProblem::none: return "none";
    case LineProblem::no_type: return "no_type";
    case LineProblem::no_value: return "no_value";
    case LineProblem::no_name: return "no_name";
    case LineProblem::unknown_type: return "unknown_type";
    case LineProblem::bad_value: return "bad_value";
    case LineProblem::bad_rate: return "bad_rate";
    case LineProblem::bad_tag: return "bad_tag";
    case LineProblem::bad_timestamp: return "bad_timestamp";
    case LineProblem::unknown_part: return "unknown_part";
    case LineProblem::bad_length: return "bad_length";
    case LineProblem::bad_status: return "bad_status";
  }
  return "unknown";
}

LineProblem read_metric(std::string_view line, MetricLine& to) {
  to = {};
  if (line.find('|') == std::string_view::npos) return LineProblem::no_type;
  std::string_view head = take_until(line, '|');
  const std::size_t colon = head.find(':');
  if (colon == std::string_view::npos || colon + 1 == head.size()) return LineProblem::no_value;
  if (colon == 0) return LineProblem::no_name;
  to.name = head.substr(0, colon);
  to.values = head.substr(colon + 1);
  if (!read_kind(take_until(line, '|'), to.kind)) return LineProblem::unknown_type;
  while (!line.empty()) {
    const std::string_view part = take_until(line, '|');
    if (part.empty()) continue;
    if (const LineProblem problem = read_metric_part(part, to); problem != LineProblem::none) return problem;
  }
  return LineProblem::none;
}

LineProblem read_event(std::string_view line, EventLine& to) {
  to = {};
  line.remove_prefix(3);  // "_e{"
  std::uint64_t title_size = 0, text_size = 0;
  if (!read_number(take_until(line, ','), title_size) || !read_number(take_until(line, '}'), text_size))
    return LineProblem::bad_length;
  // ":" title "|" text
  if (!line.starts_with(':') || title_size > line.size() || text_size > line.size()) return LineProblem::bad_length;
  line.remove_prefix(1);
  if (title_size + 1 + text_size > line.size() || line[title_size] != '|') return LineProblem::bad_length;
  to.title = line.substr(0, title_size);
  to.text = line.substr(title_size + 1, text_size);
  line.remove_prefix(title_size + 1 + text_size);
  if (!line.empty() && line[0] != '|') return LineProblem::bad_length;
  if (to.title.empty()) return LineProblem::no_name;
  while (!line.empty()) {
    const std::string_view part = take_until(line, '|');
    if (part.empty()) continue;
    if (part.starts_with("k:")) {
      to.aggregation_key = part.substr(2);
    } else if (part.starts_with("p:")) {
      to.priority = part.substr(2);
    } else if (part.starts_with("s:")) {
      to.source_type = part.substr(2);
    } else if (part.starts_with("t:")) {
      to.alert_type = part.substr(2);
    } else if (const LineProblem problem = read_dated_part(part, to, to.hostname); problem != LineProblem::none) {
      return problem;
    }
  }
  return LineProblem::none;
}

LineProblem read_service_check(std::string_view line, ServiceCheckLine& to) {
  to = {};
  line.remove_prefix(4);  // "_sc|"
  to.name = take_until(line, '|');
  if (to.name.empty()) return LineProblem::no_name;
  const std::string_view status = take_until(line, '|');
  if (status.size() != 1 || status[0] < '0' || status[0] > '3') return LineProblem::bad_status;
  to.status = static_cast<std::uint8_t>(status[0] - '0');
  while (!line.empty()) {
    const std::string_view part = take_until(line, '|');
    if (part.empty()) continue;
    if (part.starts_with("m:")) {
      to.message = part.substr(2);
    } else if (const LineProblem problem = read_dated_part(part, to, to.hostname); problem != LineProblem::none) {
      return problem;
    }
  }
  return LineProblem::none;
}

bool take_value(std::string_view& values, PackedValue& to) {
  if (values.empty()) return false;
  const std::string_view text = take_until(values, ':');
  to.is_signed = text.starts_with('+') || text.starts_with('-');
  to.is_valid = read_number(text, to.number) && std::isfinite(to.number);
  return true;
}

bool take_tag(std::string_view& tags, Tag& to) {
  if (tags.empty()) return false;
  std::string_view tag = take_until(tags, ',');
  to.has_value = tag.find(':') != std::string_view::npos;
  to.key = take_until(tag, ':');
  to.value = tag;
  return true;
}

}  // namespace rankwire::statsd
