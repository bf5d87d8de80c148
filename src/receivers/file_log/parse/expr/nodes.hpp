// The pieces that a compiled expression is made of.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "receivers/file_log/parse/expr/expression.hpp"

namespace rankwire::file_log::expr {

using NodePointer = std::unique_ptr<const Node>;

enum class Variable : std::uint8_t { body, attributes, resource, timestamp, severity, severity_text };
enum class Binary : std::uint8_t {
  logical_or,
  logical_and,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  contains,
  starts_with,
  ends_with,
  add,
  subtract,
  multiply,
  divide,
  remainder,
  power,
  otherwise,  // ??
};

NodePointer make_text(std::string text);
NodePointer make_constant(Value value);  // Not text.
NodePointer make_variable(Variable variable);
// `is_optional`: ?. gives nil for what is not there instead of failing.
NodePointer make_index(NodePointer of, NodePointer key, bool is_optional);
NodePointer make_not(NodePointer operand);
NodePointer make_negation(NodePointer operand);
NodePointer make_binary(Binary operation, NodePointer left, NodePointer right);
Result<NodePointer> make_matches(NodePointer left, const std::string& pattern);
NodePointer make_choice(NodePointer condition, NodePointer yes, NodePointer no);
NodePointer make_array(std::vector<NodePointer> items);
NodePointer make_map(std::vector<std::pair<NodePointer, NodePointer>> entries);
// Checks the name and the number of arguments.
Result<NodePointer> make_call(const std::string& function, std::vector<NodePointer> arguments);

}  // namespace rankwire::file_log::expr
