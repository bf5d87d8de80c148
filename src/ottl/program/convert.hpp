// Between the types of the language: what the original's "like" parameters take, and values as text.
#pragma once

#include <string>
#include <string_view>

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

// As the original prints values: numbers shortest, bytes as base64, lists and maps as JSON with sorted keys.
// Constant text, the value's own, or in the arena.
std::string_view text_of(const Value& value, Arena& arena);
// The shortest text that reads back as the same number; with an exponent from 1e21 up and below 1e-6.
std::string real_text(double value);
void append_json(const Value& value, std::string& out);

// Whether an expression of this type can ever be what a parameter wants.
bool may_be(Want want, Type type);
// Makes `datum` what a parameter wants, in place; else the frame says why not.
bool coerce(Frame& frame, Want want, Datum& datum);
// "a text", "a list of texts".
std::string_view to_string(Want want);

}  // namespace rankwire::ottl
