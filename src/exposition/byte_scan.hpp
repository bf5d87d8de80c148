// Finds the end of a series' labels eight bytes at a time: the first brace that no quotes enclose. Text within quotes
// may hold braces, line ends and escaped quotes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace rankwire::exposition {

// The high bit of each byte of `word` that equals `byte`, and no other bit.
inline std::uint64_t bytes_equal(std::uint64_t word, char byte) {
  constexpr std::uint64_t ones = 0x0101010101010101, low = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t x = word ^ ones * static_cast<unsigned char>(byte);
  return ~(((x & low) + low) | x | low);
}

// `at` stands behind the opening brace. Null: there is none.
inline const char* closing_brace(const char* at, const char* end) {
  bool is_quoted = false;
  while (at < end) {
    const char* until = end;
    if (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      const std::uint64_t quotes = bytes_equal(word, '"');
      if ((bytes_equal(word, '}') | bytes_equal(word, '\\')) == 0) [[likely]] {
        is_quoted ^= (std::popcount(quotes) & 1) != 0;
        at += 8;
        continue;
      }
      until = at + 8;
    }
    while (at < until) {
      const char c = *at++;
      if (c == '"')
        is_quoted = !is_quoted;
      else if (c == '\\' && is_quoted)
        ++at;  // It may stand one byte behind `until`, or behind `end`.
      else if (c == '}' && !is_quoted)
        return at - 1;
    }
  }
  return nullptr;
}

}  // namespace rankwire::exposition
