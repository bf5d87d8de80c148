// Errors as HTTP and gRPC say them: the one mapping of kinds to both protocols, and google.rpc.Status
// written by hand (three fields are not worth a protobuf library in this room).
#include "net/server_status.hpp"

#include "net/server.hpp"

namespace rankwire::net {

namespace {

// google.rpc.Code
constexpr int grpc_invalid_argument = 3;
constexpr int grpc_permission_denied = 7;
constexpr int grpc_resource_exhausted = 8;
constexpr int grpc_internal = 13;
constexpr int grpc_unavailable = 14;

constexpr std::string_view hex_digits = "0123456789ABCDEF";

void put_varint(std::string& to, std::uint64_t value) {
  while (value >= 0x80) {
    to.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  to.push_back(static_cast<char>(value));
}

void put_number(std::string& to, int field, std::uint64_t value) {
  if (value == 0) return;
  put_varint(to, static_cast<std::uint64_t>(field) << 3);
  put_varint(to, value);
}

void put_bytes(std::string& to, int field, std::string_view bytes) {
  put_varint(to, (static_cast<std::uint64_t>(field) << 3) | 2);
  put_varint(to, bytes.size());
  to.append(bytes);
}

std::string encode_retry_info(std::chrono::milliseconds wait) {
  std::string duration, info, any;
  put_number(duration, 1, static_cast<std::uint64_t>(wait.count() / 1000));
  put_number(duration, 2, static_cast<std::uint64_t>(wait.count() % 1000) * 1'000'000);
  put_bytes(info, 1, duration);
  put_bytes(any, 1, "type.googleapis.com/google.rpc.RetryInfo");
  put_bytes(any, 2, info);
  return any;
}

}  // namespace

WireStatus status_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::invalid: return {400, grpc_invalid_argument};
    case ErrorKind::refused: return {429, grpc_resource_exhausted};
    case ErrorKind::too_large: return {413, grpc_resource_exhausted};  // Without RetryInfo: for good.
    case ErrorKind::unavailable: return {503, grpc_unavailable};
    case ErrorKind::denied: return {403, grpc_permission_denied};
    case ErrorKind::cancelled: return {503, grpc_unavailable};  // We are stopping; another of us may not be.
    case ErrorKind::corrupt:
    case ErrorKind::internal: break;
  }
  return {500, grpc_internal};
}

std::string encode_status(const Error& error) {
  std::string status;
  put_number(status, 1, static_cast<std::uint64_t>(status_of(error).grpc));
  put_bytes(status, 2, error.message());
  if (error.retry_after() && error.retry_after()->count() >= 0) {
    put_bytes(status, 3, encode_retry_info(*error.retry_after()));
  }
  return status;
}

std::string encode_status_json(const Error& error) {
  std::string text = "{\"code\":" + std::to_string(status_of(error).grpc) + ",\"message\":\"";
  for (const char c : error.message()) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.push_back('\\');
      text.push_back(c);
    } else if (byte < 0x20) {
      text.append("\\u00").append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15]);
    } else {
      text.push_back(c);
    }
  }
  return text + "\"}";
}

std::string base64_unpadded(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text.push_back(digits[(bits >> (count - 6)) & 63]);
  }
  if (count > 0) text.push_back(digits[(bits << (6 - count)) & 63]);
  return text;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '%') {
      out.push_back(c);
    } else {
      out.append(1, '%').append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15]);
    }
  }
  return out;
}

std::string retry_after_seconds(std::chrono::milliseconds wait) {
  return std::to_string(std::max<std::int64_t>(1, (wait.count() + 999) / 1000));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

}  // namespace rankwire::net
