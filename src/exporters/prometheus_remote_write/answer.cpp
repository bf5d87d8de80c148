#include "exporters/prometheus_remote_write/answer.hpp"

#include "net/rpc_status.hpp"

namespace rankwire::prometheus_remote_write {

namespace {

constexpr std::size_t quote_bytes_max = 512;

ErrorKind kind_of(int status) {
  if (status == 429) return ErrorKind::refused;
  if (status >= 500) return ErrorKind::unavailable;
  return status == 401 || status == 403 || status == 407 ? ErrorKind::denied : ErrorKind::invalid;
}

}  // namespace

Result<void> judge(const net::HttpResponse& response, const Clock& clock) {
  if (response.status >= 200 && response.status <= 299) return {};
  std::string message = "the destination answered with status " + std::to_string(response.status);
  if (const std::string said = net::printable(response.body, quote_bytes_max); !said.empty()) message += ": " + said;
  const Error error(kind_of(response.status), message);
  if (const auto wait = net::retry_after_of(response, clock); wait && error.is_retryable())
    return Error(error.kind(), message, *wait);
  return error;
}

}  // namespace rankwire::prometheus_remote_write
