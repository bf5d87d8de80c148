#include <algorithm>

#include "ottl/program/call_node.hpp"
#include "ottl/program/function.hpp"

namespace rankwire::ottl {

void FunctionTable::add(Function function) {
  require(function.parameters.size() <= parameters_max, "a function has few parameters");
  require((function.run != nullptr) != (function.prepare != nullptr), "a function has one way to run");
  const auto at = std::lower_bound(functions_.begin(), functions_.end(), function.name,
                                   [](const Function& one, std::string_view name) { return one.name < name; });
  require(at == functions_.end() || at->name != function.name, "a function is added once");
  functions_.insert(at, std::move(function));
}

void FunctionTable::add(const FunctionTable& others) {
  for (const Function& function : others.functions_) add(function);
}

const Function* FunctionTable::find(std::string_view name) const {
  const auto at = std::lower_bound(functions_.begin(), functions_.end(), name,
                                   [](const Function& one, std::string_view wanted) { return one.name < wanted; });
  return at != functions_.end() && at->name == name ? &*at : nullptr;
}

}  // namespace rankwire::ottl
