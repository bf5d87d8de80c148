#include "text/json_text.hpp"

#include <cstring>

namespace rankwire::text {

namespace {

bool read_hex4(const char* at, const char* end, std::uint32_t& unit) {
  if (end - at < 4) return false;
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    unsigned digit;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
      digit = static_cast<unsigned>((c | 0x20) - 'a') + 10;
    else
      return false;
    unit = unit * 16 + digit;
  }
  return true;
}

// `at` is behind "\u"; surrogate pairs are read as one.
bool put_unicode_escape(const char*& at, const char* end, char*& to) {
  std::uint32_t unit = 0, low = 0;
  if (!read_hex4(at, end, unit)) return false;
  at += 4;
  if (unit >= 0xD800 && unit < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
      read_hex4(at + 2, end, low) && low >= 0xDC00 && low < 0xE000) {
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    at += 6;
  }
  to = put_utf8(to, unit);
  return true;
}

char simple_escape(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    case '"':
    case '\\':
    case '/': return c;
    default: return '\0';
  }
}

}  // namespace

char* put_utf8(char* to, std::uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  if (c < 0x80) {
    *to++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *to++ = static_cast<char>(0xC0 | (c >> 6));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *to++ = static_cast<char>(0xE0 | (c >> 12));
    *to++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *to++ = static_cast<char>(0xF0 | (c >> 18));
    *to++ = static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    *to++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  }
  return to;
}

const char* find_closing_quote(const char* at, const char* end, bool& has_escapes) {
  has_escapes = false;
  const char* start = at;
  while (at != end) {
    const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    if (quote == nullptr) return nullptr;
    const char* slash = quote;
    while (slash != start && slash[-1] == '\\') --slash;
    if ((quote - slash) % 2 == 0) {
      has_escapes = has_escapes || std::memchr(start, '\\', static_cast<std::size_t>(quote - start)) != nullptr;
      return quote;
    }
    has_escapes = true;
    at = quote + 1;
  }
  return nullptr;
}

bool unescape_json(std::string_view raw, Arena& arena, std::string_view& text) {
  // An escape is never shorter than what it stands for.
  char* const start = static_cast<char*>(arena.allocate(raw.size(), 1));
  char* to = start;
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    const auto* slash = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    const auto plain = static_cast<std::size_t>((slash == nullptr ? end : slash) - at);
    std::memcpy(to, at, plain);
    to += plain;
    if (slash == nullptr) break;
    if (slash + 1 == end) return false;
    at = slash + 2;
    if (slash[1] == 'u') {
      if (!put_unicode_escape(at, end, to)) return false;
      continue;
    }
    const char c = simple_escape(slash[1]);
    if (c == '\0') return false;
    *to++ = c;
  }
  text = {start, static_cast<std::size_t>(to - start)};
  return true;
}

}  // namespace rankwire::text
