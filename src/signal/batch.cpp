#include "signal/batch.hpp"

#include <algorithm>

namespace rankwire {

std::string_view to_string(Signal signal) {
  switch (signal) {
    case Signal::logs: return "logs";
    case Signal::metrics: return "metrics";
    case Signal::traces: return "traces";
  }
  return "unknown";
}

std::string_view record_noun(Signal signal) {
  switch (signal) {
    case Signal::logs: return "log_records";
    case Signal::metrics: return "metric_points";
    case Signal::traces: return "spans";
  }
  return "records";
}

namespace {
std::uint64_t count_of(const List<LogRecord>& records) { return records.size(); }
std::uint64_t count_of(const List<Span>& records) { return records.size(); }
std::uint64_t count_of(const List<Metric>& metrics) {
  std::uint64_t count = 0;
  for (const Metric& metric : metrics) count += metric.point_count();
  return count;
}
}  // namespace

template <class Record>
std::uint64_t RecordBatch<Record>::record_count() const {
  std::uint64_t count = 0;
  for (const auto& resource : resources)
    for (const auto& scope : resource.scopes) count += count_of(scope.records);
  return count;
}

template <class Record>
Bytes RecordBatch<Record>::memory_bytes() const {
  std::uint64_t bytes = memory_->arena.reserved_bytes();
  for (const SharedBytes& buffer : memory_->buffers) bytes += buffer->capacity();
  for (const auto& memory : shared_) bytes += memory->arena.reserved_bytes();
  return {bytes};
}

namespace {

template <class T>
void own_copy(List<T>& list, Arena& arena) {
  List<T> copy;
  copy.reserve(arena, list.size());
  for (const T& element : std::as_const(list)) copy.push(arena, element);
  list = copy;
}

template <class Point>
void own_points(List<Point>& points, Arena& arena) {
  own_copy(points, arena);
  for (Point& point : points) {
    own_copy(point.attributes, arena);
    if constexpr (requires { point.exemplars; }) {
      own_copy(point.exemplars, arena);
      for (Exemplar& exemplar : point.exemplars) own_copy(exemplar.filtered_attributes, arena);
    }
  }
}

}  // namespace

void own_lists(LogRecord& record, Arena& arena) { own_copy(record.attributes, arena); }

void own_lists(Span& span, Arena& arena) {
  own_copy(span.attributes, arena);
  own_copy(span.events, arena);
  for (SpanEvent& event : span.events) own_copy(event.attributes, arena);
  own_copy(span.links, arena);
  for (SpanLink& link : span.links) own_copy(link.attributes, arena);
}

void own_lists(Metric& metric, Arena& arena) {
  own_copy(metric.metadata, arena);
  own_points(metric.numbers, arena);
  own_points(metric.histograms, arena);
  for (HistogramPoint& point : metric.histograms) {
    own_copy(point.bucket_counts, arena);
    own_copy(point.explicit_bounds, arena);
  }
  own_points(metric.exponential_histograms, arena);
  for (ExponentialHistogramPoint& point : metric.exponential_histograms) {
    own_copy(point.positive.bucket_counts, arena);
    own_copy(point.negative.bucket_counts, arena);
  }
  own_points(metric.summaries, arena);
  for (SummaryPoint& point : metric.summaries) own_copy(point.quantiles, arena);
}

Metric clone(const Metric& metric, Arena& arena) {
  Metric copy = metric;
  own_lists(copy, arena);
  return copy;
}

void own_lists(Resource& resource, Arena& arena) {
  own_copy(resource.attributes, arena);
  own_copy(resource.entities, arena);
}

void own_lists(Scope& scope, Arena& arena) { own_copy(scope.attributes, arena); }

template <class Record>
void own_lists(ResourceGroup<Record>& group, Arena& arena) {
  own_lists(group.resource, arena);
  own_copy(group.scopes, arena);
  for (auto& scope : group.scopes) {
    own_lists(scope.scope, arena);
    own_copy(scope.records, arena);
    for (Record& record : scope.records) own_lists(record, arena);
  }
}

template void own_lists(ResourceGroup<LogRecord>&, Arena&);
template void own_lists(ResourceGroup<Metric>&, Arena&);
template void own_lists(ResourceGroup<Span>&, Arena&);

template <class Record>
void RecordBatch<Record>::share(const RecordBatch& other) {
  const auto add = [this](const std::shared_ptr<BatchMemory>& memory) {
    if (memory != memory_ && std::find(shared_.begin(), shared_.end(), memory) == shared_.end())
      shared_.push_back(memory);
  };
  for (const auto& memory : other.shared_) add(memory);
  add(other.memory_);
}

template <class Record>
RecordBatch<Record> RecordBatch<Record>::clone() const {
  RecordBatch copy = sharing();
  copy.resources = resources;
  own_copy(copy.resources, copy.arena());
  for (auto& group : copy.resources) own_lists(group, copy.arena());
  return copy;
}

template <class Record>
void RecordBatch<Record>::reset() {
  resources = {};
  shared_.clear();
  if (memory_.use_count() == 1) {
    memory_->arena.reset();
    memory_->buffers.clear();
  } else {
    memory_ = std::make_shared<BatchMemory>();
  }
}

template class RecordBatch<LogRecord>;
template class RecordBatch<Metric>;
template class RecordBatch<Span>;

Signal SignalBatch::signal() const {
  if (is_wire()) return wire().signal;
  if (std::holds_alternative<LogBatch>(form_)) return Signal::logs;
  return std::holds_alternative<MetricBatch>(form_) ? Signal::metrics : Signal::traces;
}

std::uint64_t SignalBatch::record_count() const {
  if (is_wire()) return wire().record_count;
  return std::visit(
      [](const auto& batch) -> std::uint64_t {
        if constexpr (requires { batch.chunks; })
          return batch.record_count;
        else
          return batch.record_count();
      },
      form_);
}

Bytes SignalBatch::memory_bytes() const {
  return std::visit(
      [](const auto& batch) -> Bytes {
        if constexpr (requires { batch.chunks; })
          return batch.size;
        else
          return batch.memory_bytes();
      },
      form_);
}

SignalBatch SignalBatch::clone() const {
  SignalBatch copy = std::visit(
      [](const auto& batch) -> SignalBatch {
        if constexpr (requires { batch.chunks; })
          return WireBatch(batch);
        else
          return batch.clone();
      },
      form_);
  copy.client_ = client_;
  return copy;
}

}  // namespace rankwire
