#include "text/base64.hpp"

#include <cstdint>

namespace rankwire::text {

namespace {

int value_of(char c, bool is_url) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (is_url ? '-' : '+')) return 62;
  return c == (is_url ? '_' : '/') ? 63 : -1;
}

}  // namespace

std::optional<Base64> base64_of(std::string_view name) {
  if (name == "base64") return Base64{};
  if (name == "base64-raw") return Base64{.is_padded = false};
  if (name == "base64-url") return Base64{.is_url = true};
  if (name == "base64-raw-url") return Base64{.is_url = true, .is_padded = false};
  return std::nullopt;
}

std::string_view encode_base64(std::string_view bytes, Base64 form, Arena& arena) {
  const char* const digits = form.is_url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                         : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* const out = arena.allocate_array<char>((bytes.size() + 2) / 3 * 4);
  char* to = out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(bytes.size() - at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i <= count; ++i) *to++ = digits[bits >> (18 - 6 * i) & 63];
    for (std::size_t i = count; i < 3 && form.is_padded; ++i) *to++ = '=';
  }
  return {out, static_cast<std::size_t>(to - out)};
}

bool decode_base64(std::string_view text, Base64 form, Arena& arena, std::string_view& bytes) {
  char* const out = arena.allocate_array<char>(text.size() / 4 * 3 + 3);
  char* to = out;
  std::uint32_t bits = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = value_of(c, form.is_url);
    if (value < 0 || padding != 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 == 0)
      for (int shift = 16; shift >= 0; shift -= 8) *to++ = static_cast<char>(bits >> shift);
  }
  const std::size_t rest = digits % 4;
  if (rest == 1 || padding != (form.is_padded && rest != 0 ? 4 - rest : 0)) return false;
  if (rest >= 2) *to++ = static_cast<char>(bits >> (rest == 2 ? 4 : 10));
  if (rest == 3) *to++ = static_cast<char>(bits >> 2);
  bytes = {out, static_cast<std::size_t>(to - out)};
  return true;
}

}  // namespace rankwire::text
