// A tree back to OTTL text, on one line, with the fewest parentheses: parsing it gives the same tree.
#pragma once

#include <string>

#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

std::string print(const Statement& statement);
std::string print(const Expression& expression);

}  // namespace rankwire::ottl
