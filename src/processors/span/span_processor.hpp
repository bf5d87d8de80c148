// Renames spans by their attributes, makes attributes of parts of their names, and sets their status.
#pragma once

#include "component/factory.hpp"

namespace rankwire::span {

ProcessorFactory span_factory();

}  // namespace rankwire::span
