// Upper and lower case of UTF-8 text, letter by letter as Go does it: no letter becomes two.
#pragma once

#include <string_view>

#include "base/arena.hpp"

namespace rankwire::text {

// In `arena`. Where the system has no Unicode only ASCII changes.
std::string_view upper_case(std::string_view text, Arena& arena);
std::string_view lower_case(std::string_view text, Arena& arena);

}  // namespace rankwire::text
