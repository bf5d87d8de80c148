// Pages about the agent for a browser: is it ready, what runs in it, and what is wrong with whom.
#pragma once

#include "component/factory.hpp"

namespace rankwire::zpages {

ExtensionFactory zpages_factory();

}  // namespace rankwire::zpages
