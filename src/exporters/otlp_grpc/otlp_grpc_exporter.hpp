// Sends batches as OTLP over gRPC.
#pragma once

#include "component/factory.hpp"

namespace rankwire::otlp_grpc {

ExporterFactory otlp_grpc_factory();

}  // namespace rankwire::otlp_grpc
