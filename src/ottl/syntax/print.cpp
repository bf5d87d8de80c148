// Parentheses stand only where the tree differs from what precedence alone would say.
#include "ottl/syntax/print.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "ottl/syntax/quoting.hpp"

namespace rankwire::ottl {
namespace {

// What binds tighter is greater. A node stands in parentheses where its place asks for a greater one.
enum class Strength : std::uint8_t { disjunction, conjunction, negation, comparison, sum, product, sign, primary };

Strength strength(const Expression& expression) {
  switch (expression.kind()) {
    case Kind::disjunction: return Strength::disjunction;
    case Kind::conjunction: return Strength::conjunction;
    case Kind::negation: return Strength::negation;
    case Kind::comparison: return Strength::comparison;
    case Kind::arithmetic: {
      const ArithmeticOperator op = expression.as<Arithmetic>().op;
      return op == ArithmeticOperator::add || op == ArithmeticOperator::subtract ? Strength::sum : Strength::product;
    }
    case Kind::sign: return Strength::sign;
    default: return Strength::primary;
  }
}

Strength tighter(Strength strength) { return static_cast<Strength>(static_cast<std::uint8_t>(strength) + 1); }

std::string_view spelling(ArithmeticOperator op) {
  switch (op) {
    case ArithmeticOperator::add: return " + ";
    case ArithmeticOperator::subtract: return " - ";
    case ArithmeticOperator::multiply: return " * ";
    case ArithmeticOperator::divide: return " / ";
  }
  return " ? ";
}

std::string_view spelling(ComparisonOperator op) {
  switch (op) {
    case ComparisonOperator::equal: return " == ";
    case ComparisonOperator::not_equal: return " != ";
    case ComparisonOperator::less: return " < ";
    case ComparisonOperator::less_equal: return " <= ";
    case ComparisonOperator::greater: return " > ";
    case ComparisonOperator::greater_equal: return " >= ";
  }
  return " ? ";
}

class Printer {
 public:
  void call(const Call& call);
  void expression(const Expression& expression);
  std::string out;

 private:
  // In parentheses if it binds looser than `least`.
  void operand(const Expression& expression, Strength least);
  void path(const Path& path);
  void map(const MapLiteral& map);
  void list(const ListLiteral& list);
  void keys(const std::vector<Expression>& keys);
  void real(double value);
  void bytes(std::string_view value);
  void binary(const std::vector<Expression>& operands, std::string_view op, Strength left, Strength right);
  void joined(const std::vector<Expression>& operands, std::string_view word, Strength least);
};

void Printer::operand(const Expression& inner, Strength least) {
  const bool is_looser = strength(inner) < least;
  if (is_looser) out.push_back('(');
  expression(inner);
  if (is_looser) out.push_back(')');
}

void Printer::call(const Call& call) {
  out.append(call.name).push_back('(');
  bool is_first = true;
  for (const Argument& argument : call.arguments) {
    if (!is_first) out.append(", ");
    is_first = false;
    if (!argument.name.empty()) out.append(argument.name).push_back('=');
    expression(argument.value);
  }
  out.push_back(')');
  keys(call.keys);
}

void Printer::path(const Path& path) {
  bool is_first = true;
  for (const Segment& segment : path.segments) {
    if (!is_first) out.push_back('.');
    is_first = false;
    out.append(segment.name);
    keys(segment.keys);
  }
}

void Printer::keys(const std::vector<Expression>& keys) {
  for (const Expression& key : keys) {
    out.push_back('[');
    expression(key);
    out.push_back(']');
  }
}

void Printer::list(const ListLiteral& list) {
  out.push_back('[');
  bool is_first = true;
  for (const Expression& item : list.items) {
    if (!is_first) out.append(", ");
    is_first = false;
    expression(item);
  }
  out.push_back(']');
}

void Printer::map(const MapLiteral& map) {
  out.push_back('{');
  bool is_first = true;
  for (const Entry& entry : map.entries) {
    if (!is_first) out.append(", ");
    is_first = false;
    append_quoted(out, entry.key);
    out.append(": ");
    expression(entry.value);
  }
  out.push_back('}');
}

void Printer::real(double value) {
  std::array<char, 32> digits;
  const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  std::string text(digits.data(), end);
  // A real has a point: 1e+20 would be the integer 1 and a name.
  if (text.find('.') == std::string::npos) text.insert(std::min(text.find('e'), text.size()), ".0");
  out.append(text);
}

void Printer::bytes(std::string_view value) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  out.append("0x");
  for (const char c : value) {
    out.push_back(hexadecimal[static_cast<unsigned char>(c) >> 4]);
    out.push_back(hexadecimal[static_cast<unsigned char>(c) & 15]);
  }
}

void Printer::binary(const std::vector<Expression>& operands, std::string_view op, Strength left, Strength right) {
  operand(operands[0], left);
  out.append(op);
  operand(operands[1], right);
}

void Printer::joined(const std::vector<Expression>& operands, std::string_view word, Strength least) {
  bool is_first = true;
  for (const Expression& inner : operands) {
    if (!is_first) out.append(word);
    is_first = false;
    operand(inner, least);
  }
}

void Printer::expression(const Expression& e) {
  switch (e.kind()) {
    case Kind::nil: out.append("nil"); return;
    case Kind::boolean: out.append(e.as<BooleanLiteral>().value ? "true" : "false"); return;
    case Kind::integer: out.append(std::to_string(e.as<IntegerLiteral>().value)); return;
    case Kind::real: return real(e.as<RealLiteral>().value);
    case Kind::text: return append_quoted(out, e.as<TextLiteral>().value);
    case Kind::bytes: return bytes(e.as<BytesLiteral>().value);
    case Kind::symbol: out.append(e.as<Symbol>().name); return;
    case Kind::function_name: out.append(e.as<FunctionName>().name); return;
    case Kind::path: return path(e.as<Path>());
    case Kind::call: return call(e.as<Call>());
    case Kind::list: return list(e.as<ListLiteral>());
    case Kind::map: return map(e.as<MapLiteral>());
    case Kind::sign:
      out.push_back(e.as<Sign>().is_negative ? '-' : '+');
      return operand(e.as<Sign>().operands[0], Strength::primary);
    case Kind::arithmetic:
      return binary(e.as<Arithmetic>().operands, spelling(e.as<Arithmetic>().op), strength(e), tighter(strength(e)));
    case Kind::comparison:
      return binary(e.as<Comparison>().operands, spelling(e.as<Comparison>().op), Strength::sum, Strength::sum);
    case Kind::negation: out.append("not "); return operand(e.as<Negation>().operands[0], Strength::comparison);
    case Kind::conjunction: return joined(e.as<Conjunction>().operands, " and ", Strength::negation);
    case Kind::disjunction: return joined(e.as<Disjunction>().operands, " or ", Strength::conjunction);
  }
}

}  // namespace

std::string print(const Expression& expression) {
  Printer printer;
  printer.expression(expression);
  return std::move(printer.out);
}

std::string print(const Statement& statement) {
  Printer printer;
  printer.call(statement.editor);
  if (statement.condition) {
    printer.out.append(" where ");
    printer.expression(*statement.condition);
  }
  return std::move(printer.out);
}

}  // namespace rankwire::ottl
