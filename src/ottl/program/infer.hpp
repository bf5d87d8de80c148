// Which context statements are meant for, read off the names that their paths begin with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ottl/program.hpp"
#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

// What a tree names, as far as it decides about the context.
class Names {
 public:
  void add(const Expression& expression);
  void add(const Call& call);
  // The outermost context that has every path and function. Null: `why` says what is in the way.
  std::optional<Context> context(const Dialect& dialect, std::string& why) const;

 private:
  void add(const std::vector<Expression>& expressions);

  std::vector<std::string> roots_;  // First segments of paths that have more than one.
  std::vector<std::string> bare_;   // Paths without a context's name.
  std::vector<std::string> functions_;
};

}  // namespace rankwire::ottl
