#include "text/letter_case.hpp"

#include <algorithm>
#include <clocale>
#include <cwctype>

#include "text/json_text.hpp"
#include "text/pattern.hpp"

namespace rankwire::text {
namespace {

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char raised(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// Null where libc has no Unicode.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

std::uint32_t code_point(std::string_view character) {
  constexpr unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code = static_cast<unsigned char>(character[0]) & first_bits[character.size()];
  for (const char c : character.substr(1)) code = code << 6 | (c & 0x3F);
  return code;
}

std::string_view all_letters(std::string_view text, bool is_up, Arena& arena) {
  char* const out = arena.allocate_array<char>(2 * text.size());
  char* to = out;
  for (std::size_t at = 0; at < text.size();) {
    if ((text[at] & 0x80) == 0) {
      *to++ = is_up ? raised(text[at]) : lowered(text[at]);
      ++at;
      continue;
    }
    const std::string_view character = text.substr(at, character_size(text, at));
    at += character.size();
    if (character.size() == 1 || unicode() == nullptr) {
      to = std::copy(character.begin(), character.end(), to);
      continue;
    }
    const auto code = static_cast<wint_t>(code_point(character));
    to = put_utf8(to, is_up ? towupper_l(code, unicode()) : towlower_l(code, unicode()));
  }
  return {out, static_cast<std::size_t>(to - out)};
}

}  // namespace

std::string_view upper_case(std::string_view text, Arena& arena) { return all_letters(text, true, arena); }
std::string_view lower_case(std::string_view text, Arena& arena) { return all_letters(text, false, arena); }

}  // namespace rankwire::text
