// Comparison and arithmetic.
#pragma once

#include "ottl/program/datum.hpp"
#include "ottl/program/frame.hpp"
#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

// Never fails: values of different types are "not equal" and nothing else, but integers and reals compare.
bool compare(ComparisonOperator op, const Datum& a, const Datum& b);
// What the result of two types is; Type::any: the record decides; nothing: it never works.
std::optional<Type> result_type(ArithmeticOperator op, Type a, Type b);
bool calculate(Frame& frame, ArithmeticOperator op, const Datum& a, const Datum& b, Datum& out);
bool negate(Frame& frame, const Datum& a, Datum& out);
std::string_view to_string(ArithmeticOperator op);

}  // namespace rankwire::ottl
