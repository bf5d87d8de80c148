// What the agent's threads spend their time on, at the paths where the original has Go's profiles.
#pragma once

#include "component/factory.hpp"

namespace rankwire::pprof {

ExtensionFactory pprof_factory();

}  // namespace rankwire::pprof
