// Gives each batch to one of the pipelines that it feeds, in turn.
#pragma once

#include "component/factory.hpp"

namespace rankwire::round_robin {

ConnectorFactory round_robin_factory();

}  // namespace rankwire::round_robin
