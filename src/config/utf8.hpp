// Characters in UTF-8, which YAML is written in.
#pragma once

#include <cstddef>
#include <string_view>

namespace rankwire::config {

// Length of the sequence at the front of `text`, which is not empty; 0 if it is not valid.
std::size_t utf8_length(std::string_view text);
// Where the first byte is that is no part of a valid sequence; npos: there is none.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace rankwire::config
