// Between the types of the language: what the original's "like" parameters take.
#pragma once

#include <string>
#include <string_view>

#include "otlp/value_text.hpp"
#include "ottl/program/function.hpp"

namespace rankwire::ottl {

using otlp::append_json;
using otlp::real_text;
using otlp::text_of;

// Whether an expression of this type can ever be what a parameter wants.
bool may_be(Want want, Type type);
// Makes `datum` what a parameter wants, in place; else the frame says why not.
bool coerce(Frame& frame, Want want, Datum& datum);
// "a text", "a list of texts".
std::string_view to_string(Want want);

}  // namespace rankwire::ottl
