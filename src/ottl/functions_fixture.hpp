// Every function that there is for a signal: tests and fuzzers need not say of which component.
#pragma once

#include "ottl/functions/metric_functions.hpp"
#include "signal/batch.hpp"

namespace rankwire::ottl {

inline const FunctionTable& all_functions(Signal signal) {
  static const FunctionTable of_metrics = [] {
    FunctionTable table;
    table.add(transform_functions(Signal::metrics));
    add_filter_functions(table);
    return table;
  }();
  return signal == Signal::metrics ? of_metrics : standard_functions();
}

}  // namespace rankwire::ottl
