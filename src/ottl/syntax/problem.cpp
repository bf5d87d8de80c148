// Places are counted only when something is wrong: the tree keeps byte offsets.
#include "ottl/syntax/problem.hpp"

namespace rankwire::ottl {

TextPlace place_in(std::string_view text, std::uint32_t offset) {
  TextPlace place;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {  // Not a byte that continues a character.
      ++place.column;
    }
  }
  return place;
}

std::string TextPlace::text() const { return std::to_string(line) + ":" + std::to_string(column); }

std::string Problem::text() const {
  std::string text = place.text() + ": " + message;
  if (!remedy.empty()) text.append("; ").append(remedy);
  return text;
}

Error Problem::as_error() const { return {ErrorKind::invalid, text()}; }

}  // namespace rankwire::ottl
