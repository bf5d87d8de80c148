// Functions over metrics that only some components have, to be added to the standard ones.
#pragma once

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

// The transform processor's: convert_sum_to_gauge, copy_metric, …
void add_metric_functions(FunctionTable& table);
// The filter processor's: HasAttrKeyOnDatapoint, HasAttrOnDatapoint.
void add_filter_functions(FunctionTable& table);

// Parts of the transform processor's.
void add_metric_aggregations(FunctionTable& table);
void add_histogram_functions(FunctionTable& table);

// The standard functions with those, made once.
const FunctionTable& metric_functions();
const FunctionTable& filter_functions();

}  // namespace rankwire::ottl
