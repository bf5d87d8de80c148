// Exponential histograms as Prometheus' native ones.
#pragma once

#include "series/series.hpp"
#include "signal/metrics.hpp"

namespace rankwire::series {

// In the arena; null: finer or coarser than Prometheus can have it.
const NativeHistogram* native_histogram(const ExponentialHistogramPoint& point, Arena& arena);

}  // namespace rankwire::series
