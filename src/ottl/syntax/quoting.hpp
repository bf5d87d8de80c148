// Text literals, whose escapes are Go's: \a \b \f \n \r \t \v \\ \", three octal digits, \xhh, \uhhhh, \Uhhhhhhhh.
// Numbers are code points, as in the original's parser and unlike in Go itself. Line breaks may stand in text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rankwire::ottl {

struct QuotingProblem {
  std::uint32_t offset = 0;  // In bytes from the opening quote.
  std::string message;
  std::string remedy;
};

// `literal` is a token of the lexer and includes its quotes. Returns what is wrong with it, or fills `value`, which
// is well-formed UTF-8 whatever the literal is.
std::optional<QuotingProblem> unquote(std::string_view literal, std::string& value);

// What unquote turns back into `value` if that is UTF-8: one line, without control characters.
void append_quoted(std::string& out, std::string_view value);

}  // namespace rankwire::ottl
