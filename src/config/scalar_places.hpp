// Where in a YAML file a byte of a scalar's value was written. yaml-cpp tells only where a scalar begins, so the
// value is followed through the text again: escapes, folded lines and indentation put the rest elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rankwire::config {

// Counts from 1; columns in characters.
struct WrittenAt {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// `line` and `column` (in bytes): where the library says the scalar begins. `offset` may be the value's size.
// Nothing: the text does not read as that value.
std::optional<WrittenAt> written_at(std::string_view document, std::uint32_t line, std::uint32_t column,
                                    std::string_view value, std::size_t offset);

// Of a text whose references and "$$" have been replaced: where a byte of it stands in the text as written. Bytes
// out of a reference: nothing.
std::optional<std::size_t> unexpanded_offset(std::string_view written, std::string_view expanded, std::size_t offset);

}  // namespace rankwire::config
