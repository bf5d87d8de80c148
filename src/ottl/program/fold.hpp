// Running what depends on no record when a statement is compiled.
#pragma once

#include <string>

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

// False: `why` says what failed. The result lies in `constants`.
bool fold(const Node& node, Arena& constants, Datum& out, std::string& why);
bool fold_coerce(Want want, Arena& constants, Datum& datum, std::string& why);

}  // namespace rankwire::ottl
