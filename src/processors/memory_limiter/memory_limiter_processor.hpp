// A setting in the shape of a processor: the bound on the process's memory. The service enforces it
// before decoding, wherever the processor stands in its pipeline.
#pragma once

#include "component/factory.hpp"

namespace rankwire::memory_limiter {

ProcessorFactory memory_limiter_factory();

}  // namespace rankwire::memory_limiter
