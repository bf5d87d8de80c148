// Changes the attributes of log records, spans and data points.
#pragma once

#include "component/factory.hpp"

namespace rankwire::attributes {

ProcessorFactory attributes_factory();

}  // namespace rankwire::attributes
