// Sends everything to the first of several levels of pipelines that takes it.
#pragma once

#include "component/factory.hpp"

namespace rankwire::failover {

ConnectorFactory failover_factory();

}  // namespace rankwire::failover
