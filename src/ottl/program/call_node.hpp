// A call of a function: checks what its parameters want, then runs it.
#pragma once

#include <array>

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

constexpr std::size_t parameters_max = 8;

class CallNode final : public Node {
 public:
  // One per parameter; at most one of the three is set, none where it was not given.
  struct Argument {
    NodeRef value;
    std::unique_ptr<const Target> target;
    const Function* function = nullptr;

    bool is_given() const { return value || target || function != nullptr; }
  };

  CallNode(const Function& function, Run run, std::vector<Argument> arguments);
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  bool run(Frame& frame, const Datum* values, Datum& out) const;

  const Function& function_;
  const Run run_;
  const std::vector<Argument> arguments_;
  std::vector<std::size_t> evaluated_;  // Which arguments a record decides.
  std::array<Datum, parameters_max> constants_;
  std::array<const Target*, parameters_max> targets_{};
  std::array<const Function*, parameters_max> functions_{};
  std::uint32_t given_ = 0;
};

}  // namespace rankwire::ottl
