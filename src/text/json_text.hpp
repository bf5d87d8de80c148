// JSON strings: finding their end and taking their escapes out.
#pragma once

#include <string_view>

#include "base/arena.hpp"

namespace rankwire::text {

// `at` is behind the opening quote. Null if there is no closing quote; else the closing quote, and
// whether a backslash came before it.
const char* find_closing_quote(const char* at, const char* end, bool& has_escapes);

// False on a wrong escape. A lone surrogate becomes U+FFFD.
bool unescape_json(std::string_view raw, Arena& arena, std::string_view& text);

// Appends one code point as UTF-8; what is not one becomes U+FFFD.
char* put_utf8(char* to, std::uint32_t code_point);

}  // namespace rankwire::text
