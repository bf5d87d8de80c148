#include "signal/deep_copy.hpp"

namespace rankwire {
namespace {

template <class T>
List<T> copy_of(const List<T>& list, Arena& arena) {
  List<T> copy = List<T>::shared(list.data(), list.size());
  copy.own(arena);
  return copy;
}

List<std::string_view> copy_of_texts(const List<std::string_view>& texts, Arena& arena) {
  List<std::string_view> copy;
  copy.reserve(arena, texts.size());
  for (const std::string_view text : texts) copy.push(arena, arena.copy(text));
  return copy;
}

List<Exemplar> copy_of_exemplars(const List<Exemplar>& exemplars, Arena& arena) {
  List<Exemplar> copy = copy_of(exemplars, arena);
  for (Exemplar& exemplar : copy) exemplar.filtered_attributes = deep_copy(exemplar.filtered_attributes, arena);
  return copy;
}

}  // namespace

Resource deep_copy(const Resource& resource, Arena& arena) {
  Resource copy = resource;
  copy.attributes = deep_copy(resource.attributes, arena);
  copy.entities = copy_of(resource.entities, arena);
  for (EntityRef& entity : copy.entities) {
    entity.schema_url = arena.copy(entity.schema_url);
    entity.type = arena.copy(entity.type);
    entity.id_keys = copy_of_texts(entity.id_keys, arena);
    entity.description_keys = copy_of_texts(entity.description_keys, arena);
  }
  return copy;
}

Scope deep_copy(const Scope& scope, Arena& arena) {
  Scope copy = scope;
  copy.name = arena.copy(scope.name);
  copy.version = arena.copy(scope.version);
  copy.attributes = deep_copy(scope.attributes, arena);
  return copy;
}

LogRecord deep_copy(const LogRecord& record, Arena& arena) {
  LogRecord copy = record;
  copy.severity_text = arena.copy(record.severity_text);
  copy.event_name = arena.copy(record.event_name);
  copy.body = deep_copy(record.body, arena);
  copy.attributes = deep_copy(record.attributes, arena);
  return copy;
}

Span deep_copy(const Span& span, Arena& arena) {
  Span copy = span;
  copy.trace_state = arena.copy(span.trace_state);
  copy.name = arena.copy(span.name);
  copy.status_message = arena.copy(span.status_message);
  copy.attributes = deep_copy(span.attributes, arena);
  copy.events = copy_of(span.events, arena);
  for (SpanEvent& event : copy.events) {
    event.name = arena.copy(event.name);
    event.attributes = deep_copy(event.attributes, arena);
  }
  copy.links = copy_of(span.links, arena);
  for (SpanLink& link : copy.links) {
    link.trace_state = arena.copy(link.trace_state);
    link.attributes = deep_copy(link.attributes, arena);
  }
  return copy;
}

Metric deep_copy_head(const Metric& metric, Arena& arena) {
  Metric copy;
  copy.name = arena.copy(metric.name);
  copy.description = arena.copy(metric.description);
  copy.unit = arena.copy(metric.unit);
  copy.metadata = deep_copy(metric.metadata, arena);
  copy.type = metric.type;
  copy.temporality = metric.temporality;
  copy.is_monotonic = metric.is_monotonic;
  return copy;
}

NumberPoint deep_copy(const NumberPoint& point, Arena& arena) {
  NumberPoint copy = point;
  copy.attributes = deep_copy(point.attributes, arena);
  copy.exemplars = copy_of_exemplars(point.exemplars, arena);
  return copy;
}

HistogramPoint deep_copy(const HistogramPoint& point, Arena& arena) {
  HistogramPoint copy = point;
  copy.bucket_counts = copy_of(point.bucket_counts, arena);
  copy.explicit_bounds = copy_of(point.explicit_bounds, arena);
  copy.attributes = deep_copy(point.attributes, arena);
  copy.exemplars = copy_of_exemplars(point.exemplars, arena);
  return copy;
}

ExponentialHistogramPoint deep_copy(const ExponentialHistogramPoint& point, Arena& arena) {
  ExponentialHistogramPoint copy = point;
  copy.positive.bucket_counts = copy_of(point.positive.bucket_counts, arena);
  copy.negative.bucket_counts = copy_of(point.negative.bucket_counts, arena);
  copy.attributes = deep_copy(point.attributes, arena);
  copy.exemplars = copy_of_exemplars(point.exemplars, arena);
  return copy;
}

SummaryPoint deep_copy(const SummaryPoint& point, Arena& arena) {
  SummaryPoint copy = point;
  copy.quantiles = copy_of(point.quantiles, arena);
  copy.attributes = deep_copy(point.attributes, arena);
  return copy;
}

}  // namespace rankwire
