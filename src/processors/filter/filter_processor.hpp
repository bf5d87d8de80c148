// Drops log records, metrics and spans by severity, name, text and attributes.
#pragma once

#include "component/factory.hpp"

namespace rankwire::filter {

ProcessorFactory filter_factory();

}  // namespace rankwire::filter
