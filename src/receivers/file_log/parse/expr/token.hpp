// The words of an expression.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rankwire::file_log::expr {

enum class TokenType : std::uint8_t { end, name, integer, real, text, symbol };

struct Token {
  TokenType type = TokenType::end;
  std::string text;  // Of a text: without quotes and escapes.
  std::int64_t integer = 0;
  double real = 0;
  std::size_t at = 0;  // Byte in the source.
};

// The last token is always `end`.
Result<std::vector<Token>> tokenize(std::string_view source);

}  // namespace rankwire::file_log::expr
