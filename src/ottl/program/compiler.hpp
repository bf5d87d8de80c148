// Tree to program, for one context. Goes on behind an error, so that all problems of a statement are found.
#pragma once

#include <string>
#include <vector>

#include "ottl/program/call_node.hpp"
#include "ottl/program/misfits.hpp"
#include "ottl/program/nodes.hpp"
#include "ottl/syntax/problem.hpp"
#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

class Compiler {
 public:
  // `constants` lives as long as what is compiled. Problems of `text` are added to `problems`.
  Compiler(const FunctionTable& functions, Context context, Arena& constants, std::string_view text,
           std::vector<Problem>& problems)
      : functions_(functions), context_(context), constants_(constants), text_(text), problems_(problems) {}

  // Null after a problem.
  NodeRef editor(const Call& call, std::uint32_t offset);
  NodeRef value(const Expression& expression);
  ConditionRef condition(const Expression& expression);

 private:
  // One each per parameter.
  struct Arguments {
    std::vector<CallNode::Argument> values;
    std::vector<const Expression*> written;  // Null: not given.
  };

  void problem(std::uint32_t offset, std::string message, std::string remedy = {});
  void warn(std::optional<Misfit> misfit);
  // What compiles, but fails for every record that meets it.
  void always_fails(std::uint32_t offset, const std::string& why);
  NodeRef constant(const Datum& datum);
  // Runs what depends on no record; what fails stays as it is, to fail when it is met.
  NodeRef folded(NodeRef node, std::uint32_t offset, bool is_checked = false);
  NodeRef literal(const Expression& expression);
  NodeRef symbol(const Expression& expression);
  std::unique_ptr<const Target> path(const Expression& expression);
  // Where a path leads. Null `field`: that was a problem.
  struct Found {
    const PathField* field = nullptr;
    bool is_always_there = false;  // As of its PathRoot.
  };
  Found field(const Path& path, std::uint32_t offset);
  bool keys(const std::vector<Expression>& expressions, std::vector<NodeRef>& out);
  // `want`: what each item becomes.
  NodeRef list(const Expression& expression, Want want);
  NodeRef first_of(const Expression& list);
  NodeRef map(const MapLiteral& map);
  NodeRef arithmetic(const Expression& expression);
  NodeRef sign(const Expression& expression);
  NodeRef converter(const Expression& expression);
  NodeRef call(const Call& call, std::uint32_t offset, bool is_editor);
  bool arguments(const Call& call, const Function& function, std::uint32_t offset, Arguments& out);
  bool argument(const Expression& expression, const Function& function, const Parameter& parameter,
                CallNode::Argument& out);
  bool target(const Expression& expression, const Function& function, const Parameter& parameter,
              CallNode::Argument& out);
  bool function_argument(const Expression& expression, CallNode::Argument& out);
  NodeRef coerced(NodeRef node, const Function& function, const Parameter& parameter, std::uint32_t offset);
  NodeRef finish(const Function& function, Arguments arguments, std::uint32_t offset);
  ConditionRef comparison(const Expression& expression);
  ConditionRef chain(const std::vector<Expression>& operands, bool decides);

  const FunctionTable& functions_;
  const Context context_;
  Arena& constants_;
  const std::string_view text_;
  std::vector<Problem>& problems_;
};

// The number of an enum of the language: "SEVERITY_NUMBER_INFO" is 9.
std::optional<std::int64_t> enum_value(std::string_view name);
std::vector<std::string_view> enum_names();

}  // namespace rankwire::ottl
