// The operations of one transform, compiled: changes to the labels, points and values of one metric.
#pragma once

#include "processors/metrics_transform/metric_filter.hpp"

namespace rankwire::metrics_transform {

class MetricOperations {
 public:
  explicit MetricOperations(std::vector<OperationConfig> operations);

  // `is_whole`: the metric as a whole is meant, not only points with certain labels. Then labels may be added,
  // aggregated and points deleted; else only what concerns single points is done.
  void apply(Metric& metric, const MetricFilter& filter, bool is_whole, Arena& arena) const;

 private:
  std::vector<OperationConfig> operations_;
};

}  // namespace rankwire::metrics_transform
