#include "pushed.hpp"

#include "otlp/otlp.hpp"

namespace rankwire::simulation {
namespace {

constexpr std::string_view text_key = "note";
constexpr std::uint64_t second = 1'000'000'000;
// When counters began: before anything was there.
constexpr std::uint64_t began = 1'600'000'000 * second;

// The resource of a sender, with one scope.
template <class Batch>
auto& new_records(Batch& batch, const std::string& source) {
  auto& resource = batch.resources.push(batch.arena(), {});
  resource.resource.attributes.push(batch.arena(), {"service.name", Value::of(batch.arena().copy(source))});
  return resource.scopes.push(batch.arena(), {}).records;
}

// What processors and connectors can group and add up.
Attributes attributes_of(Arena& arena, std::uint64_t number) {
  static constexpr const char* hosts[] = {"h0", "h1", "h2"};
  Attributes attributes;
  attributes.push(arena, {"unit", Value::of(std::int64_t{1})});
  attributes.push(arena, {"host", Value::of(hosts[number % std::size(hosts)])});
  return attributes;
}

Attributes attributes_of(Arena& arena, std::uint64_t number, const std::string& text) {
  Attributes attributes = attributes_of(arena, number);
  attributes.push(arena, {text_key, Value::of(arena.copy(text))});
  return attributes;
}

// Its last 7 bytes are its randomness: half of all is over the middle, that of odd numbers.
TraceId trace_id_of(const PushedRequest& pushed, std::uint64_t number) {
  TraceId id;
  id.bytes[0] = static_cast<std::uint8_t>(pushed.source.front());
  id.bytes[1] = static_cast<std::uint8_t>(pushed.source.back());
  id.bytes[9] = number % 2 == 1 ? 0xff : 0x01;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

void encode_logs(const PushedRequest& pushed, Buffer& bytes) {
  LogBatch batch;
  auto& records = new_records(batch, pushed.source);
  for (std::size_t i = 0; i < pushed.texts.size(); ++i) {
    const std::uint64_t number = pushed.first_number + i;
    LogRecord record;
    record.time_unix_nanos = pushed.unix_nanos;
    record.body = Value::of(batch.arena().copy(pushed.texts[i]));
    record.attributes = attributes_of(batch.arena(), number);
    record.trace_id = trace_id_of(pushed, number);
    records.push(batch.arena(), record);
  }
  otlp::encode(batch, bytes);
}

void encode_traces(const PushedRequest& pushed, Buffer& bytes) {
  constexpr std::uint32_t server = 2;
  TraceBatch batch;
  auto& spans = new_records(batch, pushed.source);
  for (std::size_t i = 0; i < pushed.texts.size(); ++i) {
    const std::uint64_t number = pushed.first_number + i;
    Span span;
    span.name = "step";
    span.kind = server;
    span.trace_id = trace_id_of(pushed, number);
    std::memcpy(span.span_id.bytes, span.trace_id.bytes + 8, sizeof span.span_id.bytes);
    span.start_time_unix_nanos = pushed.unix_nanos - second;
    span.end_time_unix_nanos = pushed.unix_nanos;
    span.attributes = attributes_of(batch.arena(), number, pushed.texts[i]);
    spans.push(batch.arena(), span);
  }
  otlp::encode(batch, bytes);
}

enum class Kind : std::uint8_t { gauge, counter, delta, histogram };

Metric metric_of(Kind kind) {
  Metric metric;
  metric.type = kind == Kind::gauge       ? MetricType::gauge
                : kind == Kind::histogram ? MetricType::histogram
                                          : MetricType::sum;
  metric.is_monotonic = kind != Kind::gauge;
  metric.temporality = kind == Kind::delta   ? Temporality::delta
                       : kind == Kind::gauge ? Temporality::unspecified
                                             : Temporality::cumulative;
  static constexpr const char* names[] = {"step.loss", "step.count", "step.new", "step.time"};
  metric.name = names[static_cast<std::size_t>(kind)];
  return metric;
}

// The value is 1, of histograms the count.
void add_point(Arena& arena, Metric& metric, const Attributes& attributes, std::uint64_t start, std::uint64_t end) {
  if (metric.type != MetricType::histogram) {
    NumberPoint& point = metric.numbers.add(arena);
    point.start_time_unix_nanos = start;
    point.time_unix_nanos = end;
    point.value.type = NumberType::integer;
    point.value.integer = 1;
    point.attributes = attributes;
    return;
  }
  HistogramPoint& point = metric.histograms.add(arena);
  point.start_time_unix_nanos = start;
  point.time_unix_nanos = end;
  point.count = 1;
  point.sum = {true, 0.5};
  point.explicit_bounds.push(arena, 1);
  point.bucket_counts.push(arena, 1);
  point.bucket_counts.push(arena, 0);
  point.attributes = attributes;
}

void encode_metrics(const PushedRequest& pushed, Buffer& bytes) {
  MetricBatch batch;
  Arena& arena = batch.arena();
  auto& metrics = new_records(batch, pushed.source);
  // One kind for each request, with start times and without.
  const Kind kind = pushed.has_only_deltas ? Kind::delta : static_cast<Kind>(pushed.first_number % 4);
  const bool has_start = kind == Kind::delta || pushed.first_number / 4 % 2 == 0;
  const std::uint64_t start = kind == Kind::delta ? pushed.unix_nanos - second : has_start ? began : 0;
  Metric metric = metric_of(kind);
  for (std::size_t i = 0; i < pushed.texts.size(); ++i)
    add_point(arena, metric, attributes_of(arena, pushed.first_number + i, pushed.texts[i]), start, pushed.unix_nanos);
  metrics.push(arena, metric);
  Metric progress = metric_of(Kind::counter);
  progress.name = arena.copy(std::string(progress_prefix) + pushed.source);
  add_point(arena, progress, {}, began, pushed.unix_nanos);
  progress.numbers[0].value.integer = static_cast<std::int64_t>(pushed.first_number + pushed.texts.size() - 1);
  metrics.push(arena, progress);
  otlp::encode(batch, bytes);
}

std::string_view text_in(const Attributes& attributes) {
  const Value* value = find(attributes, text_key);
  return value != nullptr && value->is_text() ? value->text() : std::string_view();
}

std::string text_of(const Value& value) {
  if (value.is_text()) return std::string(value.text());
  return value.type() == ValueType::integer ? std::to_string(value.integer()) : std::string();
}

double value_of(const NumberPoint& point) {
  return point.value.type == NumberType::real ? point.value.real : static_cast<double>(point.value.integer);
}
template <class Point>
double value_of(const Point& point) {
  return static_cast<double>(point.count);
}

template <class Batch, class Visit>
void each_of(const Batch& batch, Visit visit) {
  for (const auto& resource : batch.resources)
    for (const auto& scope : resource.scopes)
      for (const auto& record : scope.records) visit(resource.resource, record);
}

void see(const Resource& resource, const Metric& metric, const std::function<void(const SeenRecord&)>& visit) {
  const auto see_points = [&](const auto& points) {
    for (const auto& point : points) {
      SeenRecord seen{.text = text_in(point.attributes),
                      .metric = metric.name,
                      .value = value_of(point),
                      .is_cumulative = metric.temporality == Temporality::cumulative,
                      .series = {}};
      if (seen.is_cumulative && seen.text.empty()) {
        seen.series = std::to_string(point.start_time_unix_nanos);
        for (const Attributes* attributes : {&resource.attributes, &point.attributes})
          for (const KeyValue& entry : *attributes) seen.series.append(",").append(text_of(entry.value));
      }
      visit(seen);
    }
  };
  see_points(metric.numbers);
  see_points(metric.histograms);
  see_points(metric.exponential_histograms);
  see_points(metric.summaries);
}

}  // namespace

std::string encode_request(const PushedRequest& pushed) {
  Buffer bytes;
  if (pushed.signal == Signal::logs)
    encode_logs(pushed, bytes);
  else if (pushed.signal == Signal::metrics)
    encode_metrics(pushed, bytes);
  else
    encode_traces(pushed, bytes);
  return std::string(bytes.view());
}

Result<void> each_record(Signal signal, std::string_view request, const std::function<void(const SeenRecord&)>& visit) {
  if (signal == Signal::logs) {
    auto batch = otlp::decode_logs(request);
    if (!batch) return std::move(batch).error();
    each_of(*batch, [&](const Resource&, const LogRecord& record) {
      SeenRecord seen;
      if (record.body.is_text()) seen.text = record.body.text();
      const Value* count = find(record.attributes, "log_count");
      if (count != nullptr && count->type() == ValueType::integer) seen.value = static_cast<double>(count->integer());
      visit(seen);
    });
  } else if (signal == Signal::metrics) {
    auto batch = otlp::decode_metrics(request);
    if (!batch) return std::move(batch).error();
    each_of(*batch, [&](const Resource& resource, const Metric& metric) { see(resource, metric, visit); });
  } else {
    auto batch = otlp::decode_traces(request);
    if (!batch) return std::move(batch).error();
    each_of(*batch, [&](const Resource&, const Span& span) {
      SeenRecord seen;
      seen.text = text_in(span.attributes);
      visit(seen);
    });
  }
  return {};
}

char mark_of(Signal signal) { return signal == Signal::logs ? 's' : signal == Signal::metrics ? 'm' : 't'; }

Signal signal_of(const RecordId& id) {
  return id.source.starts_with('m') ? Signal::metrics : id.source.starts_with('t') ? Signal::traces : Signal::logs;
}

bool is_pushed(const std::string& source) { return !source.starts_with('f'); }

}  // namespace rankwire::simulation
