// Gives every metric a budget of series; what is over it goes into one overflow series instead of away.
#pragma once

#include "component/factory.hpp"

namespace rankwire::cardinality_limit {

ProcessorFactory cardinality_limit_factory();

}  // namespace rankwire::cardinality_limit
