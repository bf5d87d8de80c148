// What is accepted, how it is printed, and the shape of the trees.
#include "ottl/syntax/parser.hpp"

#include <doctest/doctest.h>

#include "ottl/syntax/print.hpp"

namespace rankwire::ottl {
namespace {

Expression value_of(std::string_view text) {
  Result<Expression> value = parse_value(text);
  REQUIRE_MESSAGE(value.has_value(), text, " → ", value.error().message());
  return std::move(*value);
}

Expression condition_of(std::string_view text) {
  Result<Expression> condition = parse_condition(text);
  REQUIRE_MESSAGE(condition.has_value(), text, " → ", condition.error().message());
  return std::move(*condition);
}

Statement statement_of(std::string_view text) {
  Result<Statement> statement = parse_statement(text);
  REQUIRE_MESSAGE(statement.has_value(), text, " → ", statement.error().message());
  return std::move(*statement);
}

TEST_CASE("a path keeps its segments and the keys of each") {
  const Expression whole = value_of(R"(resource.attributes["a"][1][body])");
  const Path& path = whole.as<Path>();
  REQUIRE_EQ(path.segments.size(), 2);
  CHECK_EQ(path.segments[0].name, "resource");
  CHECK(path.segments[0].keys.empty());
  CHECK_EQ(path.segments[1].name, "attributes");
  CHECK_EQ(path.segments[1].offset, 9);
  REQUIRE_EQ(path.segments[1].keys.size(), 3);
  CHECK_EQ(path.segments[1].keys[0].as<TextLiteral>().value, "a");
  CHECK_EQ(path.segments[1].keys[1].as<IntegerLiteral>().value, 1);
  CHECK_EQ(path.segments[1].keys[2].as<Path>().segments[0].name, "body");
}

TEST_CASE("a statement is an editor, its arguments with their names, and a condition") {
  const Statement statement = statement_of(R"( replace_pattern(body, "a", value="b", function=SHA256) where true)");
  CHECK_EQ(statement.offset, 1);
  CHECK_EQ(statement.editor.name, "replace_pattern");
  REQUIRE_EQ(statement.editor.arguments.size(), 4);
  CHECK_EQ(statement.editor.arguments[1].name, "");
  CHECK_EQ(statement.editor.arguments[2].name, "value");
  CHECK_EQ(statement.editor.arguments[2].offset, 28);
  CHECK_EQ(statement.editor.arguments[2].value.offset, 34);
  CHECK(statement.editor.arguments[3].value.kind() == Kind::symbol);
  REQUIRE(statement.condition.has_value());
  CHECK(statement.condition->as<BooleanLiteral>().value);
}

TEST_CASE("multiplication binds tighter than addition and equals are taken from left to right") {
  const Expression sum = value_of("1 - 2 * 3 - 4");
  CHECK_EQ(sum.offset, 10);
  CHECK_EQ(sum.height, 4);
  CHECK(sum.as<Arithmetic>().op == ArithmeticOperator::subtract);
  CHECK_EQ(sum.as<Arithmetic>().operands[1].as<IntegerLiteral>().value, 4);
  const Expression& left = sum.as<Arithmetic>().operands[0];
  CHECK_EQ(left.as<Arithmetic>().operands[0].as<IntegerLiteral>().value, 1);
  CHECK(left.as<Arithmetic>().operands[1].as<Arithmetic>().op == ArithmeticOperator::multiply);
  CHECK_EQ(value_of("(1 - 2) * 3").as<Arithmetic>().operands[1].as<IntegerLiteral>().value, 3);
}

TEST_CASE("not binds tighter than and, and tighter than or") {
  const Expression whole = condition_of("not a == 1 and b == 2 or c == 3 and true");
  CHECK_EQ(whole.offset, 22);
  const auto& parts = whole.as<Disjunction>().operands;
  REQUIRE_EQ(parts.size(), 2);
  CHECK(parts[0].as<Conjunction>().operands[0].kind() == Kind::negation);
  CHECK(parts[0].as<Conjunction>().operands[1].kind() == Kind::comparison);
  CHECK(parts[1].as<Conjunction>().operands[1].kind() == Kind::boolean);
  CHECK(condition_of("not (a == 1 and b == 2)").as<Negation>().operands[0].kind() == Kind::conjunction);
}

TEST_CASE("a sign is a node of its own") {
  const Expression minus = value_of("-5");
  CHECK(minus.as<Sign>().is_negative);
  CHECK_EQ(minus.as<Sign>().operands[0].as<IntegerLiteral>().value, 5);
  CHECK_EQ(minus.as<Sign>().operands[0].offset, 1);
}

TEST_CASE("a name in capitals is a symbol anywhere, one in mixed case a function's name in arguments") {
  CHECK_EQ(value_of("SEVERITY_NUMBER_INFO").as<Symbol>().name, "SEVERITY_NUMBER_INFO");
  const Statement statement = statement_of("f(SHA256, ToUpperCase, g=Hex)");
  CHECK(statement.editor.arguments[0].value.kind() == Kind::symbol);
  CHECK(statement.editor.arguments[1].value.as<FunctionName>().name == "ToUpperCase");
  CHECK(statement.editor.arguments[2].value.as<FunctionName>().name == "Hex");
}

TEST_CASE("text is unquoted as in the original") {
  CHECK_EQ(value_of(R"("a\"b\\c")").as<TextLiteral>().value, "a\"b\\c");
  CHECK_EQ(value_of(R"("\a\b\f\n\r\t\v")").as<TextLiteral>().value, "\a\b\f\n\r\t\v");
  CHECK_EQ(value_of(R"("\101\x41\u00e4\U0001F600")").as<TextLiteral>().value, "AA\xC3\xA4\xF0\x9F\x98\x80");
  CHECK_EQ(value_of("\"a\nb\"").as<TextLiteral>().value, "a\nb");
  CHECK_EQ(value_of(R"("a\x00b")").as<TextLiteral>().value, std::string("a\0b", 3));
  CHECK_EQ(value_of("\"tab\there\"").as<TextLiteral>().value, "tab\there");
}

TEST_CASE("a number in an escape is a code point, and what is no UTF-8 is replaced") {
  CHECK_EQ(value_of(R"("\xff\303")").as<TextLiteral>().value, "\xC3\xBF\xC3\x83");
  CHECK_EQ(value_of("\"a\xFF\xC3z\xED\xA0\x80\"").as<TextLiteral>().value,
           "a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("numbers are as in the original: a leading zero is octal, an exponent needs a point") {
  CHECK_EQ(value_of("010").as<IntegerLiteral>().value, 8);
  CHECK_EQ(value_of("9223372036854775807").as<IntegerLiteral>().value, 9223372036854775807);
  CHECK_EQ(value_of("1.").as<RealLiteral>().value, 1.0);
  CHECK_EQ(value_of(".5e-3").as<RealLiteral>().value, 0.0005);
  CHECK_EQ(value_of("2.E2").as<RealLiteral>().value, 200.0);
  CHECK_EQ(value_of("0x00fF").as<BytesLiteral>().value, std::string("\0\xFF", 2));
}

TEST_CASE("what is nested to the limit is accepted, deeper is refused with its place") {
  const auto nested = [](std::uint32_t levels, const char* open, const char* close) {
    std::string text;
    for (std::uint32_t level = 0; level < levels; ++level) text.append(open);
    text.append("1");
    for (std::uint32_t level = 0; level < levels; ++level) text.append(close);
    return text;
  };
  for (const auto& [open, close] : {std::pair{"[", "]"}, {"F(", ")"}, {"{\"a\": ", "}"}, {"a[", "]"}}) {
    CHECK(parse_value(nested(nesting_max - 1, open, close)).has_value());
    CHECK_FALSE(parse_value(nested(nesting_max, open, close)).has_value());
  }
  CHECK(parse_value(nested(nesting_max, "(", ")")).has_value());
  CHECK_FALSE(parse_value(nested(nesting_max + 1, "(", ")")).has_value());
  CHECK_FALSE(parse_condition(nested(20'000, "(", ")")).has_value());
  CHECK_EQ(parse_value(nested(nesting_max + 1, "(", ")")).error().message(), "1:101: nested deeper than 100 levels");
}

TEST_CASE("a long chain of operators counts as levels, one of and or or does not") {
  std::string sum = "1";
  std::string all = "true";
  for (std::uint32_t index = 1; index < nesting_max; ++index) sum.append(" + 1");
  for (int index = 0; index < 5000; ++index) all.append(" and true");
  CHECK_EQ(value_of(sum).height, nesting_max);
  CHECK_FALSE(parse_value(sum + " + 1").has_value());
  CHECK_EQ(condition_of(all).as<Conjunction>().operands.size(), 5001);
}

TEST_CASE("text and arguments have a limit") {
  const std::string longest = "\"" + std::string(text_bytes_max - 2, 'x') + "\"";
  CHECK(parse_value(longest).has_value());
  CHECK_EQ(parse_value(longest + " ").error().message(), "1:1: the text has 65537 bytes, at most 65536 are accepted");
  std::string many = "f(1";
  for (std::uint32_t index = 1; index < arguments_max; ++index) many.append(", 1");
  CHECK(parse_statement(many + ")").has_value());
  CHECK_FALSE(parse_statement(many + ", 1)").has_value());
}

}  // namespace
}  // namespace rankwire::ottl
