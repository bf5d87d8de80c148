// `flatten_data`: each log record gets a resource and a scope of its own before statements run, so that they may
// change these for one record alone; afterwards records of equal resources and scopes stand together again.
#pragma once

#include "signal/batch.hpp"

namespace rankwire::transform {

void flatten(LogBatch& batch);
void regroup(LogBatch& batch);

}  // namespace rankwire::transform
