// The list of everything in this binary. The only file of the project that names components.
#pragma once

#include "component/factory.hpp"

namespace rankwire::app {

Registry built_in_components();

}  // namespace rankwire::app
