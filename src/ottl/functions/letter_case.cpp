// ConvertCase, ToCamelCase, ToLowerCase, ToSnakeCase, ToUpperCase
#include "text/letter_case.hpp"
#include "ottl/functions/families.hpp"

namespace rankwire::ottl {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lowered(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
char raised(char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\n\v\f\r";
  const std::size_t start = text.find_first_not_of(spaces);
  return start == std::string_view::npos ? std::string_view()
                                         : text.substr(start, text.find_last_not_of(spaces) - start + 1);
}

// "HTTPStatus2xx" becomes "http_status_2_xx".
std::string_view snake(std::string_view text, Arena& arena) {
  text = trimmed(text);
  char* const out = arena.allocate_array<char>(3 * text.size());
  char* to = out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool begins_word = (is_upper(c) && (is_lower(next) || is_digit(next))) ||
                             (is_lower(c) && (is_upper(next) || is_digit(next))) ||
                             (is_digit(c) && (is_upper(next) || is_lower(next)));
    if (begins_word) {
      // The last capital of several belongs to the word behind it.
      if (is_upper(c) && is_lower(next) && i > 0 && is_upper(text[i - 1])) *to++ = '_';
      *to++ = lowered(c);
      if (!is_upper(c) || is_digit(next)) *to++ = '_';
    } else {
      *to++ = c == ' ' || c == '_' || c == '-' || c == '.' ? '_' : lowered(c);
    }
  }
  return {out, static_cast<std::size_t>(to - out)};
}

// "my_metric" becomes "MyMetric"; what is neither letter nor digit goes.
std::string_view camel(std::string_view text, Arena& arena) {
  text = trimmed(text);
  if (text == "ID") return "Id";
  char* const out = arena.allocate_array<char>(text.size());
  char* to = out;
  bool begins_word = true, was_upper = false;
  for (const char c : text) {
    const bool is_letter = is_lower(c) || is_upper(c);
    if (is_letter) *to++ = begins_word ? raised(c) : was_upper ? lowered(c) : c;
    if (is_digit(c)) *to++ = c;
    was_upper = is_upper(c);
    begins_word = is_digit(c) || (!is_letter && (c == '_' || c == ' ' || c == '-' || c == '.'));
  }
  return {out, static_cast<std::size_t>(to - out)};
}

enum class LetterCase : std::uint8_t { lower, upper, snake, camel };

Run converting(LetterCase letter_case) {
  return [letter_case](Invocation& call, Datum& out) {
    const std::string_view text = call.text(0);
    switch (letter_case) {
      case LetterCase::lower: out = Value::of(text::lower_case(text, call.arena())); break;
      case LetterCase::upper: out = Value::of(text::upper_case(text, call.arena())); break;
      case LetterCase::snake: out = Value::of(snake(text, call.arena())); break;
      case LetterCase::camel: out = Value::of(camel(text, call.arena())); break;
    }
    return true;
  };
}

Result<Run> prepare_convert_case(const Known& known) {
  constexpr std::string_view names[] = {"lower", "upper", "snake", "camel"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (known.text(1) == names[i]) return converting(static_cast<LetterCase>(i));
  return Error(ErrorKind::invalid, "to_case is one of lower, upper, snake, camel");
}

}  // namespace

void add_case_functions(FunctionTable& table) {
  const Parameter target{"target", Want::text};
  table.add({.name = "ConvertCase",
             .parameters = {target, literal({"to_case", Want::text})},
             .result = Type::text,
             .prepare = prepare_convert_case});
  const auto add = [&](std::string_view name, LetterCase letter_case) {
    table.add({.name = name, .parameters = {target}, .result = Type::text, .run = converting(letter_case)});
  };
  add("ToCamelCase", LetterCase::camel);
  add("ToLowerCase", LetterCase::lower);
  add("ToSnakeCase", LetterCase::snake);
  add("ToUpperCase", LetterCase::upper);
}

}  // namespace rankwire::ottl
