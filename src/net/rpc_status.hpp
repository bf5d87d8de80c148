// google.rpc.Status, the protobuf in which OTLP/HTTP servers explain a refusal and gRPC servers put
// details (grpc-status-details-bin). Only what a sender acts on is read.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rankwire::net {

struct RpcStatus {
  int code = 0;  // google.rpc.Code
  std::string message;
  std::optional<std::chrono::milliseconds> retry_delay;  // Of a google.rpc.RetryInfo among the details.
};

// Nothing if the bytes are not such a message.
std::optional<RpcStatus> parse_rpc_status(std::string_view bytes);

// The 16 codes that gRPC defines, by name; "CODE_17" for others.
std::string rpc_code_name(int code);

// Text from the other side made fit for our log: one line, printable, at most `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max);

}  // namespace rankwire::net
