// Answers probes over HTTP: is the agent up, and do its destinations take data?
#pragma once

#include "component/factory.hpp"

namespace rankwire::health_check {

ExtensionFactory health_check_factory();

}  // namespace rankwire::health_check
