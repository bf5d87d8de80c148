// Keeps a share of spans or log records, chosen by their trace id or an attribute, so that all samplers choose alike.
#pragma once

#include "component/factory.hpp"

namespace rankwire::probabilistic_sampler {

ProcessorFactory probabilistic_sampler_factory();

}  // namespace rankwire::probabilistic_sampler
