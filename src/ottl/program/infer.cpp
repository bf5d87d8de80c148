#include "ottl/program/infer.hpp"

#include <algorithm>

#include "ottl/program/path_field.hpp"
#include "ottl/syntax/remedies.hpp"

namespace rankwire::ottl {

void Names::add(const std::vector<Expression>& expressions) {
  for (const Expression& expression : expressions) add(expression);
}

void Names::add(const Call& call) {
  functions_.push_back(call.name);
  for (const Argument& argument : call.arguments) add(argument.value);
  add(call.keys);
}

void Names::add(const Expression& expression) {
  if (expression.kind() == Kind::call) return add(expression.as<Call>());
  if (expression.kind() == Kind::path) {
    const auto& segments = expression.as<Path>().segments;
    const bool may_be_context = segments.size() > 1 && segments[0].keys.empty();
    (may_be_context ? roots_ : bare_).push_back(segments[0].name);
  }
  each_child(expression, [this](const Expression& child) { add(child); });
}

namespace {

bool knows(Context context, const std::string& name) {
  for (const PathRoot& root : roots_of(context))
    if (root.name == name) return true;
  return false;
}

bool allows(const Function* function, Context context) {
  if (function == nullptr || function->contexts.empty()) return true;
  return std::find(function->contexts.begin(), function->contexts.end(), context) != function->contexts.end();
}

}  // namespace

std::optional<Context> Names::context(const Dialect& dialect, std::string& why) const {
  std::string allowed;
  for (const Context context : dialect.contexts)
    allowed += (allowed.empty() ? "" : ", ") + std::string(to_string(context));
  for (const std::string& name : bare_) {
    if (is_null(name)) {
      why = "there is no path " + name + "; " + null_remedy;
      return std::nullopt;
    }
    why = "the path " + name + " does not say which context it means; write one in front (" + allowed +
          "), or set \"context\"";
    return std::nullopt;
  }
  const bool is_restricted = std::any_of(functions_.begin(), functions_.end(), [&](const std::string& name) {
    const Function* function = dialect.functions.find(name);
    return function != nullptr && !function->contexts.empty();
  });
  if (roots_.empty() && !is_restricted) {
    why = "nothing says which context is meant; begin paths with one of " + allowed + ", or set \"context\"";
    return std::nullopt;
  }
  for (const Context context : dialect.contexts) {
    const bool has_paths =
        std::all_of(roots_.begin(), roots_.end(), [&](const auto& name) { return knows(context, name); });
    const bool has_functions = std::all_of(functions_.begin(), functions_.end(), [&](const std::string& name) {
      return allows(dialect.functions.find(name), context);
    });
    if (has_paths && has_functions) return context;
  }
  for (const std::string& name : roots_) {
    const bool is_known = std::any_of(dialect.contexts.begin(), dialect.contexts.end(),
                                      [&](Context context) { return knows(context, name); });
    if (is_known) continue;
    if (const auto refusal = refusal_of_context(name); !refusal.empty()) {
      why = name + ": " + std::string(refusal);
      return std::nullopt;
    }
    why = "there is no context " + name + " here; paths begin with one of " + allowed;
    return std::nullopt;
  }
  why = "no context has all paths and functions of these statements; split them, or set \"context\"";
  return std::nullopt;
}

}  // namespace rankwire::ottl
