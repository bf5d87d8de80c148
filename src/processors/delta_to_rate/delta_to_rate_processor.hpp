// Turns delta sums into gauges of their increase per second. Needs no state: a delta says its interval itself.
#pragma once

#include "component/factory.hpp"

namespace rankwire::delta_to_rate {

ProcessorFactory delta_to_rate_factory();

}  // namespace rankwire::delta_to_rate
