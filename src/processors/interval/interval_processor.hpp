// Keeps the latest point of each series and passes one on per interval.
#pragma once

#include "component/factory.hpp"

namespace rankwire::interval {

ProcessorFactory interval_factory();

}  // namespace rankwire::interval
