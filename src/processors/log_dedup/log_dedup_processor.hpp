// Lets equal log records of an interval go on as one, with their number and the times of the first and last.
#pragma once

#include "component/factory.hpp"

namespace rankwire::log_dedup {

ProcessorFactory log_dedup_factory();

}  // namespace rankwire::log_dedup
