// A statement as it was written: plain data, nothing resolved, nothing typed. A name may not exist, an
// argument may be of the wrong type; parentheses are gone, because the shape of the tree says what they said.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/require.hpp"

namespace rankwire::ottl {

// What is accepted at most. A tree has at most `nesting_max` levels, so recursion over one is safe; how many
// nodes it has is bounded by the text.
constexpr std::uint32_t text_bytes_max = 64 * 1024;
constexpr std::uint32_t nesting_max = 100;
constexpr std::uint32_t arguments_max = 32;

struct Expression;
struct Argument;
struct Entry;
struct Segment;

struct NilLiteral {};
struct BooleanLiteral {
  bool value = false;
};
// Never negative: a sign is a node of its own.
struct IntegerLiteral {
  std::int64_t value = 0;
};
struct RealLiteral {
  double value = 0;
};
// Unquoted, always UTF-8. A NUL may be in it.
struct TextLiteral {
  std::string value;
};
struct BytesLiteral {
  std::string value;
};
// All upper case, as SEVERITY_NUMBER_INFO or SHA256: an enum, or the name of a function where a parameter
// wants one.
struct Symbol {
  std::string name;
};
// A converter's name in mixed case, without parentheses. Only ever an argument.
struct FunctionName {
  std::string name;
};
// The first segment is a context only if it has no keys, is not the last, and a context has this name.
struct Path {
  std::vector<Segment> segments;  // At least one.
};
// A converter, or the editor of a statement (which has no keys).
struct Call {
  std::string name;
  std::vector<Argument> arguments;  // Those with names come last.
  std::vector<Expression> keys;
};
struct ListLiteral {
  std::vector<Expression> items;
};
struct MapLiteral {
  std::vector<Entry> entries;  // As written: a key may come twice.
};
struct Sign {
  bool is_negative = false;
  std::vector<Expression> operands;  // One.
};
enum class ArithmeticOperator : std::uint8_t { add, subtract, multiply, divide };
struct Arithmetic {
  ArithmeticOperator op = ArithmeticOperator::add;
  std::vector<Expression> operands;  // Two.
};
enum class ComparisonOperator : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };
struct Comparison {
  ComparisonOperator op = ComparisonOperator::equal;
  std::vector<Expression> operands;  // Two, no conditions.
};
struct Negation {
  std::vector<Expression> operands;  // One condition.
};
// `and`: two or more conditions, in the order written.
struct Conjunction {
  std::vector<Expression> operands;
};
// `or`: two or more conditions, in the order written.
struct Disjunction {
  std::vector<Expression> operands;
};

// In the order of Expression::Node, so that a switch over kind() names every one.
enum class Kind : std::uint8_t {
  nil,
  boolean,
  integer,
  real,
  text,
  bytes,
  symbol,
  function_name,
  path,
  call,
  list,
  map,
  sign,
  arithmetic,
  comparison,
  negation,
  conjunction,
  disjunction,
};

struct Expression {
  using Node = std::variant<NilLiteral, BooleanLiteral, IntegerLiteral, RealLiteral, TextLiteral, BytesLiteral, Symbol,
                            FunctionName, Path, Call, ListLiteral, MapLiteral, Sign, Arithmetic, Comparison, Negation,
                            Conjunction, Disjunction>;

  Node node;
  // Where it begins in the text, in bytes; an arithmetic, comparison, conjunction or disjunction: its operator.
  std::uint32_t offset = 0;
  std::uint32_t height = 1;  // Levels of this tree, itself included.

  Kind kind() const { return static_cast<Kind>(node.index()); }
  // Must only be asked for what kind() says.
  template <class T>
  const T& as() const {
    const T* value = std::get_if<T>(&node);
    require(value != nullptr, "an expression is asked for the kind that it is");
    return *value;
  }
};
static_assert(std::variant_size_v<Expression::Node> == static_cast<std::size_t>(Kind::disjunction) + 1);

struct Argument {
  std::string name;  // Empty: by position.
  std::uint32_t offset = 0;
  Expression value;
};

struct Entry {
  std::string key;
  std::uint32_t offset = 0;
  Expression value;
};

struct Segment {
  std::string name;
  std::uint32_t offset = 0;
  std::vector<Expression> keys;
};

struct Statement {
  std::string text;  // What the offsets count in.
  std::uint32_t offset = 0;
  Call editor;
  std::optional<Expression> condition;
};

// What is directly in it, in the order written: keys, arguments, items, entries, operands.
void each_child(const Expression& expression, const std::function<void(const Expression&)>& visit);

// Whether it can stand where a condition is wanted: a comparison, a boolean, a converter, or made of these.
bool is_condition(const Expression& expression);
// Whether it can be calculated with: a number, a path, a converter, or made of these.
bool is_arithmetic(const Expression& expression);

// Whether both say the same, wherever they were written.
bool same(const Expression& a, const Expression& b);
bool same(const Statement& a, const Statement& b);

}  // namespace rankwire::ottl
