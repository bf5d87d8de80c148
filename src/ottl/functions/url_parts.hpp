// A URL taken apart into the attributes url.*, as the original does.
#pragma once

#include <string_view>

#include "signal/value.hpp"

namespace rankwire::ottl {

// Null, or what is wrong with it. Texts are views of `url` or lie in the arena.
const char* read_url(std::string_view url, Arena& arena, Attributes& to);

}  // namespace rankwire::ottl
