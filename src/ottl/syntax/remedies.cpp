// Remedies look at two tokens and no further: a wrong guess is worse than none.
#include "ottl/syntax/remedies.hpp"

#include <array>

#include "ottl/syntax/characters.hpp"

namespace rankwire::ottl {
namespace {

constexpr std::size_t shown_bytes_max = 40;

std::string lowered(std::string_view text) {
  std::string small;
  for (const char c : text) small.push_back(lower(c));
  return small;
}

bool is_number(TokenKind kind) { return kind == TokenKind::integer || kind == TokenKind::real; }

// A name right behind a number: 5s, 1e6.
std::string behind_number(std::string_view name, std::string_view number) {
  constexpr std::array<std::string_view, 6> units{"ns", "us", "ms", "s", "m", "h"};
  for (const std::string_view unit : units) {
    if (name == unit) return "a duration is written Duration(\"" + std::string(number) + std::string(name) + "\")";
  }
  if (number == "0" && lower(name[0]) == 'x') return "bytes are written 0x and two hexadecimal digits each";
  const bool is_exponent = name.size() > 1 && lower(name[0]) == 'e' && is_digit(name[1]);
  if (is_exponent) return "a number with an exponent has a point: " + std::string(number) + ".0" + std::string(name);
  return {};
}

std::string for_name(std::string_view name) {
  const std::string small = lowered(name);
  constexpr std::array<std::string_view, 7> words{"where", "and", "or", "not", "true", "false", "nil"};
  for (const std::string_view word : words) {
    if (small == word && name != word) return "keywords are lower case: " + small;
  }
  if (small == "if" || small == "when" || small == "unless") return "a condition begins with where";
  if (small == "in") return "to look for a value in a list, write ContainsValue(list, value)";
  if (small == "like" || small == "matches") return "to match a regular expression, write IsMatch(value, \"pattern\")";
  return {};
}

}  // namespace

std::string describe(const Token& token) {
  if (token.kind == TokenKind::end) return "the end";
  std::string_view shown = token.text;
  const std::string_view dots = shown.size() > shown_bytes_max ? "…" : "";
  shown = shown.substr(0, shown_bytes_max);
  // Not in the middle of a character.
  if (!dots.empty()) {
    while (!shown.empty() && (static_cast<unsigned char>(token.text[shown.size()]) & 0xC0) == 0x80) {
      shown.remove_suffix(1);
    }
  }
  if (token.kind == TokenKind::text) return "text " + std::string(shown) + std::string(dots);
  return "\"" + std::string(shown) + std::string(dots) + "\"";
}

std::string general_remedy(const Token& token, const Token& previous) {
  switch (token.kind) {
    case TokenKind::name:
      if (is_number(previous.kind) && previous.end() == token.offset) return behind_number(token.text, previous.text);
      return for_name(token.text);
    case TokenKind::assign: return "to compare, write ==";
    case TokenKind::equal:
    case TokenKind::not_equal:
    case TokenKind::less:
    case TokenKind::less_equal:
    case TokenKind::greater:
    case TokenKind::greater_equal:
      return "a comparison is no value, and comparisons cannot be chained: join them with and";
    case TokenKind::word_not: return "not stands once, before a condition; write x != y, or not (…)";
    default: return {};
  }
}

bool is_null(std::string_view name) {
  const std::string small = lowered(name);
  return small == "null" || small == "none" || small == "nil" || small == "undefined";
}

std::string to_snake_case(std::string_view name) {
  std::string snake;
  for (std::size_t index = 0; index < name.size(); ++index) {
    const bool begins_word = is_upper(name[index]) && index > 0 && !is_upper(name[index - 1]) && name[index - 1] != '_';
    if (begins_word) snake.push_back('_');
    snake.push_back(lower(name[index]));
  }
  return snake;
}

std::string to_pascal_case(std::string_view name) {
  std::string pascal;
  bool begins_word = true;
  for (const char c : name) {
    if (c != '_') pascal.push_back(begins_word ? upper(c) : c);
    begins_word = c == '_';
  }
  return pascal;
}

}  // namespace rankwire::ottl
