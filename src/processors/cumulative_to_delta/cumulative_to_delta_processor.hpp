// Turns cumulative monotonic sums and histograms into deltas by remembering the last point of every series.
#pragma once

#include "component/factory.hpp"

namespace rankwire::cumulative_to_delta {

ProcessorFactory cumulative_to_delta_factory();

}  // namespace rankwire::cumulative_to_delta
