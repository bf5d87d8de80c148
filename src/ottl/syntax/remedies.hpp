// What to write instead, by the mistakes that people make who know SQL, Go or a shell.
#pragma once

#include <string>
#include <string_view>

#include "ottl/syntax/lexer.hpp"

namespace rankwire::ottl {

// How a message speaks of a token: "\"where\"", "text \"abc\"", "the end".
std::string describe(const Token& token);

// For a token that cannot stand where it does; `previous` stands before it. May be empty.
std::string general_remedy(const Token& token, const Token& previous);

// What other languages call nil: null, None.
bool is_null(std::string_view name);
inline constexpr const char* null_remedy = "no value is written nil";

// traceId → trace_id, IsMatch → is_match.
std::string to_snake_case(std::string_view name);
// is_match → IsMatch.
std::string to_pascal_case(std::string_view name);

}  // namespace rankwire::ottl
