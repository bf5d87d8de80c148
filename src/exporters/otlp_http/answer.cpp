// Statuses to outcomes.
#include "exporters/otlp_http/answer.hpp"

#include "net/rpc_status.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp_http {

namespace {

constexpr std::size_t quote_bytes_max = 512;

// Without parameters such as charset.
std::string_view media_type(const net::HttpResponse& response) {
  const std::string_view type = response.header("content-type");
  return type.substr(0, type.find_first_of("; "));
}

// What the server said, as text.
std::string explanation(const net::HttpResponse& response) {
  if (media_type(response) == "application/x-protobuf") {
    const auto status = net::parse_rpc_status(response.body);
    return status ? net::printable(status->message, quote_bytes_max) : std::string();
  }
  return net::printable(response.body, quote_bytes_max);
}

Error refusal(const net::HttpResponse& response, const Clock& clock) {
  std::string message = "the destination answered with status " + std::to_string(response.status);
  if (const std::string said = explanation(response); !said.empty()) message += ": " + said;
  ErrorKind kind = ErrorKind::invalid;
  switch (response.status) {
    case 429: kind = ErrorKind::refused; break;
    case 502:
    case 503:
    case 504: kind = ErrorKind::unavailable; break;
    case 401:
    case 403:
    case 407: kind = ErrorKind::denied; break;
    default: break;
  }
  const auto wait = net::retry_after_of(response, clock);
  const bool is_retryable = kind == ErrorKind::refused || kind == ErrorKind::unavailable;
  if (is_retryable && wait) return Error(kind, std::move(message), *wait);
  return Error(kind, std::move(message));
}

}  // namespace

Result<Receipt> judge(const net::HttpResponse& response, Signal signal, const Clock& clock) {
  if (response.status < 200 || response.status > 299) return refusal(response, clock);
  if (response.body.empty()) return Receipt{};
  const std::string_view type = media_type(response);
  if (type != "application/x-protobuf" && type != "application/json") return Receipt{};  // Nothing of OTLP's.
  const auto said = type == "application/json" ? otlp::decode_response_json(response.body, signal)
                                               : otlp::decode_response(response.body, signal);
  if (!said)
    return Error(ErrorKind::invalid,
                 "the destination accepted the batch with an answer that is not OTLP: " + said.error().message());
  return Receipt{.rejected = said->rejected, .reason = net::printable(said->message, quote_bytes_max)};
}

}  // namespace rankwire::otlp_http
