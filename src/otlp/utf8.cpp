#include "otlp/utf8.hpp"

#include <simdjson.h>

namespace rankwire::otlp {

bool is_utf8(std::string_view text) { return is_ascii(text) || simdjson::validate_utf8(text.data(), text.size()); }

std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return continues(1) ? 2 : 0;
  if (first < 0xf0) {
    // No overlong forms, no surrogates.
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second >= 0xa0) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first > 0xf4 || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90)) return 0;
  return continues(1) && continues(2) && continues(3) ? 4 : 0;
}

std::string_view repair_utf8(std::string_view text, Arena& arena) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::size_t bad = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t size = utf8_sequence(rest);
    bad += size == 0;
    rest.remove_prefix(size == 0 ? 1 : size);
  }
  char* const begin = arena.allocate_array<char>(text.size() + bad * (replacement.size() - 1));
  char* to = begin;
  while (!text.empty()) {
    const std::size_t size = utf8_sequence(text);
    const std::string_view piece = size == 0 ? replacement : text.substr(0, size);
    std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return {begin, static_cast<std::size_t>(to - begin)};
}

}  // namespace rankwire::otlp
