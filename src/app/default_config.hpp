// What `rankwire run` does without --config.
#pragma once

#include <string_view>

namespace rankwire::app {

extern const std::string_view default_config;

}  // namespace rankwire::app
