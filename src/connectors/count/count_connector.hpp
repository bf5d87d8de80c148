// Counts records as metrics.
#pragma once

#include "component/factory.hpp"

namespace rankwire::count {

ConnectorFactory count_factory();

}  // namespace rankwire::count
