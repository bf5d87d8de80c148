// A batch of metrics as series of Prometheus.
#pragma once

#include "exporters/prometheus_remote_write/cumulative_state.hpp"
#include "exporters/prometheus_remote_write/labels.hpp"
#include "exporters/prometheus_remote_write/series.hpp"
#include "signal/batch.hpp"

namespace rankwire::prometheus_remote_write {

struct TranslationRules {
  LabelRules labels;
  bool has_target_info = true;
};

// Views into the batch, which must outlive the result. Samples of a series are in the order of the batch.
void translate(const MetricBatch& batch, const TranslationRules& rules, CumulativeState& deltas, Instant now,
               SeriesSet& to);

// In the arena; null: finer or coarser than Prometheus can have it.
const NativeHistogram* native_histogram(const ExponentialHistogramPoint& point, Arena& arena);

}  // namespace rankwire::prometheus_remote_write
