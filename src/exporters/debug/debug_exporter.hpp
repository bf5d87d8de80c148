// Prints telemetry for people: counts, a line a record, or every field.
#pragma once

#include "component/factory.hpp"

namespace rankwire::debug {

ExporterFactory debug_factory();

}  // namespace rankwire::debug
