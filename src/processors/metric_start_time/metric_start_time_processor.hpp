// Gives cumulative points without a start time one, by the strategy that is configured.
#pragma once

#include "component/factory.hpp"

namespace rankwire::metric_start_time {

ProcessorFactory metric_start_time_factory();

}  // namespace rankwire::metric_start_time
