// Calls: which function, which argument belongs to which parameter, whether it fits, and what can run already.
#include <algorithm>

#include "config/diagnostics.hpp"
#include "ottl/program/compiler.hpp"
#include "ottl/program/convert.hpp"
#include "ottl/program/fold.hpp"

namespace rankwire::ottl {
namespace {

std::string signature(const Function& function) {
  std::string text(function.name);
  text += "(";
  for (const Parameter& parameter : function.parameters) {
    if (text.back() != '(') text += ", ";
    text += (parameter.is_optional ? "[" : "") + std::string(parameter.name) + (parameter.is_optional ? "]" : "");
  }
  return text + ")";
}

// "resolve_conflicts" may also be written resolveConflicts.
bool is_called(const Parameter& parameter, std::string_view written) {
  std::string camel;
  for (std::size_t i = 0; i < parameter.name.size(); ++i) {
    const bool is_start = parameter.name[i] == '_' && i + 1 < parameter.name.size();
    camel += is_start ? static_cast<char>(parameter.name[++i] & ~0x20) : parameter.name[i];
  }
  return written == parameter.name || written == camel;
}

std::string list_of(const std::vector<Context>& contexts) {
  std::string text;
  for (const Context context : contexts) text += (text.empty() ? "" : ", ") + std::string(to_string(context));
  return text;
}

bool is_target(Want want) { return want == Want::target || want == Want::map_target; }

}  // namespace

NodeRef Compiler::folded(NodeRef node, std::uint32_t offset, bool is_checked) {
  Datum result;
  std::string why;
  if (fold(*node, constants_, result, why)) return constant(result);
  if (is_checked) {
    problem(offset, std::move(why));
    return nullptr;
  }
  always_fails(offset, why);
  return node;
}

NodeRef Compiler::editor(const Call& written, std::uint32_t offset) { return call(written, offset, true); }

NodeRef Compiler::call(const Call& written, std::uint32_t offset, bool is_editor) {
  const Function* function = functions_.find(written.name);
  if (function == nullptr || function->is_editor() != is_editor) {
    std::vector<std::string_view> names;
    for (const Function& other : functions_.all())
      if (other.is_editor() == is_editor) names.push_back(other.name);
    problem(offset, "there is no function " + written.name, config::suggest(written.name, names));
    return nullptr;
  }
  const auto& contexts = function->contexts;
  if (!contexts.empty() && std::find(contexts.begin(), contexts.end(), context_) == contexts.end()) {
    problem(offset, std::string(function->name) + " cannot be used in the context " + std::string(to_string(context_)),
            "it works in " + list_of(contexts));
    return nullptr;
  }
  if (function->gives_first && written.arguments.size() == 1) {
    const auto& [name, at, list] = written.arguments[0];
    if (list.kind() == Kind::list && (name.empty() || name == function->parameters[0].name)) return first_of(list);
  }
  Arguments given;
  if (!arguments(written, *function, offset, given)) return nullptr;
  if (function->sets_value) {
    const auto& [values, expressions] = given;
    warn(misfit_of_assignment({*expressions[0], *values[0].target}, {*expressions[1], *values[1].value}));
  }
  return finish(*function, std::move(given), offset);
}

bool Compiler::arguments(const Call& written, const Function& function, std::uint32_t offset, Arguments& out) {
  out.values.resize(function.parameters.size());
  out.written.resize(out.values.size());
  bool is_good = true;
  for (std::size_t i = 0; i < written.arguments.size(); ++i) {
    const Argument& argument = written.arguments[i];
    std::size_t at = i;
    if (!argument.name.empty()) {
      const auto named = std::find_if(function.parameters.begin(), function.parameters.end(),
                                      [&](const Parameter& p) { return is_called(p, argument.name); });
      at = static_cast<std::size_t>(named - function.parameters.begin());
    }
    if (at >= out.values.size()) {
      problem(argument.offset,
              argument.name.empty() ? "one argument too many"
                                    : std::string(function.name) + " has no argument " + argument.name,
              "it is " + signature(function));
      return false;
    }
    if (out.written[at] != nullptr) {
      problem(argument.offset, "the argument " + std::string(function.parameters[at].name) + " is given twice");
      return false;
    }
    out.written[at] = &argument.value;
    is_good = this->argument(argument.value, function, function.parameters[at], out.values[at]) && is_good;
  }
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    if (out.written[i] != nullptr || function.parameters[i].is_optional) continue;
    problem(offset, "the argument " + std::string(function.parameters[i].name) + " is missing",
            "it is " + signature(function));
    return false;
  }
  return is_good;
}

