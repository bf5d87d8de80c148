// The small text encodings of HTTP and gRPC headers. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace rankwire::net {

// "%E2%9C%93 ok" of grpc-message; what is not a valid escape stays as it is.
std::string percent_decode(std::string_view text);
// Base64 with or without padding, as binary metadata has it; nothing if it is not.
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);
// "1500m": the time left as grpc-timeout wants it, at most eight digits.
std::string grpc_timeout(Duration left);
// google.rpc.Code of an HTTP status without grpc-status: an answer of something that is not gRPC.
int grpc_code_of_http(int status);

}  // namespace rankwire::net
