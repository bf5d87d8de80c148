// Removes and masks what must not leave the node: attributes of every kind, and log bodies.
#pragma once

#include "component/factory.hpp"

namespace rankwire::redaction {

ProcessorFactory redaction_factory();

}  // namespace rankwire::redaction