bool Compiler::argument(const Expression& expression, const Function& function, const Parameter& parameter,
                        CallNode::Argument& out) {
  if (is_target(parameter.want)) return target(expression, function, parameter, out);
  if (parameter.want == Want::function) return function_argument(expression, out);
  const bool are_texts = expression.kind() == Kind::list && parameter.want == Want::texts_like;
  NodeRef node = are_texts ? list(expression, Want::text_like) : value(expression);
  if (node) node = coerced(std::move(node), function, parameter, expression.offset);
  if (node && parameter.is_stored) warn(lost_value({expression, *node}, "cannot be kept in a list"));
  out.value = std::move(node);
  return out.value != nullptr;
}

bool Compiler::target(const Expression& expression, const Function& function, const Parameter& parameter,
                      CallNode::Argument& out) {
  if (expression.kind() != Kind::path) {
    problem(expression.offset, std::string(function.name) + " changes its argument " + std::string(parameter.name) +
                                   ", which must be a path");
    return false;
  }
  auto found = path(expression);
  if (!found) return false;
  if (found->is_read_only()) {
    problem(expression.offset, "this path cannot be set");
    return false;
  }
  if (parameter.want == Want::map_target && !may_be(Want::map, found->type())) {
    problem(expression.offset, std::string(function.name) + ": " + std::string(parameter.name) +
                                   " must be a map, this path is " + std::string(to_string(found->type())));
    return false;
  }
  out.target = std::move(found);
  return true;
}

bool Compiler::function_argument(const Expression& expression, CallNode::Argument& out) {
  std::string name;
  if (expression.kind() == Kind::symbol) name = expression.as<Symbol>().name;
  if (expression.kind() == Kind::function_name) name = expression.as<FunctionName>().name;
  const Function* function = name.empty() ? nullptr : functions_.find(name);
  if (function == nullptr || function->is_editor()) {
    problem(expression.offset, name.empty() ? "expected the name of a converter" : "there is no converter " + name,
            "for example SHA256");
    return false;
  }
  const bool takes_one = !function->parameters.empty() && function->run != nullptr &&
                         std::all_of(function->parameters.begin() + 1, function->parameters.end(),
                                     [](const Parameter& p) { return p.is_optional; });
  if (!takes_one) {
    problem(expression.offset, name + " cannot be given by name", "only converters of one argument can");
    return false;
  }
  out.function = function;
  return true;
}

// Checks the type as far as it is known, and makes constants what the parameter wants.
NodeRef Compiler::coerced(NodeRef node, const Function& function, const Parameter& parameter, std::uint32_t offset) {
  const auto misfit = [&](const std::string& got) {
    problem(offset, std::string(function.name) + ": " + std::string(parameter.name) + " must be " +
                        std::string(to_string(parameter.want)) + ", this is " + got);
    return nullptr;
  };
  const Datum* known = node->constant();
  if (parameter.is_literal && known == nullptr) {
    problem(offset, std::string(function.name) + ": " + std::string(parameter.name) +
                        " must be written out, it cannot depend on a record");
    return nullptr;
  }
  const Datum before = known != nullptr ? *known : Datum();
  // An integer may be written where a real number is wanted.
  if (known != nullptr && parameter.want == Want::real && known->is(Type::integer))
    return constant(Value::of(static_cast<double>(known->integer())));
  if (!may_be(parameter.want, node->type())) return misfit(std::string(to_string(node->type())));
  if (known == nullptr) return node;
  Datum datum = before;
  std::string why;
  if (!fold_coerce(parameter.want, constants_, datum, why)) return misfit("not: " + why);
  return constant(datum);
}

NodeRef Compiler::finish(const Function& function, Arguments arguments, std::uint32_t offset) {
  std::vector<const Datum*> constants;
  bool are_constant = true;
  std::uint32_t given = 0;
  for (const CallNode::Argument& argument : arguments.values) {
    if (argument.is_given()) given |= 1u << constants.size();
    constants.push_back(argument.value ? argument.value->constant() : nullptr);
    are_constant = are_constant && !argument.target && (!argument.value || constants.back() != nullptr);
  }
  Run run = function.run;
  bool is_known_to_fail = false;
  if (function.prepare) {
    const Known known(constants, given);
    auto prepared = function.prepare(known);
    if (!prepared) {
      const auto blamed = known.blamed();
      problem(blamed ? arguments.written[*blamed]->offset : offset,
              std::string(function.name) + ": " + prepared.error().message());
      return nullptr;
    }
    run = std::move(*prepared);
    is_known_to_fail = !known.why_it_fails().empty();
    if (is_known_to_fail) always_fails(offset, std::string(function.name) + ": " + known.why_it_fails());
  }
  NodeRef node = std::make_unique<CallNode>(function, std::move(run), std::move(arguments.values));
  const bool folds = are_constant && function.is_pure && !function.is_editor() && !is_known_to_fail;
  return folds ? folded(std::move(node), offset, function.is_checked) : std::move(node);
}

}  // namespace rankwire::ottl
