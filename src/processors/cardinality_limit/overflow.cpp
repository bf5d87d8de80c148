#include "processors/cardinality_limit/overflow.hpp"

#include <algorithm>

#include "signal/aggregate.hpp"
#include "signal/exponential_buckets.hpp"

namespace rankwire::cardinality_limit {
namespace {

// Leaves the last point of each series, unless all of them count.
template <class Point>
void keep_last(std::vector<Excess<Point>>& points, const Metric& metric) {
  if (metric.temporality == Temporality::delta) return;
  // Stable: of equal times the later one in the batch is the last.
  std::stable_sort(points.begin(), points.end(), [](const Excess<Point>& a, const Excess<Point>& b) {
    if (!(a.series == b.series))
      return a.series.low != b.series.low ? a.series.low < b.series.low : a.series.high < b.series.high;
    return a.point.time_unix_nanos > b.point.time_unix_nanos;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.size();) {
    const std::size_t first = i;
    std::size_t last = i;
    while (i < points.size() && points[i].series == points[first].series) {
      if (points[i].point.time_unix_nanos == points[first].point.time_unix_nanos) last = i;
      ++i;
    }
    points[kept++] = points[last];
  }
  points.resize(kept);
}

void add(NumberPoint& into, const NumberPoint& from, Arena&) { into.value = sum_of(into.value, from.value); }
void add(HistogramPoint& into, const HistogramPoint& from, Arena& arena) {
  if (add_distribution(into, from, arena)) return;
  HistogramPoint bare = from;
  for (HistogramPoint* const point : {&into, &bare}) {
    point->bucket_counts = {};
    point->explicit_bounds = {};
  }
  add_distribution(into, bare, arena);
}
void add(ExponentialHistogramPoint& into, const ExponentialHistogramPoint& from, Arena& arena) {
  add_distribution(into, from, arena);
}
void add(SummaryPoint& into, const SummaryPoint& from, Arena&) {
  into.count += from.count;
  into.sum += from.sum;
}

template <class Point>
Point joined(std::vector<Excess<Point>>& points, const Metric& metric, Arena& arena) {
  keep_last(points, metric);
  Point all = points[0].point;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point& next = points[i].point;
    add(all, next, arena);
    all.start_time_unix_nanos = std::min(all.start_time_unix_nanos, next.start_time_unix_nanos);
    all.time_unix_nanos = std::max(all.time_unix_nanos, next.time_unix_nanos);
  }
  if constexpr (requires { all.exemplars; }) all.exemplars = {};
  if constexpr (requires { all.quantiles; }) all.quantiles = {};
  all.attributes = {};
  all.attributes.push(arena, {overflow_key, Value::of(true)});
  return all;
}

}  // namespace

NumberPoint joined_points(std::vector<Excess<NumberPoint>>& points, const Metric& metric, Arena& arena) {
  if (metric.type != MetricType::gauge) return joined(points, metric, arena);
  std::size_t last = 0;
  for (std::size_t i = 1; i < points.size(); ++i)
    if (points[i].point.time_unix_nanos >= points[last].point.time_unix_nanos) last = i;
  std::vector<Excess<NumberPoint>> one{points[last]};
  return joined(one, metric, arena);
}

HistogramPoint joined_points(std::vector<Excess<HistogramPoint>>& points, const Metric& metric, Arena& arena) {
  return joined(points, metric, arena);
}

ExponentialHistogramPoint joined_points(std::vector<Excess<ExponentialHistogramPoint>>& points, const Metric& metric,
                                        Arena& arena) {
  return joined(points, metric, arena);
}

SummaryPoint joined_points(std::vector<Excess<SummaryPoint>>& points, const Metric& metric, Arena& arena) {
  return joined(points, metric, arena);
}

}  // namespace rankwire::cardinality_limit
