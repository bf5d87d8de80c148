// Writes telemetry to files: a line of OTLP/JSON or a length-prefixed message a batch.
#pragma once

#include "component/factory.hpp"

namespace rankwire::file {

ExporterFactory file_factory();

}  // namespace rankwire::file
