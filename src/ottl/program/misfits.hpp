// Values, assignments and comparisons whose types show that they are of no use. The original starts with them and fails
// or does nothing for each record, so they are warnings and never errors.
#pragma once

#include <optional>
#include <string>

#include "ottl/program/node.hpp"
#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

// An expression as it was written and what it was compiled to.
struct Side {
  const Expression& written;
  const Node& node;
};

struct Misfit {
  std::uint32_t offset = 0;
  std::string message;
  std::string remedy;
};

// `target` is set to `value`.
std::optional<Misfit> misfit_of_assignment(const Side& target, const Side& value);
std::optional<Misfit> misfit_of_comparison(ComparisonOperator op, const Side& a, const Side& b);
// `value` goes where only values of telemetry can be. `what`: "becomes nil in a list".
std::optional<Misfit> lost_value(const Side& value, std::string_view what);

// What to write for the name of an enum that there is not; may be empty.
std::string remedy_for_enum(std::string_view name);

}  // namespace rankwire::ottl
