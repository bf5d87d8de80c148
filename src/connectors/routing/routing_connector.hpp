// Sends each record to the pipelines that a table names for it.
#pragma once

#include "component/factory.hpp"

namespace rankwire::routing {

ConnectorFactory routing_factory();

}  // namespace rankwire::routing
