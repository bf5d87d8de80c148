// Globs of values: `*` is anything, also nothing, `?` one character, `[a-z]` and `[!a-z]` one of a set, `{a,b}` one of
// several, and a backslash takes away what a character means. Not for paths of files: a slash is like any other.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rankwire::text {

// The regular expression that matches the same, and only whole texts.
Result<std::string> expression_of_glob(std::string_view glob);

}  // namespace rankwire::text
