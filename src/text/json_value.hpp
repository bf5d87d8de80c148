// JSON text to values. The adapter of the JSON library: nothing of it shows or throws here.
#pragma once

#include <string_view>

#include "base/arena.hpp"
#include "signal/value.hpp"

namespace rankwire::text {

enum class NumberForm : std::uint8_t { real, integer_where_exact };

// Nesting beyond this is refused.
inline constexpr int json_depth_max = 64;

// Each is false, and `value` undefined, when `text` is not one JSON object (array). Strings are
// copied into `arena`. Of duplicate keys the last wins, as in most parsers.
bool read_json_object(std::string_view text, NumberForm numbers, Arena& arena, Value& value);
bool read_json_array(std::string_view text, NumberForm numbers, Arena& arena, Value& value);

}  // namespace rankwire::text
