#include "ottl/program/operators.hpp"

#include <compare>

namespace rankwire::ottl {
namespace {

using Op = ComparisonOperator;

template <class T>
bool ordered(Op op, const T& a, const T& b) {
  switch (op) {
    case Op::equal: return a == b;
    case Op::not_equal: return a != b;
    case Op::less: return a < b;
    case Op::less_equal: return a <= b;
    case Op::greater: return a > b;
    case Op::greater_equal: return a >= b;
  }
  return false;
}

bool only_equality(Op op, bool is_equal) { return op == Op::equal ? is_equal : op == Op::not_equal && !is_equal; }

bool compare_same(Op op, const Datum& a, const Datum& b) {
  switch (a.type()) {
    case Type::nil: return op == Op::equal || op == Op::less_equal || op == Op::greater_equal;
    case Type::boolean: return ordered(op, a.boolean(), b.boolean());
    case Type::integer:
    case Type::time:
    case Type::duration: return ordered(op, a.integer(), b.integer());
    case Type::real: return ordered(op, a.real(), b.real());
    case Type::text:
    case Type::bytes: return ordered(op, a.text(), b.text());
    case Type::trace_id:
    case Type::span_id:
    case Type::profile_id: return only_equality(op, a.text() == b.text());
    case Type::list:
    case Type::map: return only_equality(op, equal(a.value(), b.value()));
    default: return op == Op::not_equal;
  }
}

double as_real(const Datum& number) {
  return number.is(Type::integer) ? static_cast<double>(number.integer()) : number.real();
}

bool is_number(Type type) { return type == Type::integer || type == Type::real; }

bool integer_result(Frame& frame, ArithmeticOperator op, std::int64_t a, std::int64_t b, std::int64_t& out) {
  // Wraps, as in the original.
  const auto x = static_cast<std::uint64_t>(a), y = static_cast<std::uint64_t>(b);
  switch (op) {
    case ArithmeticOperator::add: out = static_cast<std::int64_t>(x + y); return true;
    case ArithmeticOperator::subtract: out = static_cast<std::int64_t>(x - y); return true;
    case ArithmeticOperator::multiply: out = static_cast<std::int64_t>(x * y); return true;
    case ArithmeticOperator::divide:
      if (b == 0) return frame.fail("division by zero");
      out = b == -1 ? static_cast<std::int64_t>(0 - x) : a / b;
      return true;
  }
  return false;
}

bool real_result(Frame& frame, ArithmeticOperator op, double a, double b, Datum& out) {
  double result = 0;
  switch (op) {
    case ArithmeticOperator::add: result = a + b; break;
    case ArithmeticOperator::subtract: result = a - b; break;
    case ArithmeticOperator::multiply: result = a * b; break;
    case ArithmeticOperator::divide:
      if (b == 0) return frame.fail("division by zero");
      result = a / b;
      break;
  }
  out = Value::of(result);
  return true;
}

}  // namespace

bool compare(Op op, const Datum& a, const Datum& b) {
  if (a.type() == b.type()) return compare_same(op, a, b);
  if (a.is(Type::integer) && b.is(Type::real)) return ordered(op, static_cast<double>(a.integer()), b.real());
  if (a.is(Type::real) && b.is(Type::integer)) return ordered(op, a.real(), static_cast<double>(b.integer()));
  return op == Op::not_equal;
}

std::optional<Type> result_type(ArithmeticOperator op, Type a, Type b) {
  const bool is_sum = op == ArithmeticOperator::add || op == ArithmeticOperator::subtract;
  const auto fits = [](Type type) {
    return type == Type::any || is_number(type) || type == Type::time || type == Type::duration;
  };
  if (!fits(a) || !fits(b)) return std::nullopt;
  if (a == Type::any || b == Type::any) return Type::any;
  if (is_number(a) && is_number(b)) return a == b ? a : Type::real;
  if (is_number(a)) return std::nullopt;
  if (!is_sum || is_number(b)) return std::nullopt;
  if (a == Type::duration) {
    if (b == Type::duration) return Type::duration;
    return op == ArithmeticOperator::add ? std::optional(Type::time) : std::nullopt;
  }
  if (b == Type::duration) return Type::time;
  return op == ArithmeticOperator::subtract ? std::optional(Type::duration) : std::nullopt;
}

std::string_view to_string(ArithmeticOperator op) {
  constexpr std::string_view names[] = {"+", "-", "*", "/"};
  return names[static_cast<std::size_t>(op)];
}

bool calculate(Frame& frame, ArithmeticOperator op, const Datum& a, const Datum& b, Datum& out) {
  const auto type = result_type(op, a.type(), b.type());
  if (!type)
    return frame.fail(std::string(to_string(a.type())) + " " + std::string(to_string(op)) + " " +
                      std::string(to_string(b.type())) + " cannot be calculated");
  if (*type == Type::real) return real_result(frame, op, as_real(a), as_real(b), out);
  std::int64_t result = 0;
  if (!integer_result(frame, op, a.integer(), b.integer(), result)) return false;
  if (*type == Type::integer)
    out = Value::of(result);
  else
    out = *type == Type::time ? Datum::of_time(result, a.is(Type::time) ? a.zone() : b.zone())
                              : Datum::of_duration(result);
  return true;
}

bool negate(Frame& frame, const Datum& a, Datum& out) {
  if (a.is(Type::integer))
    out = Value::of(static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a.integer())));
  else if (a.is(Type::real))
    out = Value::of(-a.real());
  else
    return frame.fail(std::string(to_string(a.type())) + " cannot have a sign");
  return true;
}

}  // namespace rankwire::ottl
