// OTTL text to a tree. The whole grammar; only lambdas are refused, which the original has behind a gate that
// is off. Accepts what the original accepts, except for spaces inside a function's name; what it accepts
// beyond is listed in docs/decisions/0005-ottl.md.
#pragma once

#include <string_view>

#include "ottl/syntax/problem.hpp"
#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

// An error is ErrorKind::invalid with place, what was found, what was expected and often a remedy. A caller who
// adds a place of its own passes `problem` to get the parts.
Result<Statement> parse_statement(std::string_view text, Problem* problem = nullptr);
// What may follow `where`.
Result<Expression> parse_condition(std::string_view text, Problem* problem = nullptr);
// What may be an argument by position, except a function's name in mixed case.
Result<Expression> parse_value(std::string_view text, Problem* problem = nullptr);

}  // namespace rankwire::ottl
