// Values: literals, paths, converters, lists, maps and arithmetic.
#include <charconv>

#include "ottl/syntax/characters.hpp"
#include "ottl/syntax/quoting.hpp"
#include "ottl/syntax/remedies.hpp"
#include "ottl/syntax/syntax_parser.hpp"

namespace rankwire::ottl {
namespace {

constexpr const char* value_expected = "a value (path, converter, literal, list or map)";
constexpr const char* operand_expected = "a number, path, converter or parenthesis";

bool is_lower_name(std::string_view name) {
  for (const char c : name) {
    if (is_upper(c)) return false;
  }
  return true;
}

bool is_upper_name(std::string_view name) {
  for (const char c : name) {
    if (is_lower(c)) return false;
  }
  return true;
}

bool is_comparison(TokenKind kind) { return kind >= TokenKind::equal && kind <= TokenKind::greater_equal; }
bool is_arithmetic_operator(TokenKind kind) { return kind >= TokenKind::plus && kind <= TokenKind::slash; }

}  // namespace

bool SyntaxParser::sum(Expression& out, Place place) {
  if (!product(out, place)) return false;
  while (is(TokenKind::plus) || is(TokenKind::minus)) {
    if (!calculates(out)) return false;
    const Token sign = take();
    Expression right;
    const auto op = sign.kind == TokenKind::plus ? ArithmeticOperator::add : ArithmeticOperator::subtract;
    if (!product(right, Place::in_value) || !right_operand(out, op, sign, right)) return false;
  }
  return true;
}

bool SyntaxParser::product(Expression& out, Place place) {
  if (!signed_operand(out, place)) return false;
  while (is(TokenKind::star) || is(TokenKind::slash)) {
    if (!calculates(out)) return false;
    const Token sign = take();
    Expression right;
    const auto op = sign.kind == TokenKind::star ? ArithmeticOperator::multiply : ArithmeticOperator::divide;
    if (!signed_operand(right, Place::in_value) || !right_operand(out, op, sign, right)) return false;
  }
  return true;
}

// Makes `left` the whole operation.
bool SyntaxParser::right_operand(Expression& left, ArithmeticOperator op, const Token& sign, Expression& right) {
  if (!is_arithmetic(right)) {
    return fail(right.offset, "this cannot be calculated with, expected " + std::string(operand_expected));
  }
  Expression whole;
  whole.offset = sign.offset;
  if (!adopt(whole, left) || !adopt(whole, right)) return false;
  Arithmetic arithmetic{op, {}};
  arithmetic.operands.reserve(2);
  arithmetic.operands.push_back(std::move(left));
  arithmetic.operands.push_back(std::move(right));
  whole.node = std::move(arithmetic);
  left = std::move(whole);
  return true;
}

// Called at an operator behind `left`.
bool SyntaxParser::calculates(const Expression& left) {
  if (is_arithmetic(left)) return true;
  const bool is_text = left.kind() == Kind::text;
  return fail(token_.offset, "found " + describe(token_) + " behind what cannot be calculated with",
              is_text ? "to join text, write Concat([…, …], \"\")" : "");
}

bool SyntaxParser::signed_operand(Expression& out, Place place) {
  if (!is(TokenKind::plus) && !is(TokenKind::minus)) return operand(out, place);
  const Token sign = take();
  out.offset = sign.offset;
  Expression inner;
  if (is(TokenKind::plus) || is(TokenKind::minus)) return unexpected(operand_expected, "one sign is enough");
  if (!operand(inner, Place::in_value)) return false;
  if (!is_arithmetic(inner)) {
    return fail(inner.offset, "found a sign before what is no number, expected " + std::string(operand_expected));
  }
  if (!adopt(out, inner)) return false;
  Sign node{sign.kind == TokenKind::minus, {}};
  node.operands.push_back(std::move(inner));
  out.node = std::move(node);
  return true;
}

bool SyntaxParser::operand(Expression& out, Place place) {
  out.offset = token_.offset;
  switch (token_.kind) {
    case TokenKind::word_nil: take(); return true;
    case TokenKind::word_true:
    case TokenKind::word_false: out.node = BooleanLiteral{take().kind == TokenKind::word_true}; return true;
    case TokenKind::text: return text_literal(out);
    case TokenKind::bytes: return bytes(out);
    case TokenKind::integer: return integer(out);
    case TokenKind::real: return real(out);
    case TokenKind::name: return is_upper(token_.text[0]) ? upper_name(out) : lower_name(out);
    case TokenKind::left_bracket: return list(out);
    case TokenKind::left_brace: return map(out);
    case TokenKind::left_parenthesis: return in_parentheses(out, place);
    default: return unexpected(place == Place::in_condition ? "a condition" : value_expected);
  }
}

bool SyntaxParser::in_parentheses(Expression& out, Place place) {
  const Token opening = take();
  if (!enter(opening)) return false;
  if (is(TokenKind::right_parenthesis)) return unexpected(value_expected, "lambdas are not supported");
  const bool is_parsed = place == Place::in_condition ? any_of(out) : sum(out, Place::in_value);
  if (!is_parsed) return false;
  if (!is(TokenKind::right_parenthesis)) {
    std::string remedy = general_remedy(token_, previous_);
    if (remedy.empty()) remedy = still_open(opening);
    if (is(TokenKind::comma)) remedy = "a list is written […]; lambdas are not supported";
    return unexpected(place == Place::in_condition ? "and, or, or \")\"" : "an operator (+ - * /) or \")\"", remedy);
  }
  take();
  leave();
  if (is_arithmetic(out)) return true;
  const bool is_operand = is_comparison(token_.kind) || is_arithmetic_operator(token_.kind);
  if (place == Place::in_value || (is_operand && !is_condition(out))) {
    return fail(opening.offset, "only calculations and conditions stand in parentheses", "leave them out");
  }
  if (is_operand) {
    return fail(token_.offset,
                "found " + describe(token_) + " behind a condition in parentheses, expected and, or, or the end",
                "a condition cannot be compared; write it alone, or with not before it");
  }
  return true;
}

bool SyntaxParser::text(std::string& out) {
  const Token literal = token_;
  if (const auto problem = unquote(literal.text, out)) {
    return fail(literal.offset + problem->offset, problem->message, problem->remedy);
  }
  take();
  return true;
}

bool SyntaxParser::text_literal(Expression& out) {
  TextLiteral literal;
  if (!text(literal.value)) return false;
  out.node = std::move(literal);
  return true;
}

// As in the original, a leading zero means octal.
bool SyntaxParser::integer(Expression& out) {
  const Token number = token_;
  const int base = number.text.size() > 1 && number.text[0] == '0' ? 8 : 10;
  std::int64_t value = 0;
  const char* const end = number.text.data() + number.text.size();
  const auto [rest, problem] = std::from_chars(number.text.data(), end, value, base);
  if (problem == std::errc::result_out_of_range) {
    return fail(number.offset, "an integer is at most 9223372036854775807", "write it with a point, as a real number");
  }
  if (rest != end) {
    return fail(number.offset, "an integer that begins with 0 is octal and has no digit 8 or 9", "leave the 0 out");
  }
  take();
  out.node = IntegerLiteral{value};
  return true;
}

bool SyntaxParser::real(Expression& out) {
  const Token number = token_;
  double value = 0;
  const auto [rest, problem] =
      std::from_chars(number.text.data(), number.text.data() + number.text.size(), value, std::chars_format::general);
  if (problem != std::errc{}) {
    return fail(number.offset, "this number is outside of what 64 bits of floating point hold");
  }
  take();
  out.node = RealLiteral{value};
  return true;
}

bool SyntaxParser::bytes(Expression& out) {
  const Token literal = token_;
  if (literal.text.size() % 2 != 0) {
    return fail(literal.offset, "bytes have two hexadecimal digits each, and here one is missing",
                "write 0x0" + std::string(literal.text.substr(2, 16)));
  }
  BytesLiteral value;
  for (std::size_t at = 2; at < literal.text.size(); at += 2) {
    value.value.push_back(static_cast<char>(hex_value(literal.text[at]) * 16 + hex_value(literal.text[at + 1])));
  }
  take();
  out.node = std::move(value);
  return true;
}

bool SyntaxParser::upper_name(Expression& out) {
  const Token name = take();
  if (is(TokenKind::left_parenthesis)) {
    Call converter;
    if (!call(out, converter, name)) return false;
    out.node = std::move(converter);
    return true;
  }
  if (is_upper_name(name.text)) {
    out.node = Symbol{std::string(name.text)};
    return true;
  }
  const std::string remedy = general_remedy(name, {});
  return fail(name.offset, "found " + describe(name) + ", expected " + value_expected,
              !remedy.empty() ? remedy : "a converter is called with parentheses: " + std::string(name.text) + "(…)");
}

bool SyntaxParser::lower_name(Expression& out) {
  const Token name = take();
  if (!is(TokenKind::left_parenthesis)) return path(out, name);
  return fail(name.offset, "found the editor " + describe(name) + ", expected a converter",
              "converters begin with an upper-case letter: " + to_pascal_case(name.text) +
                  "(…); editors stand only at the beginning of a statement");
}

bool SyntaxParser::path(Expression& out, const Token& first) {
  Path path;
  Token name = first;
  while (true) {
    if (!path_segment(path, name)) return false;
    if (!keys(out, path.segments.back().keys)) return false;
    const Segment& last = path.segments.back();
    const bool is_field = is(TokenKind::dot) || (is(TokenKind::real) && token_.text[0] == '.');
    if (is_field && (last.name == "attributes" || last.name == "cache")) return field_of_map(last);
    if (!take_if(TokenKind::dot)) break;
    name = token_;
    if (!is(TokenKind::name)) return unexpected("the name of a field", "behind a point stands a name in lower case");
    take();
  }
  out.node = std::move(path);
  return true;
}

bool SyntaxParser::path_segment(Path& path, const Token& name) {
  if (!is_lower_name(name.text)) {
    return fail(name.offset, "found " + describe(name) + ", expected a path in lower case",
                "write " + to_snake_case(name.text) + "; other names stand in brackets: attributes[\"" +
                    std::string(name.text) + "\"]");
  }
  path.segments.push_back({std::string(name.text), name.offset, {}});
  return true;
}

// attributes.http.method: what is meant is most likely one key with points in it.
bool SyntaxParser::field_of_map(const Segment& map) {
  const Token point = token_;
  std::string key;
  for (std::size_t at = point.offset + 1; at < text_.size(); ++at) {
    if (!is_name(text_[at]) && text_[at] != '.' && text_[at] != '-' && text_[at] != '/') break;
    key.push_back(text_[at]);
  }
  const std::string before = map.name + (map.keys.empty() ? "" : "[…]");
  return fail(point.offset, "found \".\" behind " + before + ", which has keys and no fields",
              "write " + before + "[\"" + (key.empty() ? "key" : key) + "\"]");
}

bool SyntaxParser::list(Expression& out) {
  const Token opening = take();
  if (!enter(opening)) return false;
  ListLiteral list;
  // As in the original, commas may be missing, and one may stand before the first item but not behind the last.
  bool is_item_due = take_if(TokenKind::comma);
  while (is_item_due || !is(TokenKind::right_bracket)) {
    if (is(TokenKind::right_bracket)) return unexpected("a value", "leave out the comma before ]");
    if (is(TokenKind::end)) return unexpected("\",\" or \"]\"", still_open(opening));
    Expression item;
    if (!sum(item, Place::in_value) || !adopt(out, item)) return false;
    list.items.push_back(std::move(item));
    is_item_due = take_if(TokenKind::comma);
    if (is(TokenKind::right_parenthesis) || is(TokenKind::assign) || is_comparison(token_.kind)) {
      return unexpected("\",\" or \"]\"", is(TokenKind::right_parenthesis) ? still_open(opening) : "");
    }
  }
  take();
  leave();
  out.node = std::move(list);
  return true;
}

bool SyntaxParser::map(Expression& out) {
  const Token opening = take();
  if (!enter(opening)) return false;
  MapLiteral map;
  while (!is(TokenKind::right_brace)) {
    Entry entry;
    entry.offset = token_.offset;
    if (is(TokenKind::end) || is(TokenKind::right_parenthesis))
      return unexpected("a key or \"}\"", still_open(opening));
    if (!is(TokenKind::text)) return unexpected("a key in double quotes");
    if (!text(entry.key)) return false;
    if (!is(TokenKind::colon)) return unexpected("\":\" behind a key", "an entry is written \"key\": value");
    take();
    if (!sum(entry.value, Place::in_value) || !adopt(out, entry.value)) return false;
    map.entries.push_back(std::move(entry));
    take_if(TokenKind::comma);
  }
  take();
  leave();
  out.node = std::move(map);
  return true;
}

bool SyntaxParser::call(Expression& parent, Call& out, const Token& name) {
  out.name = name.text;
  return arguments(parent, out) && keys(parent, out.keys);
}

bool SyntaxParser::arguments(Expression& parent, Call& out) {
  const Token opening = take();
  if (!enter(opening)) return false;
  bool is_due = false;
  bool has_named = false;
  while (is_due || !is(TokenKind::right_parenthesis)) {
    if (is_due && is(TokenKind::right_parenthesis)) return unexpected("an argument", "leave out the comma before )");
    if (is(TokenKind::end)) return unexpected("an argument or \")\"", still_open(opening));
    if (out.arguments.size() == arguments_max) {
      return fail(token_.offset, "a function has at most " + std::to_string(arguments_max) + " arguments",
                  "put values into a list: […]");
    }
    Argument next;
    if (!argument(next) || !adopt(parent, next.value)) return false;
    if (next.name.empty() && has_named) {
      return fail(next.offset, "found an argument without a name behind one with a name", "name this one too");
    }
    has_named = !next.name.empty();
    out.arguments.push_back(std::move(next));
    is_due = take_if(TokenKind::comma);
    if (!is_due && !is(TokenKind::right_parenthesis)) {
      const bool is_behind = is(TokenKind::end) || is(TokenKind::word_and) || is(TokenKind::word_or) ||
                             is(TokenKind::right_bracket) || (is(TokenKind::name) && token_.text == "where");
      return unexpected("\",\" or \")\"", is_behind ? still_open(opening) : "");
    }
  }
  take();
  leave();
  return true;
}

bool SyntaxParser::argument(Argument& out) {
  out.offset = token_.offset;
  if (is(TokenKind::name) && peek() == TokenKind::assign) {
    if (!is_lower(token_.text[0])) {
      return unexpected("the name of an argument", "it begins with a lower-case letter: " + to_snake_case(token_.text));
    }
    out.name = take().text;
    take();
  }
  return argument_value(out.value);
}

bool SyntaxParser::argument_value(Expression& out) {
  out.offset = token_.offset;
  const bool is_function_name = is(TokenKind::name) && is_upper(token_.text[0]) && !is_upper_name(token_.text) &&
                                peek() != TokenKind::left_parenthesis;
  if (!is_function_name) return sum(out, Place::in_value);
  out.node = FunctionName{std::string(take().text)};
  return true;
}

bool SyntaxParser::keys(Expression& parent, std::vector<Expression>& out) {
  while (is(TokenKind::left_bracket)) {
    const Token opening = take();
    if (!enter(opening)) return false;
    Expression next;
    if (!key(next) || !adopt(parent, next)) return false;
    if (!is(TokenKind::right_bracket)) return unexpected("\"]\"", still_open(opening));
    take();
    leave();
    out.push_back(std::move(next));
  }
  return true;
}

bool SyntaxParser::key(Expression& out) {
  const std::string expected = "a key (text, an integer, a path, a converter or a calculation)";
  if (is(TokenKind::right_bracket)) return unexpected(expected);
  const std::uint32_t offset = token_.offset;
  if (!sum(out, Place::in_value)) return false;
  if (out.kind() == Kind::text || (is_arithmetic(out) && out.kind() != Kind::real)) return true;
  return fail(offset, "found a value that is no key, expected " + expected);
}

}  // namespace rankwire::ottl
