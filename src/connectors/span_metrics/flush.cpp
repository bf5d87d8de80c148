// From what was counted to metrics, and forgetting what is due.
#include <algorithm>

#include "connectors/span_metrics/aggregation.hpp"

namespace rankwire::span_metrics {
namespace {

constexpr std::string_view scope_name = "spanmetricsconnector";

bool is_earlier(const Series* a, const Series* b) { return a->order < b->order; }

}  // namespace

MetricBatch Aggregation::flush(bool is_last) {
  now_ = world_.clock.now();
  now_unix_nanos_ = world_.clock.unix_nanos();
  std::vector<Series*> all;
  const auto take = [&](Series& series) {
    if (!is_delta_ || series.is_changed) all.push_back(&series);
  };
  series_.for_each([&](SeriesMap::Entry& entry) { take(entry.state); });
  const auto take_overflow = [&](ResourceState& resource) {
    for (auto& series : resource.overflow)
      if (series != nullptr) take(*series);
  };
  resources_.for_each([&](ResourceMap::Entry& entry) { take_overflow(entry.state); });
  take_overflow(overflow_resource_);

  std::sort(all.begin(), all.end(), [](const Series* a, const Series* b) {
    if (a->resource != b->resource) {
      if (a->resource->order != b->resource->order) return a->resource->order < b->resource->order;
      return a->resource < b->resource;
    }
    return is_earlier(a, b);
  });
  MetricBatch batch;
  std::vector<Series*> of_resource;
  for (std::size_t i = 0; i < all.size(); ++i) {
    of_resource.push_back(all[i]);
    if (i + 1 < all.size() && all[i + 1]->resource == all[i]->resource) continue;
    write(*all[i]->resource, of_resource, batch, is_last);
    of_resource.clear();
  }
  for (Series* series : all) flushed(*series, is_last);
  forget_what_is_due();
  return batch;
}

void Aggregation::write(ResourceState& resource, const std::vector<Series*>& series, MetricBatch& batch, bool is_last) {
  Arena& arena = batch.arena();
  MetricResource& group = batch.resources.add(arena);
  group.resource.attributes = deep_copy(resource.attributes.view(), arena);
  MetricScope& scope = group.scopes.add(arena);
  scope.scope.name = scope_name;
  const auto add_metric = [&](const std::string& name, auto is_of, auto write_point) {
    Metric metric;
    metric.name = arena.copy(name);
    metric.temporality = config_.aggregation_temporality;
    for (Series* one : series)
      if (is_of(*one)) write_point(*one, metric);
    if (metric.point_count() != 0) scope.records.push(arena, metric);
  };
  const List<double> bounds = shape_.copy_bounds(arena);
  const auto sum = [&](Series& one, Metric& metric) {
    metric.type = MetricType::sum;
    metric.is_monotonic = true;
    write_sum(one, metric, arena, is_last);
  };
  add_metric(calls_name_, [](const Series& one) { return one.is_calls; }, sum);
  add_metric(
      durations_name_, [](const Series& one) { return one.is_durations; },
      [&](Series& one, Metric& metric) {
        metric.unit = config_.histogram.unit == Unit::seconds ? "s" : "ms";
        write_durations(one, bounds, metric, arena);
      });
  add_metric(events_name_, [](const Series& one) { return one.is_events; }, sum);
}

template <class Point>
void Aggregation::finish(const Series& series, Point& point, Arena& arena) const {
  point.start_time_unix_nanos = series.start_unix_nanos;
  point.time_unix_nanos = now_unix_nanos_;
  point.attributes = deep_copy(series.attributes.view(), arena);
  for (const StoredExemplar& stored : series.exemplars) {
    Exemplar& exemplar = point.exemplars.add(arena);
    exemplar.time_unix_nanos = now_unix_nanos_;
    exemplar.trace_id = stored.trace_id;
    exemplar.span_id = stored.span_id;
    exemplar.value.type = NumberType::real;
    exemplar.value.real = stored.value;
  }
}

void Aggregation::write_sum(Series& series, Metric& metric, Arena& arena, bool is_last) {
  NumberPoint& point = metric.numbers.add(arena);
  point.value.type = NumberType::integer;
  point.value.integer = series.is_new && !is_delta_ && !is_last ? 0 : static_cast<std::int64_t>(series.count);
  finish(series, point, arena);
}

void Aggregation::write_durations(const Series& series, const List<double>& bounds, Metric& metric, Arena& arena) {
  if (shape_.exponential_max != 0) {
    metric.type = MetricType::exponential_histogram;
    finish(series, series.durations.add_exponential(metric.exponential_histograms, arena), arena);
  } else {
    metric.type = MetricType::histogram;
    finish(series, series.durations.add_explicit(shape_, bounds, metric.histograms, arena), arena);
  }
}

void Aggregation::flushed(Series& series, bool is_last) {
  series.exemplars.clear();
  const bool is_unsaid = series.is_new && !is_delta_ && !is_last && (series.is_calls || series.is_events);
  series.is_new = false;
  series.is_changed = is_unsaid;
  if (!is_delta_) return;
  series.count = 0;
  series.durations.reset();
  series.start_unix_nanos = now_unix_nanos_;
}

void Aggregation::forget_what_is_due() {
  if (is_delta_) {
    while (series_.size() > config_.metric_timestamp_cache_size) forget(*series_.oldest(), false);
    resources_.for_each([](ResourceMap::Entry& entry) { entry.state.series = {}; });
  }
  if (config_.series_expiration.count() > 0)
    series_.for_each([&](SeriesMap::Entry& entry) {
      if (!entry.state.is_changed && now_ - entry.used_at() >= config_.series_expiration) forget(entry, false);
    });
  forget_resources();
}

// Those that are due, and those used least recently beyond how many are kept. A resource goes with all its series, and
// not before points have said what they hold.
void Aggregation::forget_resources() {
  std::size_t excess =
      resources_.size() - std::min<std::size_t>(resources_.size(), config_.resource_metrics_cache_size);
  std::vector<const ResourceState*> going;
  resources_.for_each([&](ResourceMap::Entry& entry) {  // Least recently used first.
    const ResourceState& state = entry.state;
    const bool is_due = config_.metrics_expiration.count() > 0 && now_ - state.used_at >= config_.metrics_expiration;
    const bool is_empty = is_delta_ && state.entries == 0;
    if (!is_due && !is_empty && excess == 0) return;
    if (excess != 0) --excess;
    going.push_back(&state);
  });
  if (going.empty()) return;
  std::sort(going.begin(), going.end());
  const auto goes = [&](const ResourceState* state) { return std::binary_search(going.begin(), going.end(), state); };
  series_.for_each([&](SeriesMap::Entry& entry) {
    if (goes(entry.state.resource) && !entry.state.is_changed) forget(entry, false);
  });
  resources_.for_each([&](ResourceMap::Entry& entry) {
    const ResourceState& state = entry.state;
    if (!goes(&state) || state.entries != 0) return;
    for (const auto& series : state.overflow)
      if (series != nullptr && series->is_changed) return;
    resources_.expire(entry);
  });
}

}  // namespace rankwire::span_metrics
