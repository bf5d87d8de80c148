// Values as the original prints them: numbers shortest, bytes as base64, lists and maps as JSON with sorted keys.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "signal/value.hpp"

namespace rankwire::otlp {

// Constant text, the value's own, or in the arena.
std::string_view text_of(const Value& value, Arena& arena);
// The shortest text that reads back as the same number; with an exponent from 1e21 up and below 1e-6.
std::string real_text(double value);
void append_json(const Value& value, std::string& out);

}  // namespace rankwire::otlp
