// Statuses to outcomes.
#include "component/otlp_grpc_answer.hpp"

#include "net/rpc_status.hpp"
#include "otlp/otlp.hpp"

namespace rankwire {

namespace {

constexpr std::size_t quote_bytes_max = 512;

// google.rpc.Code, as far as it decides anything here.
enum : int {
  code_ok = 0,
  code_canceled = 1,
  code_deadline_exceeded = 4,
  code_permission_denied = 7,
  code_resource_exhausted = 8,
  code_aborted = 10,
  code_out_of_range = 11,
  code_unavailable = 14,
  code_data_loss = 15,
  code_unauthenticated = 16,
};

ErrorKind kind_of(const net::GrpcResponse& response) {
  switch (response.status) {
    case code_canceled:
    case code_deadline_exceeded:
    case code_aborted:
    case code_out_of_range:
    case code_unavailable:
    case code_data_loss: return ErrorKind::unavailable;
    // Without a delay it means a quota or a message too large, and sending again does not help.
    case code_resource_exhausted: return response.retry_delay ? ErrorKind::refused : ErrorKind::invalid;
    case code_permission_denied:
    case code_unauthenticated: return ErrorKind::denied;
    default: return ErrorKind::invalid;
  }
}

}  // namespace

Result<Receipt> judge_otlp_grpc(const net::GrpcResponse& response, Signal signal) {
  if (response.status != code_ok) {
    std::string message = "the destination answered " + net::rpc_code_name(response.status);
    if (const std::string said = net::printable(response.message, quote_bytes_max); !said.empty())
      message += ": " + said;
    const ErrorKind kind = kind_of(response);
    const bool is_retryable = kind == ErrorKind::unavailable || kind == ErrorKind::refused;
    if (is_retryable && response.retry_delay) return Error(kind, std::move(message), *response.retry_delay);
    return Error(kind, std::move(message));
  }
  if (response.body.empty()) return Receipt{};
  const auto said = otlp::decode_response(response.body, signal);
  if (!said)
    return Error(ErrorKind::invalid,
                 "the destination accepted the batch with an answer that is not OTLP: " + said.error().message());
  return Receipt{.rejected = said->rejected, .reason = net::printable(said->message, quote_bytes_max)};
}

}  // namespace rankwire
