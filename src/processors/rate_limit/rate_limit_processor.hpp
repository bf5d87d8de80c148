// Limits the records or bytes a second of each pod, namespace or any attribute; the excess is held back, sampled or
// dropped.
#pragma once

#include "component/factory.hpp"

namespace rankwire::rate_limit {

ProcessorFactory rate_limit_factory();

}  // namespace rankwire::rate_limit
