// Errors as HTTP and gRPC say them. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rankwire::net {

// google.rpc.Status in protobuf, with RetryInfo when the error says when to come back.
std::string encode_status(const Error& error);
// The same as JSON, without details.
std::string encode_status_json(const Error& error);
std::string base64_unpadded(std::string_view bytes);
// grpc-message: printable ASCII except '%', the rest as %XX.
std::string percent_encoded(std::string_view text);
// Whole seconds for Retry-After, rounded up, at least 1.
std::string retry_after_seconds(std::chrono::milliseconds wait);
std::string_view reason_phrase(int status);

}  // namespace rankwire::net
