// Runs OTTL statements over every batch.
#pragma once

#include "component/factory.hpp"

namespace rankwire::transform {

ProcessorFactory transform_factory();

}  // namespace rankwire::transform
