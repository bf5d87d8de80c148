// Conversions and tests of types: Bool, Double, Int, String, ParseInt, Log, Len, Is…, Coalesce, ContainsValue.
#include <charconv>
#include <cmath>

#include "ottl/functions/families.hpp"
#include "ottl/program/operators.hpp"

namespace rankwire::ottl {
namespace {

// The parameter has converted it already.
bool as_it_is(Invocation& call, Datum& out) {
  out = call[0];
  return true;
}

// The base that a prefix says, which is taken off: "0x" 16, "0b" 2, "0o" or "0" 8; else 10.
int prefixed_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char letter = static_cast<char>(digits[1] | 0x20);
  if (letter != 'x' && letter != 'b' && letter != 'o') {
    digits.remove_prefix(1);
    return 8;
  }
  digits.remove_prefix(2);
  return letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
}

// "1_000": underscores may stand between digits of a number with base 0.
bool without_underscores(std::string_view digits, std::string& out) {
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') {
      out += digits[i];
      continue;
    }
    if (i + 1 == digits.size() || digits[i + 1] == '_' || (i == 0 && out.empty())) return false;
  }
  return true;
}

bool parse_integer(Invocation& call, Datum& out) {
  std::string_view digits = call.text(0);
  const std::int64_t base = call[1].integer();
  if (digits.empty()) return call.fail("the target is empty");
  if (base < 0 || base == 1 || base > 36)
    return call.fail("the base must be 0 or from 2 to 36 but is " + std::to_string(base));
  const bool is_negative = digits[0] == '-';
  if (is_negative || digits[0] == '+') digits.remove_prefix(1);
  int used = static_cast<int>(base);
  std::string plain = "-";
  if (base == 0) {
    used = digits == "0" ? 10 : prefixed_base(digits);
    if (!without_underscores(digits, plain)) return call.fail("expected an integer but got another text");
  } else {
    plain += digits;
  }
  // With its sign, so that the smallest integer fits.
  const std::string_view number = is_negative ? std::string_view(plain) : std::string_view(plain).substr(1);
  std::int64_t result = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), result, used);
  if (code == std::errc::result_out_of_range) return call.fail("the number does not fit into 64 bits");
  if (code != std::errc() || end != number.data() + number.size() || plain.find('-', 1) != std::string::npos)
    return call.fail("expected an integer of base " + std::to_string(used) + " but got another text");
  out = Value::of(result);
  return true;
}

bool logarithm(Invocation& call, Datum& out) {
  if (call[0].is_nil()) return call.fail("expected a number but got nil");
  const double number = call[0].real();
  if (!(number > 0)) return call.fail("expected a number above zero");
  out = Value::of(std::log(number));
  return true;
}

bool length(Invocation& call, Datum& out) {
  std::size_t size = 0;
  switch (call[0].type()) {
    case Type::text:
    case Type::bytes: size = call.text(0).size(); break;
    case Type::list: size = call[0].list().size(); break;
    case Type::map: size = call[0].map().size(); break;
    case Type::records:
      if (call[0].records_kind() == RecordsKind::status || call[0].records_kind() == RecordsKind::buckets)
        return call.fail("expected a text, a list or a map");
      size = call[0].record_count();
      break;
    default: return call.fail("expected a text, a list or a map but got " + std::string(to_string(call[0].type())));
  }
  out = Value::of(static_cast<std::int64_t>(size));
  return true;
}

template <Type type>
bool is_type(Invocation& call, Datum& out) {
  out = Value::of(call[0].is(type));
  return true;
}

bool is_root_span(Invocation& call, Datum& out) {
  out = Value::of(!call.frame().span->parent_span_id.is_set());
  return true;
}

bool first_there_is(Invocation& call, Datum& out) {
  for (const Value& value : call[0].list()) {
    out = value;
    if (!out.is_nil()) break;
  }
  return true;
}

bool contains_value(Invocation& call, Datum& out) {
  bool is_found = false;
  for (const Value& value : call[0].list()) is_found = is_found || compare(ComparisonOperator::equal, value, call[1]);
  out = Value::of(is_found);
  return true;
}

}  // namespace

void add_conversions(FunctionTable& table) {
  table.add({.name = "Bool", .parameters = {{"target", Want::boolean_like}}, .result = Type::boolean, .run = as_it_is});
  table.add({.name = "Double", .parameters = {{"target", Want::real_like}}, .result = Type::real, .run = as_it_is});
  table.add({.name = "Int", .parameters = {{"target", Want::integer_like}}, .result = Type::integer, .run = as_it_is});
  table.add({.name = "String", .parameters = {{"target", Want::text_like}}, .result = Type::text, .run = as_it_is});
  table.add({.name = "ParseInt",
             .parameters = {{"target", Want::text}, {"base", Want::integer}},
             .result = Type::integer,
             .run = parse_integer});
  table.add({.name = "Log", .parameters = {{"target", Want::real_like}}, .result = Type::real, .run = logarithm});
  table.add({.name = "Len", .parameters = {{"target"}}, .result = Type::integer, .run = length});
  const auto add_test = [&](std::string_view name, Run run) {
    table.add({.name = name, .parameters = {{"target"}}, .result = Type::boolean, .run = std::move(run)});
  };
  add_test("IsBool", is_type<Type::boolean>);
  add_test("IsDouble", is_type<Type::real>);
  add_test("IsInt", is_type<Type::integer>);
  add_test("IsList", is_type<Type::list>);
  add_test("IsMap", is_type<Type::map>);
  add_test("IsString", is_type<Type::text>);
  table.add({.name = "IsRootSpan",
             .parameters = {},
             .result = Type::boolean,
             .run = is_root_span,
             .is_pure = false,
             .contexts = {Context::span, Context::span_event}});
  table.add({.name = "Coalesce", .parameters = {{"values", Want::anys}}, .run = first_there_is, .gives_first = true});
  table.add({.name = "ContainsValue",
             .parameters = {{"target", Want::list}, {"item"}},
             .result = Type::boolean,
             .run = contains_value});
}

}  // namespace rankwire::ottl
