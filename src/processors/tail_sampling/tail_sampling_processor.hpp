// Decides about whole traces, once their spans have come.
#pragma once

#include "component/factory.hpp"

namespace rankwire::tail_sampling {

ProcessorFactory tail_sampling_factory();

}  // namespace rankwire::tail_sampling
