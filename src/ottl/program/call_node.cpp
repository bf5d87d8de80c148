#include "ottl/program/call_node.hpp"

#include "ottl/program/convert.hpp"

namespace rankwire::ottl {

CallNode::CallNode(const Function& function, Run run, std::vector<Argument> arguments)
    : Node(function.result), function_(function), run_(std::move(run)), arguments_(std::move(arguments)) {
  require(arguments_.size() == function.parameters.size() && arguments_.size() <= parameters_max,
          "a call has one place for each parameter");
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const Argument& argument = arguments_[i];
    if (argument.is_given()) given_ |= 1u << i;
    if (argument.value && argument.value->constant() != nullptr)
      constants_[i] = *argument.value->constant();  // Coerced when it was compiled.
    else if (argument.value)
      evaluated_.push_back(i);
    targets_[i] = argument.target.get();
    functions_[i] = argument.function;
  }
}

bool CallNode::evaluate(Frame& frame, Datum& out) const {
  // Where nothing is evaluated, constants are given as they are; else a copy is filled.
  if (evaluated_.empty()) return run(frame, constants_.data(), out);
  std::array<Datum, parameters_max> values = constants_;
  for (const std::size_t i : evaluated_) {
    if (!arguments_[i].value->evaluate(frame, values[i])) return false;
    const Want want = function_.parameters[i].want;
    if (want != Want::any && !coerce(frame, want, values[i])) {
      frame.error.insert(0, std::string(function_.name) + ": " + std::string(function_.parameters[i].name) + ": ");
      return false;
    }
  }
  return run(frame, values.data(), out);
}

bool CallNode::run(Frame& frame, const Datum* values, Datum& out) const {
  Invocation call(frame, {values, arguments_.size()}, targets_, functions_, given_);
  if (run_(call, out)) return true;
  if (!frame.error.starts_with(function_.name)) frame.error.insert(0, std::string(function_.name) + ": ");
  return false;
}

Run failing(std::string why) {
  return [why = std::move(why)](Invocation& call, Datum&) { return call.fail(why); };
}

bool Invocation::apply(std::size_t index, const Datum& argument, Datum& out) const {
  const Function& function = *functions_[index];
  Datum value = argument;
  if (!coerce(frame_, function.parameters[0].want, value)) return false;
  const std::array<const Target*, parameters_max> no_targets{};
  const std::array<const Function*, parameters_max> no_functions{};
  Invocation call(frame_, {&value, 1}, no_targets, no_functions, 1);
  return function.run(call, out);
}

}  // namespace rankwire::ottl
