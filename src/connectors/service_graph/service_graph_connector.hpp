// Who calls whom, how often, how long and with how many failures, as metrics, from spans.
#pragma once

#include "component/factory.hpp"

namespace rankwire::service_graph {

ConnectorFactory service_graph_factory();

}  // namespace rankwire::service_graph
