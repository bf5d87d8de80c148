// Base64 in its two alphabets, with padding or without.
#pragma once

#include <optional>
#include <string_view>

#include "base/arena.hpp"

namespace rankwire::text {

struct Base64 {
  bool is_url = false;  // "-" and "_" in place of "+" and "/".
  bool is_padded = true;
};

// "base64", "base64-raw", "base64-url", "base64-raw-url".
std::optional<Base64> base64_of(std::string_view name);
std::string_view encode_base64(std::string_view bytes, Base64 form, Arena& arena);
// False: not of this form. Line breaks in it are skipped.
bool decode_base64(std::string_view text, Base64 form, Arena& arena, std::string_view& bytes);

}  // namespace rankwire::text
