// The functions of the language, one file a family.
#pragma once

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

void add_basic_editors(FunctionTable& table);

}  // namespace rankwire::ottl
