// Protobuf by hand, for tests: independent of the reader and writer under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rankwire::otlp::wire_bytes {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}
inline std::string tag(unsigned number, unsigned type) { return varint(number << 3 | type); }
inline std::string number(unsigned field, std::uint64_t value) { return tag(field, 0) + varint(value); }
inline std::string fixed64(unsigned field, std::uint64_t value) {
  std::string out = tag(field, 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string fixed32(unsigned field, std::uint32_t value) {
  std::string out = tag(field, 5);
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string bytes(unsigned field, std::string_view contents) {
  return tag(field, 2) + varint(contents.size()) + std::string(contents);
}
inline std::string key_value(unsigned field, std::string_view key, std::string_view value_fields) {
  return bytes(field, bytes(1, key) + bytes(2, value_fields));
}
// A log request of one resource and scope around encoded LogRecord fields.
inline std::string log_request(std::string_view record) { return bytes(1, bytes(2, bytes(2, record))); }

}  // namespace rankwire::otlp::wire_bytes
