// A batch of metrics as series of Prometheus.
#pragma once

#include "exporters/prometheus_remote_write/series.hpp"
#include "series/cumulative_state.hpp"
#include "series/labels.hpp"
#include "signal/batch.hpp"

namespace rankwire::prometheus_remote_write {

using series::CumulativeState;
using series::LabelRules;

struct TranslationRules {
  LabelRules labels;
  bool has_target_info = true;
};

// Views into the batch, which must outlive the result. Samples of a series are in the order of the batch.
void translate(const MetricBatch& batch, const TranslationRules& rules, CumulativeState& deltas, Instant now,
               SeriesSet& to);

}  // namespace rankwire::prometheus_remote_write
