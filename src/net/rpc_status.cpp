// A reader of three small messages: Status, Any and RetryInfo.
#include "net/rpc_status.hpp"

#include <array>
#include <cstdint>

namespace rankwire::net {

namespace {

// One protobuf field after another. Malformed input ends the walk with `is_valid` false.
struct ProtoWalk {
  std::string_view rest;
  bool is_valid = true;
  std::uint32_t field = 0;
  std::uint64_t number = 0;   // Of a varint field.
  std::string_view contents;  // Of a length-delimited field.

  bool next() {
    if (rest.empty() || !is_valid) return false;
    const std::uint64_t tag = varint();
    field = static_cast<std::uint32_t>(tag >> 3);
    number = 0;
    contents = {};
    switch (tag & 7) {
      case 0: number = varint(); break;
      case 1: take(8); break;
      case 2: contents = take(varint()); break;
      case 5: take(4); break;
      default: is_valid = false;
    }
    is_valid = is_valid && field != 0;
    return is_valid;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70 && !rest.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    is_valid = false;
    return 0;
  }
  std::string_view take(std::uint64_t count) {
    if (!is_valid || count > rest.size()) {
      is_valid = false;
      return {};
    }
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
};

// google.protobuf.Duration, no longer than a day and never negative.
std::chrono::milliseconds parse_duration(std::string_view bytes) {
  constexpr std::int64_t seconds_max = 24 * 3600;
  std::int64_t seconds = 0, nanos = 0;
  for (ProtoWalk walk{bytes}; walk.next();) {
    if (walk.field == 1) seconds = static_cast<std::int64_t>(walk.number);
    if (walk.field == 2) nanos = static_cast<std::int64_t>(walk.number);
  }
  if (seconds < 0 || nanos < 0) return {};
  if (seconds >= seconds_max || nanos > 999'999'999) return std::chrono::seconds(seconds_max);
  return std::chrono::milliseconds(seconds * 1000 + (nanos + 999'999) / 1'000'000);
}

std::optional<std::chrono::milliseconds> parse_detail(std::string_view any) {
  std::string_view type, value;
  for (ProtoWalk walk{any}; walk.next();) {
    if (walk.field == 1) type = walk.contents;
    if (walk.field == 2) value = walk.contents;
  }
  if (!type.ends_with("/google.rpc.RetryInfo")) return {};
  std::chrono::milliseconds delay{0};  // An empty RetryInfo: at once.
  for (ProtoWalk walk{value}; walk.next();)
    if (walk.field == 1) delay = parse_duration(walk.contents);
  return delay;
}

}  // namespace

std::optional<RpcStatus> parse_rpc_status(std::string_view bytes) {
  RpcStatus status;
  ProtoWalk walk{bytes};
  while (walk.next()) {
    if (walk.field == 1) status.code = static_cast<int>(walk.number);
    if (walk.field == 2) status.message = walk.contents;
    if (walk.field == 3 && !status.retry_delay) status.retry_delay = parse_detail(walk.contents);
  }
  if (!walk.is_valid) return {};
  return status;
}

std::string rpc_code_name(int code) {
  static constexpr std::array<std::string_view, 17> names = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  if (code >= 0 && code < static_cast<int>(names.size())) return std::string(names[static_cast<std::size_t>(code)]);
  return "CODE_" + std::to_string(code);
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string clean;
  for (const char c : text) {
    if (clean.size() >= bytes_max) return clean + "…";
    const bool is_control = static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    if (!is_control)
      clean += c;
    else if (!clean.empty() && clean.back() != ' ')
      clean += ' ';
  }
  while (clean.ends_with(' ')) clean.pop_back();
  return clean;
}

}  // namespace rankwire::net
