// Sends records that belong together to the same of several destinations.
#pragma once

#include "component/factory.hpp"

namespace rankwire::load_balancing {

ExporterFactory load_balancing_factory();

}  // namespace rankwire::load_balancing
