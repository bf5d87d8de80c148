// What is wrong with the text of a statement, and where in it. Line and column count within the
// statement alone: whoever read it out of a file adds where it stands there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rankwire::ottl {

// Both count from 1; columns count characters, not bytes.
struct TextPlace {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  bool operator==(const TextPlace&) const = default;
  std::string text() const;  // "1:12"
};

// `offset` is in bytes; one behind the end is the place of what is missing there.
TextPlace place_in(std::string_view text, std::uint32_t offset);

struct Problem {
  std::uint32_t offset = 0;
  TextPlace place;
  std::string message;      // "found \"=\", expected a comparison"
  std::string remedy;       // What to write instead; may be empty.
  bool is_warning = false;  // The text compiles all the same.

  std::string text() const;  // "1:12: message; remedy"
  Error as_error() const;    // ErrorKind::invalid with text().
};

}  // namespace rankwire::ottl
