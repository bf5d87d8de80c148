// Functions over metrics that only some components have, to be added to the standard ones.
#pragma once

#include "ottl/program/function.hpp"
#include "signal/batch.hpp"

namespace rankwire::ottl {

// The transform processor's: convert_sum_to_gauge, copy_metric, …
void add_metric_functions(FunctionTable& table);
// The filter processor's: HasAttrKeyOnDatapoint, HasAttrOnDatapoint.
void add_filter_functions(FunctionTable& table);

// Parts of the transform processor's.
void add_metric_aggregations(FunctionTable& table);
void add_histogram_functions(FunctionTable& table);

// What the processors have for a signal: the standard functions, for metrics with those. Made once.
const FunctionTable& transform_functions(Signal signal);
const FunctionTable& filter_functions(Signal signal);

}  // namespace rankwire::ottl
