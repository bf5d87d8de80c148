// The overflow series: one point in which all points over the budget of a metric are joined.
#pragma once

#include <vector>

#include "signal/identity.hpp"

namespace rankwire::cardinality_limit {

inline constexpr std::string_view overflow_key = "otel.metric.overflow";

template <class Point>
struct Excess {
  Identity series;
  Point point;
};

// `points` is not empty and gets sorted. Deltas are added; of cumulative series only the last point of each is, or
// they would count twice; of gauges the last of all stays. Exemplars go.
NumberPoint joined_points(std::vector<Excess<NumberPoint>>& points, const Metric& metric, Arena& arena);
// Histograms whose bounds differ keep count and sum and lose their buckets.
HistogramPoint joined_points(std::vector<Excess<HistogramPoint>>& points, const Metric& metric, Arena& arena);
ExponentialHistogramPoint joined_points(std::vector<Excess<ExponentialHistogramPoint>>& points, const Metric& metric,
                                        Arena& arena);
// Quantiles cannot be joined; count and sum can.
SummaryPoint joined_points(std::vector<Excess<SummaryPoint>>& points, const Metric& metric, Arena& arena);

}  // namespace rankwire::cardinality_limit
