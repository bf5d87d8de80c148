// Walking over trees, and comparing them by what they say: offsets are left out.
#include "ottl/syntax/tree.hpp"

#include <algorithm>

namespace rankwire::ottl {
namespace {

bool same_all(const std::vector<Expression>& a, const std::vector<Expression>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Expression& x, const Expression& y) { return same(x, y); });
}

bool same_path(const Path& a, const Path& b) {
  return std::equal(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                    [](const Segment& x, const Segment& y) { return x.name == y.name && same_all(x.keys, y.keys); });
}

bool same_call(const Call& a, const Call& b) {
  return a.name == b.name && same_all(a.keys, b.keys) &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    [](const Argument& x, const Argument& y) { return x.name == y.name && same(x.value, y.value); });
}

bool same_map(const MapLiteral& a, const MapLiteral& b) {
  return std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const Entry& x, const Entry& y) { return x.key == y.key && same(x.value, y.value); });
}

}  // namespace

void each_child(const Expression& expression, const std::function<void(const Expression&)>& visit) {
  const auto visit_all = [&](const std::vector<Expression>& children) {
    for (const Expression& child : children) visit(child);
  };
  switch (expression.kind()) {
    case Kind::path:
      for (const Segment& segment : expression.as<Path>().segments) visit_all(segment.keys);
      return;
    case Kind::call:
      for (const Argument& argument : expression.as<Call>().arguments) visit(argument.value);
      return visit_all(expression.as<Call>().keys);
    case Kind::list: return visit_all(expression.as<ListLiteral>().items);
    case Kind::map:
      for (const Entry& entry : expression.as<MapLiteral>().entries) visit(entry.value);
      return;
    case Kind::sign: return visit_all(expression.as<Sign>().operands);
    case Kind::arithmetic: return visit_all(expression.as<Arithmetic>().operands);
    case Kind::comparison: return visit_all(expression.as<Comparison>().operands);
    case Kind::negation: return visit_all(expression.as<Negation>().operands);
    case Kind::conjunction: return visit_all(expression.as<Conjunction>().operands);
    case Kind::disjunction: return visit_all(expression.as<Disjunction>().operands);
    default: return;
  }
}

bool is_condition(const Expression& expression) {
  switch (expression.kind()) {
    case Kind::boolean:
    case Kind::call:
    case Kind::comparison:
    case Kind::negation:
    case Kind::conjunction:
    case Kind::disjunction: return true;
    default: return false;
  }
}

bool is_arithmetic(const Expression& expression) {
  switch (expression.kind()) {
    case Kind::integer:
    case Kind::real:
    case Kind::path:
    case Kind::call:
    case Kind::sign:
    case Kind::arithmetic: return true;
    default: return false;
  }
}

bool same(const Expression& a, const Expression& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::nil: return true;
    case Kind::boolean: return a.as<BooleanLiteral>().value == b.as<BooleanLiteral>().value;
    case Kind::integer: return a.as<IntegerLiteral>().value == b.as<IntegerLiteral>().value;
    case Kind::real: return a.as<RealLiteral>().value == b.as<RealLiteral>().value;
    case Kind::text: return a.as<TextLiteral>().value == b.as<TextLiteral>().value;
    case Kind::bytes: return a.as<BytesLiteral>().value == b.as<BytesLiteral>().value;
    case Kind::symbol: return a.as<Symbol>().name == b.as<Symbol>().name;
    case Kind::function_name: return a.as<FunctionName>().name == b.as<FunctionName>().name;
    case Kind::path: return same_path(a.as<Path>(), b.as<Path>());
    case Kind::call: return same_call(a.as<Call>(), b.as<Call>());
    case Kind::list: return same_all(a.as<ListLiteral>().items, b.as<ListLiteral>().items);
    case Kind::map: return same_map(a.as<MapLiteral>(), b.as<MapLiteral>());
    case Kind::sign:
      return a.as<Sign>().is_negative == b.as<Sign>().is_negative &&
             same_all(a.as<Sign>().operands, b.as<Sign>().operands);
    case Kind::arithmetic:
      return a.as<Arithmetic>().op == b.as<Arithmetic>().op &&
             same_all(a.as<Arithmetic>().operands, b.as<Arithmetic>().operands);
    case Kind::comparison:
      return a.as<Comparison>().op == b.as<Comparison>().op &&
             same_all(a.as<Comparison>().operands, b.as<Comparison>().operands);
    case Kind::negation: return same_all(a.as<Negation>().operands, b.as<Negation>().operands);
    case Kind::conjunction: return same_all(a.as<Conjunction>().operands, b.as<Conjunction>().operands);
    case Kind::disjunction: return same_all(a.as<Disjunction>().operands, b.as<Disjunction>().operands);
  }
  return false;
}

bool same(const Statement& a, const Statement& b) {
  if (!same_call(a.editor, b.editor) || a.condition.has_value() != b.condition.has_value()) return false;
  return !a.condition || same(*a.condition, *b.condition);
}

}  // namespace rankwire::ottl
