// What the destination's status means for a batch, by the OTLP/gRPC specification as otelcol applies it.
#pragma once

#include "component/component.hpp"
#include "net/grpc_client.hpp"

namespace rankwire {

// Retryable: Canceled, DeadlineExceeded, Aborted, OutOfRange, Unavailable and DataLoss
// (`unavailable`), and ResourceExhausted with a RetryInfo (`refused`); with the server's delay. Every
// other status is for good, as is an acceptance that cannot be read.
Result<Receipt> judge_otlp_grpc(const net::GrpcResponse& response, Signal signal);

}  // namespace rankwire
