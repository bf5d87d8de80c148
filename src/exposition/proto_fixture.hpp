// Writes messages of the protobuf exposition for tests.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rankwire::exposition::proto {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
inline std::string number(std::uint32_t field, std::uint64_t value) { return varint(field << 3) + varint(value); }
inline std::string signed_number(std::uint32_t field, std::int64_t value) {
  return number(field, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}
inline std::string real(std::uint32_t field, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::string out = varint(field << 3 | 1);
  for (int i = 0; i < 64; i += 8) out += static_cast<char>(bits >> i);
  return out;
}
inline std::string bytes(std::uint32_t field, std::string_view value) {
  return varint(field << 3 | 2) + varint(value.size()) + std::string(value);
}
inline std::string label(std::string_view name, std::string_view value) {
  return bytes(1, bytes(1, name) + bytes(2, value));
}
inline std::string time(std::uint32_t field, std::uint64_t seconds, std::uint64_t nanos = 0) {
  return bytes(field, number(1, seconds) + number(2, nanos));
}
inline std::string span(std::uint32_t field, std::int32_t offset, std::uint32_t length) {
  return bytes(field, signed_number(1, offset) + number(2, length));
}
inline std::string deltas(std::uint32_t field, std::initializer_list<std::int64_t> values) {
  std::string packed;
  for (const std::int64_t value : values)
    packed += varint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  return bytes(field, packed);
}
inline std::string bucket(std::uint64_t count, double bound, std::string_view more = {}) {
  return bytes(3, number(1, count) + real(2, bound) + std::string(more));
}
// Types: 0 counter, 1 gauge, 2 summary, 3 untyped, 4 histogram, 5 gauge histogram.
inline std::string family(std::string_view name, std::uint64_t type, std::initializer_list<std::string> metrics,
                          std::string_view help = {}, std::string_view unit = {}) {
  std::string message = bytes(1, name) + bytes(2, help) + number(3, type);
  for (const std::string& metric : metrics) message += bytes(4, metric);
  if (!unit.empty()) message += bytes(5, unit);
  return varint(message.size()) + message;
}

}  // namespace rankwire::exposition::proto
