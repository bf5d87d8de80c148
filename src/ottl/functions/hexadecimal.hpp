// Bytes as hexadecimal digits and back.
#pragma once

#include <string_view>

#include "base/arena.hpp"

namespace rankwire::ottl {

inline std::string_view to_hexadecimal(std::string_view bytes, Arena& arena) {
  constexpr char digits[] = "0123456789abcdef";
  char* const text = arena.allocate_array<char>(2 * bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = digits[static_cast<unsigned char>(bytes[i]) >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return {text, 2 * bytes.size()};
}

// Writes half as many bytes as there are digits, an even number; false: something else is among them.
inline bool from_hexadecimal(std::string_view digits, std::uint8_t* bytes) {
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = value(digits[i]), low = value(digits[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace rankwire::ottl
