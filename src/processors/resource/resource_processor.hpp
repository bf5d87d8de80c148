// Changes the attributes of resources.
#pragma once

#include "component/factory.hpp"

namespace rankwire::resource {

ProcessorFactory resource_factory();

}  // namespace rankwire::resource
