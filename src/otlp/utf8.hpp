// UTF-8 checks for strings that come from outside.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/arena.hpp"

namespace rankwire::otlp {

// Most strings are ASCII and short: this is quicker than a call of a validator.
inline bool is_ascii(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t bits = 0;
  for (; left >= 32; at += 32, left -= 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    bits |= words[0] | words[1] | words[2] | words[3];
  }
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    bits |= word;
  }
  for (; left != 0; ++at, --left) bits |= static_cast<unsigned char>(*at);
  return (bits & 0x8080'8080'8080'8080u) == 0;
}

bool is_utf8(std::string_view text);
// How many bytes of valid UTF-8 start `text`, at least 1 and at most 4; 0 if it starts invalid.
std::size_t utf8_sequence(std::string_view text);
// A copy in which each byte that belongs to no valid sequence is U+FFFD.
std::string_view repair_utf8(std::string_view text, Arena& arena);

}  // namespace rankwire::otlp
