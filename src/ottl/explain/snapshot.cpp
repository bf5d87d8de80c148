#include "ottl/explain/snapshot.hpp"

#include <algorithm>
#include <ctime>
#include <map>

#include "ottl/program/convert.hpp"
#include "ottl/syntax/quoting.hpp"

namespace rankwire::ottl {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

template <class Id>
std::string id_text(const Id& id) {
  return hexadecimal({reinterpret_cast<const char*>(id.bytes), sizeof id.bytes});
}

std::string real_shown(double value) {
  const std::string text = real_text(value);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string value_shown(const Value& value) {
  switch (value.type()) {
    case ValueType::empty: return "nil";
    case ValueType::text: return quoted(value.text());
    case ValueType::bytes: return "0x" + hexadecimal(value.text());
    case ValueType::boolean: return value.boolean() ? "true" : "false";
    case ValueType::integer: return std::to_string(value.integer());
    case ValueType::real: return real_shown(value.real());
    case ValueType::array: {
      std::string text = "[";
      for (const Value& item : value.items()) text += (text.size() > 1 ? ", " : "") + value_shown(item);
      return text + "]";
    }
    case ValueType::map: {
      std::string text = "{";
      for (const KeyValue& entry : value.entries())
        text += (text.size() > 1 ? ", " : "") + quoted(entry.key) + ": " + value_shown(entry.value);
      return text + "}";
    }
  }
  return {};
}

std::string fraction(std::int64_t nanos, int digits) {
  std::string text = std::to_string(nanos);
  text.insert(0, static_cast<std::size_t>(std::max(0, digits - static_cast<int>(text.size()))), '0');
  text.erase(text.find_last_not_of('0') + 1);
  return text.empty() ? "" : "." + text;
}

std::string time_shown(std::int64_t unix_nanos) {
  const std::int64_t seconds =
      unix_nanos >= 0 ? unix_nanos / 1'000'000'000 : -((-unix_nanos + 999'999'999) / 1'000'000'000);
  const std::time_t whole = seconds;
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text, size) + fraction(unix_nanos - seconds * 1'000'000'000, 9) + "Z";
}

// As Go writes durations.
std::string duration_shown(std::int64_t nanos) {
  if (nanos == 0) return "0s";
  std::string text = nanos < 0 ? "-" : "";
  const std::uint64_t size = nanos < 0 ? 0 - static_cast<std::uint64_t>(nanos) : static_cast<std::uint64_t>(nanos);
  const auto small = [&](std::uint64_t unit, int digits, const char* name) {
    return text + std::to_string(size / unit) + fraction(static_cast<std::int64_t>(size % unit), digits) + name;
  };
  if (size < 1'000) return small(1, 0, "ns");
  if (size < 1'000'000) return small(1'000, 3, "µs");
  if (size < 1'000'000'000) return small(1'000'000, 6, "ms");
  const std::uint64_t seconds = size / 1'000'000'000;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
  return text + std::to_string(seconds % 60) + fraction(static_cast<std::int64_t>(size % 1'000'000'000), 9) + "s";
}

class Writer {
 public:
  Snapshot lines;

  void add(const std::string& path, std::string value) { lines.emplace_back(path, std::move(value)); }
  void text(const std::string& path, std::string_view value) {
    if (!value.empty()) add(path, quoted(value));
  }
  void number(const std::string& path, std::int64_t value) {
    if (value != 0) add(path, std::to_string(value));
  }
  void time(const std::string& path, std::uint64_t value) { number(path, static_cast<std::int64_t>(value)); }

  void value(const std::string& path, const Value& value) {
    if (value.type() == ValueType::map && !value.entries().empty()) return attributes(path, value.entries());
    if (value.type() == ValueType::array && !value.items().empty()) {
      std::size_t index = 0;
      for (const Value& item : value.items()) this->value(path + "[" + std::to_string(index++) + "]", item);
      return;
    }
    add(path, value_shown(value));
  }
  void attributes(const std::string& path, const Attributes& attributes) {
    for (const KeyValue& entry : attributes) value(path + "[" + quoted(entry.key) + "]", entry.value);
  }

  void resource(const std::string& at, const Resource& resource, std::string_view schema_url) {
    attributes(at + ".attributes", resource.attributes);
    number(at + ".dropped_attributes_count", resource.dropped_attributes_count);
    text(at + ".schema_url", schema_url);
  }
  void scope(const std::string& at, const Scope& scope, std::string_view schema_url) {
    text(at + ".name", scope.name);
    text(at + ".version", scope.version);
    attributes(at + ".attributes", scope.attributes);
    number(at + ".dropped_attributes_count", scope.dropped_attributes_count);
    text(at + ".schema_url", schema_url);
  }
  void record(const std::string& at, const LogRecord& record);
  void record(const std::string& at, const Span& span);
  void record(const std::string& at, const Metric& metric);

 private:
  template <class Id>
  void id(const std::string& path, const Id& id) {
    if (id.is_set()) add(path, id_text(id));
  }
  void event(const std::string& at, const SpanEvent& event);
  void link(const std::string& at, const SpanLink& link);
  void point_head(const std::string& at, const auto& point);
  void exemplars(const std::string& at, const List<Exemplar>& exemplars);
  void point(const std::string& at, const NumberPoint& point);
  void point(const std::string& at, const HistogramPoint& point);
  void point(const std::string& at, const ExponentialHistogramPoint& point);
  void point(const std::string& at, const SummaryPoint& point);
  void optional(const std::string& path, const OptionalReal& real) {
    if (real.is_set) add(path, real_shown(real.value));
  }
  void measured(const std::string& path, const Number& number) {
    if (number.type == NumberType::integer) add(path + "_int", std::to_string(number.integer));
    if (number.type == NumberType::real) add(path + "_double", real_shown(number.real));
  }
  template <class N>
  void numbers(const std::string& path, const List<N>& list) {
    if (list.empty()) return;
    std::string text = "[";
    for (const N number : list) {
      text += text.size() > 1 ? ", " : "";
      if constexpr (std::is_floating_point_v<N>)
        text += real_shown(number);
      else
        text += std::to_string(number);
    }
    add(path, text + "]");
  }
};

void Writer::record(const std::string& at, const LogRecord& record) {
  time(at + ".time_unix_nano", record.time_unix_nanos);
  time(at + ".observed_time_unix_nano", record.observed_time_unix_nanos);
  number(at + ".severity_number", record.severity_number);
  text(at + ".severity_text", record.severity_text);
  text(at + ".event_name", record.event_name);
  if (record.body.type() != ValueType::empty) value(at + ".body", record.body);
  attributes(at + ".attributes", record.attributes);
  number(at + ".dropped_attributes_count", record.dropped_attributes_count);
  number(at + ".flags", record.flags);
  id(at + ".trace_id", record.trace_id);
  id(at + ".span_id", record.span_id);
}

void Writer::event(const std::string& at, const SpanEvent& event) {
  text(at + ".name", event.name);
  time(at + ".time_unix_nano", event.time_unix_nanos);
  attributes(at + ".attributes", event.attributes);
  number(at + ".dropped_attributes_count", event.dropped_attributes_count);
}

void Writer::link(const std::string& at, const SpanLink& link) {
  id(at + ".trace_id", link.trace_id);
  id(at + ".span_id", link.span_id);
  text(at + ".trace_state", link.trace_state);
  attributes(at + ".attributes", link.attributes);
}

void Writer::record(const std::string& at, const Span& span) {
  text(at + ".name", span.name);
  number(at + ".kind", span.kind);
  id(at + ".trace_id", span.trace_id);
  id(at + ".span_id", span.span_id);
  id(at + ".parent_span_id", span.parent_span_id);
  text(at + ".trace_state", span.trace_state);
  number(at + ".flags", span.flags);
  time(at + ".start_time_unix_nano", span.start_time_unix_nanos);
  time(at + ".end_time_unix_nano", span.end_time_unix_nanos);
  number(at + ".status.code", static_cast<int>(span.status_code));
  text(at + ".status.message", span.status_message);
  attributes(at + ".attributes", span.attributes);
  number(at + ".dropped_attributes_count", span.dropped_attributes_count);
  for (std::uint32_t i = 0; i < span.events.size(); ++i)
    event(at + ".events[" + std::to_string(i) + "]", span.events[i]);
  number(at + ".dropped_events_count", span.dropped_events_count);
  for (std::uint32_t i = 0; i < span.links.size(); ++i) link(at + ".links[" + std::to_string(i) + "]", span.links[i]);
  number(at + ".dropped_links_count", span.dropped_links_count);
}

void Writer::exemplars(const std::string& at, const List<Exemplar>& exemplars) {
  for (std::uint32_t i = 0; i < exemplars.size(); ++i) {
    const std::string path = at + ".exemplars[" + std::to_string(i) + "]";
    measured(path + ".value", exemplars[i].value);
    time(path + ".time_unix_nano", exemplars[i].time_unix_nanos);
    attributes(path + ".filtered_attributes", exemplars[i].filtered_attributes);
    id(path + ".trace_id", exemplars[i].trace_id);
    id(path + ".span_id", exemplars[i].span_id);
  }
}

void Writer::point_head(const std::string& at, const auto& point) {
  attributes(at + ".attributes", point.attributes);
  time(at + ".start_time_unix_nano", point.start_time_unix_nanos);
  time(at + ".time_unix_nano", point.time_unix_nanos);
  number(at + ".flags", point.flags);
}

void Writer::point(const std::string& at, const NumberPoint& point) {
  point_head(at, point);
  measured(at + ".value", point.value);
  exemplars(at, point.exemplars);
}

void Writer::point(const std::string& at, const HistogramPoint& point) {
  point_head(at, point);
  time(at + ".count", point.count);
  optional(at + ".sum", point.sum);
  optional(at + ".min", point.min);
  optional(at + ".max", point.max);
  numbers(at + ".bucket_counts", point.bucket_counts);
  numbers(at + ".explicit_bounds", point.explicit_bounds);
  exemplars(at, point.exemplars);
}

void Writer::point(const std::string& at, const ExponentialHistogramPoint& point) {
  point_head(at, point);
  time(at + ".count", point.count);
  optional(at + ".sum", point.sum);
  optional(at + ".min", point.min);
  optional(at + ".max", point.max);
  number(at + ".scale", point.scale);
  time(at + ".zero_count", point.zero_count);
  if (point.zero_threshold != 0) add(at + ".zero_threshold", real_shown(point.zero_threshold));
  number(at + ".positive.offset", point.positive.offset);
  numbers(at + ".positive.bucket_counts", point.positive.bucket_counts);
  number(at + ".negative.offset", point.negative.offset);
  numbers(at + ".negative.bucket_counts", point.negative.bucket_counts);
  exemplars(at, point.exemplars);
}

void Writer::point(const std::string& at, const SummaryPoint& point) {
  point_head(at, point);
  time(at + ".count", point.count);
  if (point.sum != 0) add(at + ".sum", real_shown(point.sum));
  for (std::uint32_t i = 0; i < point.quantiles.size(); ++i)
    add(at + ".quantile_values[" + std::to_string(i) + "]",
        real_shown(point.quantiles[i].quantile) + " = " + real_shown(point.quantiles[i].value));
}

void Writer::record(const std::string& at, const Metric& metric) {
  constexpr const char* types[] = {"none", "gauge", "sum", "histogram", "exponential_histogram", "summary"};
  constexpr const char* temporalities[] = {"", "delta", "cumulative"};
  text(at + ".name", metric.name);
  add(at + ".type", types[static_cast<std::size_t>(metric.type)]);
  text(at + ".description", metric.description);
  text(at + ".unit", metric.unit);
  attributes(at + ".metadata", metric.metadata);
  if (metric.temporality != Temporality::unspecified)
    add(at + ".aggregation_temporality", temporalities[static_cast<std::size_t>(metric.temporality)]);
  if (metric.is_monotonic) add(at + ".is_monotonic", "true");
  std::size_t index = 0;
  const auto all = [&](const auto& points) {
    for (const auto& one : points) point(at + ".points[" + std::to_string(index++) + "]", one);
  };
  all(metric.numbers);
  all(metric.histograms);
  all(metric.exponential_histograms);
  all(metric.summaries);
}

template <class Record>
void write(Writer& writer, const RecordBatch<Record>& batch, const char* noun) {
  const auto name = [](const std::string& of, std::size_t index, std::size_t count) {
    return count == 1 ? of : of + "[" + std::to_string(index) + "]";
  };
  for (std::uint32_t r = 0; r < batch.resources.size(); ++r) {
    const auto& resource = batch.resources[r];
    const std::string outer = batch.resources.size() == 1 ? "" : name("resource", r, batch.resources.size()) + " ";
    writer.resource(name("resource", r, batch.resources.size()), resource.resource, resource.schema_url);
    for (std::uint32_t s = 0; s < resource.scopes.size(); ++s) {
      const auto& scope = resource.scopes[s];
      const std::string inner =
          resource.scopes.size() == 1 ? outer : outer + name("scope", s, resource.scopes.size()) + " ";
      writer.scope(outer + name("scope", s, resource.scopes.size()), scope.scope, scope.schema_url);
      for (std::uint32_t i = 0; i < scope.records.size(); ++i)
        writer.record(inner + name(noun, i, scope.records.size()), scope.records[i]);
    }
  }
}

}  // namespace

Snapshot snapshot(const SignalBatch& batch) {
  Writer writer;
  switch (batch.signal()) {
    case Signal::logs: write(writer, batch.logs(), "log"); break;
    case Signal::metrics: write(writer, batch.metrics(), "metric"); break;
    case Signal::traces: write(writer, batch.traces(), "span"); break;
  }
  return std::move(writer.lines);
}

void append(Snapshot& to, const std::string& path, const Attributes& attributes) {
  Writer writer;
  writer.attributes(path, attributes);
  to.insert(to.end(), writer.lines.begin(), writer.lines.end());
}

std::vector<std::string> changes(const Snapshot& before, const Snapshot& after) {
  std::map<std::string_view, std::string_view> old;
  for (const auto& [path, value] : before) old.emplace(path, value);
  std::vector<std::string> lines;
  for (const auto& [path, value] : after) {
    const auto at = old.find(path);
    if (at == old.end()) {
      lines.push_back(path + ": " + value);
      continue;
    }
    if (at->second != value) lines.push_back(path + ": " + std::string(at->second) + " → " + value);
    old.erase(at);
  }
  for (const auto& [path, value] : before)
    if (old.contains(path)) lines.push_back("- " + path + ": " + value);
  return lines;
}

std::string shown(const Datum& datum) {
  switch (datum.type()) {
    case Type::time: return time_shown(datum.unix_nanos());
    case Type::duration: return duration_shown(datum.nanos());
    case Type::trace_id:
    case Type::span_id:
    case Type::profile_id: return hexadecimal(datum.text());
    case Type::records: return std::to_string(datum.record_count()) + " records";
    default: return value_shown(datum.value());
  }
}

}  // namespace rankwire::ottl
