// Adds up an attribute of records as metrics.
#pragma once

#include "component/factory.hpp"

namespace rankwire::sum {

ConnectorFactory sum_factory();

}  // namespace rankwire::sum
