// Sends batches as OTLP over HTTP.
#pragma once

#include "component/factory.hpp"

namespace rankwire::otlp_http {

ExporterFactory otlp_http_factory();

}  // namespace rankwire::otlp_http
