#include "pushed.hpp"

#include "otlp/otlp.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::simulation {
namespace {

constexpr std::string_view text_key = "note";

template <class Batch>
auto& new_records(Batch& batch) {
  auto& resource = batch.resources.push(batch.arena(), {});
  return resource.scopes.push(batch.arena(), {}).records;
}

void add_text(Arena& arena, Attributes& attributes, const std::string& text) {
  attributes.push(arena, {text_key, Value::of(arena.copy(text))});
}

void visit_text(const Attributes& attributes, const std::function<void(std::string_view)>& visit) {
  for (const KeyValue& entry : attributes)
    if (entry.key == text_key && entry.value.is_text()) visit(entry.value.text());
}

template <class Batch, class Visit>
void each_record(const Batch& batch, Visit visit) {
  for (const auto& resource : batch.resources)
    for (const auto& scope : resource.scopes)
      for (const auto& record : scope.records) visit(record);
}

std::string bytes_of(const auto& batch) {
  Buffer bytes;
  otlp::encode(batch, bytes);
  return std::string(bytes.view());
}

}  // namespace

std::string encode_texts(Signal signal, const std::vector<std::string>& texts) {
  if (signal == Signal::logs) return bytes_of(testing::log_batch(texts));
  if (signal == Signal::metrics) {
    MetricBatch batch;
    Metric metric;
    metric.name = "step.loss";
    metric.type = MetricType::gauge;
    for (const std::string& text : texts) {
      NumberPoint point;
      point.value.type = NumberType::real;
      point.value.real = 2.1;
      add_text(batch.arena(), point.attributes, text);
      metric.numbers.push(batch.arena(), point);
    }
    new_records(batch).push(batch.arena(), metric);
    return bytes_of(batch);
  }
  TraceBatch batch;
  auto& spans = new_records(batch);
  for (const std::string& text : texts) {
    Span span;
    span.name = "step";
    add_text(batch.arena(), span.attributes, text);
    spans.push(batch.arena(), span);
  }
  return bytes_of(batch);
}

Result<void> each_text(Signal signal, std::string_view request, const std::function<void(std::string_view)>& visit) {
  if (signal == Signal::logs) {
    auto batch = otlp::decode_logs(request);
    if (!batch) return std::move(batch).error();
    each_record(*batch, [&](const LogRecord& record) {
      if (record.body.is_text()) visit(record.body.text());
    });
  } else if (signal == Signal::metrics) {
    auto batch = otlp::decode_metrics(request);
    if (!batch) return std::move(batch).error();
    each_record(*batch, [&](const Metric& metric) {
      for (const NumberPoint& point : metric.numbers) visit_text(point.attributes, visit);
    });
  } else {
    auto batch = otlp::decode_traces(request);
    if (!batch) return std::move(batch).error();
    each_record(*batch, [&](const Span& span) { visit_text(span.attributes, visit); });
  }
  return {};
}

char mark_of(Signal signal) { return signal == Signal::logs ? 's' : signal == Signal::metrics ? 'm' : 't'; }

bool is_pushed(const std::string& source) { return !source.starts_with('f'); }

}  // namespace rankwire::simulation
