// Ends one pipeline and starts others with the same data.
#pragma once

#include "component/factory.hpp"

namespace rankwire::forward {

ConnectorFactory forward_factory();

}  // namespace rankwire::forward
