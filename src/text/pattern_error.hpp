// Why RE2 refuses a regular expression, in words that say what to write instead where the reason is a feature of other
// engines.
#pragma once

#include <string>
#include <string_view>

namespace rankwire::text {

// `told` is what RE2 said of it.
std::string why_not_a_pattern(std::string_view expression, const std::string& told);

}  // namespace rankwire::text
