// The file_log receiver: tails files, one record a line. See README.md.
#pragma once

#include "component/factory.hpp"

namespace rankwire::file_log {

ReceiverFactory file_log_factory();

}  // namespace rankwire::file_log
