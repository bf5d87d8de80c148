// Adds to every resource what is found out about the machine, container or cluster that the agent runs in.
#pragma once

#include "component/factory.hpp"

namespace rankwire::resource_detection {

ProcessorFactory resource_detection_factory();

}  // namespace rankwire::resource_detection
