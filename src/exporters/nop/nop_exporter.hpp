// Accepts everything and does nothing with it.
#pragma once

#include "component/factory.hpp"

namespace rankwire::nop {

ExporterFactory nop_factory();

}  // namespace rankwire::nop
