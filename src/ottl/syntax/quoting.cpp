// A number in an escape is a code point, not a byte: "\xff" is y with dots above, in two bytes. So does the original.
#include "ottl/syntax/quoting.hpp"

#include "ottl/syntax/characters.hpp"

namespace rankwire::ottl {
namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";
// U+FFFD, for each byte that is no UTF-8.
constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::uint32_t code_point_max = 0x10FFFF;
// Halves of UTF-16 pairs are no characters.
constexpr bool is_surrogate(std::uint32_t code) { return code >= 0xD800 && code <= 0xDFFF; }

void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return push(code);
  if (code < 0x800) {
    push(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      push(0xE0 | code >> 12);
    } else {
      push(0xF0 | code >> 18);
      push(0x80 | (code >> 12 & 0x3F));
    }
    push(0x80 | (code >> 6 & 0x3F));
  }
  push(0x80 | (code & 0x3F));
}

// The length of the well-formed UTF-8 character at the front of `text`, or 0.
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  std::uint32_t code = first & (0xFF >> (size + 1));
  for (std::size_t index = 1; index < size; ++index) {
    if ((byte(index) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(index) & 0x3F);
  }
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  return is_overlong || is_surrogate(code) || code > code_point_max ? 0 : size;
}

// The number that `count` digits to the base of 8 or 16 make at `at`, or nothing.
std::optional<std::uint32_t> digits(std::string_view text, std::size_t at, std::size_t count, int base) {
  if (at + count > text.size()) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t index = at; index < at + count; ++index) {
    const int value = hex_value(text[index]);
    if (value < 0 || value >= base) return std::nullopt;
    number = number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(value);
  }
  return number;
}

// The byte that a letter after a backslash stands for, or 0.
char plain_escape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\':
    case '"': return c;
    default: return '\0';
  }
}

QuotingProblem unknown_escape(std::uint32_t offset, char c) {
  if (c == '\n') return {offset, "text has a line break after a backslash", "a line break is written \\n"};
  const bool is_shown = c > ' ' && c < 0x7F;
  QuotingProblem problem{
      offset, is_shown ? "text has the unknown escape \\" + std::string(1, c) : "text has an unknown escape", {}};
  if (c == '\'' || c == '/') {
    problem.remedy = std::string(1, c) + " needs no backslash";
  } else if (c == '$') {
    problem.remedy = "a backslash is written \\\\; a literal $ in a replacement is $$, which in YAML is $$$$";
  } else if (is_shown) {
    problem.remedy = "a backslash is written \\\\, in a regular expression too: \\\\" + std::string(1, c);
  } else {
    problem.remedy = "a backslash is written \\\\";
  }
  return problem;
}

// Numbered escapes: what follows the backslash is at `at`, which moves behind it.
bool take_code(std::string_view literal, std::size_t& at, std::string& value) {
  const char c = literal[at];
  const bool is_octal = c >= '0' && c <= '7';
  const std::size_t count = is_octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (count == 0) return false;
  const std::size_t first = is_octal ? at : at + 1;
  const std::optional<std::uint32_t> code = digits(literal, first, count, is_octal ? 8 : 16);
  if (!code) return false;
  const std::uint32_t max = is_octal ? 0xFF : code_point_max;
  if (*code > max || is_surrogate(*code)) return false;
  append_utf8(value, *code);
  at = first + count;
  return true;
}

}  // namespace

std::optional<QuotingProblem> unquote(std::string_view literal, std::string& value) {
  value.clear();
  const std::string_view inner = literal.substr(0, literal.size() - 1);
  for (std::size_t at = 1; at < inner.size();) {
    const char c = inner[at];
    if (c != '\\') {
      const std::size_t size = character_size(inner.substr(at));
      value.append(size == 0 ? replacement : inner.substr(at, size));
      at += size == 0 ? 1 : size;
      continue;
    }
    const auto offset = static_cast<std::uint32_t>(at);
    ++at;
    const char escape = inner[at];
    if (const char plain = plain_escape(escape); plain != '\0') {
      value.push_back(plain);
      ++at;
    } else if (is_digit(escape) || escape == 'x' || escape == 'u' || escape == 'U') {
      if (take_code(inner, at, value)) continue;
      return QuotingProblem{offset, "text has an incomplete or impossible escape",
                            "write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a backslash is written \\\\"};
    } else {
      return unknown_escape(offset, escape);
    }
  }
  return std::nullopt;
}

void append_quoted(std::string& out, std::string_view value) {
  out.push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append("\\").push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (byte < 0x20 || byte == 0x7F) {
      out.append("\\x").push_back(hexadecimal[byte >> 4]);
      out.push_back(hexadecimal[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace rankwire::ottl
