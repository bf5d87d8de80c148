// Only called for what was refused, so a feature that is seen here is one that RE2 stumbled over, or will next.
#include "text/pattern_error.hpp"

#include <algorithm>

namespace rankwire::text {
namespace {

constexpr const char* look_around =
    "look-ahead and look-behind are not supported, because matching takes linear time; match what is around it too, in "
    "groups that the replacement writes back, or check it with a second expression";
constexpr const char* back_reference =
    "back references such as \\1 are not supported, because matching takes linear time; write out what is repeated";
constexpr const char* atomic =
    "atomic groups and possessive quantifiers are not supported and not needed, because matching takes linear time; "
    "write (?:…), or a single + or *";

// Behind the class that begins at `at`.
std::size_t skip_class(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (end < text.size() && text[end] == '^') ++end;
  if (end < text.size() && text[end] == ']') ++end;
  while (end < text.size() && text[end] != ']') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(), [&](std::string_view start) { return text.starts_with(start); });
}

}  // namespace

std::string why_not_a_pattern(std::string_view expression, const std::string& told) {
  for (std::size_t at = 0; at < expression.size();) {
    const std::string_view rest = expression.substr(at);
    if (starts_with_any(rest, {"(?=", "(?!", "(?<=", "(?<!"})) return look_around;
    if (starts_with_any(rest, {"(?>", "++", "*+", "?+"})) return atomic;
    if (rest[0] == '\\') {
      if (rest.size() > 1 && rest[1] >= '1' && rest[1] <= '9') return back_reference;
      at += 2;
    } else {
      at = rest[0] == '[' ? skip_class(expression, at) : at + 1;
    }
  }
  return told;
}

}  // namespace rankwire::text
