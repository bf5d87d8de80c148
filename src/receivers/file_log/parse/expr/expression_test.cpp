// Expressions as users write them.
#include "receivers/file_log/parse/expr/expression.hpp"

#include <doctest/doctest.h>

namespace rankwire::file_log::expr {

namespace {

std::string evaluate(std::string_view source) {
  static Arena arena;
  Entry entry;
  entry.record.body = Value::of("GET /health 200");
  List<Value> tags;
  tags.push(arena, Value::of("a"));
  tags.push(arena, Value::of("b"));
  set(entry.record.attributes, arena, "level", Value::of("info"));
  set(entry.record.attributes, arena, "code", Value::of(std::int64_t{200}));
  set(entry.record.attributes, arena, "k8s.pod", Value::of("p-0"));
  set(entry.record.attributes, arena, "tags", Value::of(tags));
  set(entry.resource, arena, "env", Value::of("prod"));
  auto expression = Expression::compile(source);
  if (!expression) return "(invalid)";
  Evaluation e{entry, arena};
  const Value value = expression->evaluate(e);
  if (e.error != nullptr) return "(error)";
  return value.type() == ValueType::empty ? "nil" : std::string(to_text(value, arena));
}

}  // namespace

TEST_CASE("expressions compare, search and combine") {
  const std::pair<const char*, const char*> cases[] = {
      {"body == 'GET /health 200'", "true"},
      {"body matches '^GET .* \\\\d+$'", "true"},
      {"body not matches \"POST\"", "true"},
      {"body contains 'health' and not (body startsWith 'PUT')", "true"},
      {"body endsWith '200' && attributes.code >= 200 || false", "true"},
      {"!(attributes.level == 'info')", "false"},
      {"attributes[\"k8s.pod\"]", "p-0"},
      {"attributes.missing", "nil"},
      {"attributes.missing == nil", "true"},
      {"attributes.missing?.deeper ?? 'none'", "none"},
      {"attributes.missing.deeper", "(error)"},
      {"body.key", "(error)"},
      {"'b' in attributes.tags", "true"},
      {"'level' in attributes", "true"},
      {"'x' not in ['a', 'b']", "true"},
      {"attributes.tags[1] + attributes.tags[-2]", "ba"},
      {"attributes.tags[2]", "(error)"},
      {"resource.env == 'prod' ? 1 : 2", "1"},
      {"1 + 2 * 3 - 4 / 2", "5"},
      {"2 ** 3 ** 2 == 512", "true"},
      {"7 % 3 == 1 and -2 < 1.5", "true"},
      {"attributes.code == 200.0", "true"},
      {"len(body)", "15"},
      {"upper(attributes.level) + string(attributes.code)", "INFO200"},
      {"type(attributes.code) + type(nil) + type({a: 1})", "intnilmap"},
      {"int('42') + 1", "43"},
      {"split('a,b', ',')[1]", "b"},
      {"trim('  x ')", "x"},
      {"replace('aXbX', 'X', '-')", "a-b-"},
      {"env('RANKWIRE_SURELY_NOT_SET') == ''", "true"},
      {"{'k': [1, true]}", "{\"k\":[1,true]}"},
      {"body + 1", "(error)"},
      {"9223372036854775807 + 1 < 0", "true"},
      {"1 % 0", "(error)"},
      {"(-9223372036854775807 - 1) % -1", "0"},
      {"\"\\u00e4\" == '\xC3\xA4'", "true"},
  };
  for (const auto& [source, expected] : cases) {
    CAPTURE(source);
    CHECK(evaluate(source) == expected);
  }
}

TEST_CASE("what is not an expression of ours is refused when it is compiled") {
  for (const char* source : {"", "body ==", "(body", "body)", "1 2", "unknown == 1", "nofunction(1)", "len()",
                             "body matches body", "body matches '('", "'open", "body.", "@", "not", "a ? b", "1..2",
                             "all(attributes.tags, {# == 'a'})", "body matches '[[:bad:]]'"}) {
    CAPTURE(source);
    CHECK(evaluate(source) == "(invalid)");
  }
  CHECK(evaluate(std::string(500, '(') + "1" + std::string(500, ')')) == "(invalid)");
  CHECK(evaluate(std::string(500, '-') + "1") == "(invalid)");
}

TEST_CASE("a text may hold several expressions, whose parentheses and quotes are respected") {
  Arena arena;
  const Entry entry{};
  auto text = Template::compile("a-EXPR((1 + 2) * len(\")\"))-EXPR('x')-b");
  REQUIRE(text.has_value());
  CHECK(text->is_constant());
  Evaluation e{entry, arena};
  CHECK(text->evaluate(e).text() == "a-3-x-b");
  CHECK_FALSE(Template::compile("EXPR(1").has_value());
  CHECK_FALSE(Template::compile("EXPR(body)")->is_constant());
}

}  // namespace rankwire::file_log::expr
