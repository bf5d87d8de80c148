// One entry of a W3C trace state: "a=1,b=2".
#pragma once

#include <string_view>

#include "ottl/program/frame.hpp"

namespace rankwire::ottl {

// Empty where there is no such key.
std::string_view trace_state_value(std::string_view state, std::string_view key);
// The changed entry comes first, as the specification wants. A key or value that cannot be part of a trace state is
// an error.
bool set_trace_state_value(Frame& frame, std::string_view& state, std::string_view key, std::string_view value);

}  // namespace rankwire::ottl
