#include "ottl/program.hpp"

#include "ottl/program/compiler.hpp"
#include "ottl/program/infer.hpp"
#include "ottl/syntax/parser.hpp"

namespace rankwire::ottl {
namespace {

// Parses all of them; those that do not parse are problems.
template <class Tree, class Parse>
std::vector<std::optional<Tree>> parse_all(std::span<const std::string> texts, std::vector<TextProblem>& problems,
                                           Parse parse) {
  std::vector<std::optional<Tree>> trees(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Problem problem;
    if (auto tree = parse(texts[i], &problem))
      trees[i] = std::move(*tree);
    else
      problems.push_back({i, std::move(problem)});
  }
  return trees;
}

void add_names(const Statement& statement, Names& names) {
  names.add(statement.editor);
  if (statement.condition) names.add(*statement.condition);
}
void add_names(const Expression& expression, Names& names) { names.add(expression); }

template <class Tree>
std::optional<Context> context_for(const std::vector<std::optional<Tree>>& trees, const Dialect& dialect,
                                   std::optional<Context> given, std::vector<TextProblem>& problems) {
  if (given) return given;
  Names names;
  for (const auto& tree : trees)
    if (tree) add_names(*tree, names);
  std::string why;
  const auto context = names.context(dialect, why);
  // What is not even read has no paths to infer from: its own problem says enough.
  const bool is_any_read = std::any_of(trees.begin(), trees.end(), [](const auto& tree) { return tree.has_value(); });
  if (!context && is_any_read) problems.push_back({0, {0, {}, std::move(why), {}}});
  return context;
}

void take(std::vector<Problem>& from, std::size_t index, std::vector<TextProblem>& into) {
  for (Problem& problem : from) into.push_back({index, std::move(problem)});
  from.clear();
}

bool is_good_since(std::size_t before, std::span<const TextProblem> problems) {
  return first_error(problems.subspan(before)) == nullptr;
}

constexpr std::size_t shown_text_max = 80;

}  // namespace

const TextProblem* first_error(std::span<const TextProblem> problems) {
  for (const TextProblem& one : problems)
    if (!one.problem.is_warning) return &one;
  return nullptr;
}

std::vector<Context> contexts_of(Signal signal) {
  switch (signal) {
    case Signal::logs: return {Context::resource, Context::scope, Context::log};
    case Signal::metrics: return {Context::resource, Context::scope, Context::metric, Context::data_point};
    case Signal::traces: return {Context::resource, Context::scope, Context::span, Context::span_event};
  }
  return {};
}

std::optional<Context> context_of(std::string_view name) {
  for (std::size_t i = 0; i < context_count; ++i)
    if (to_string(static_cast<Context>(i)) == name) return static_cast<Context>(i);
  return std::nullopt;
}

ErrorReporter::ErrorReporter(ErrorMode mode, const Owner& owner, std::span<const std::string> texts,
                             std::span<const std::string> keys)
    : mode_(mode), component_(owner.component), log_(owner.log), keys_(keys.begin(), keys.end()) {
  require(keys.size() == texts.size(), "every statement was configured somewhere");
  for (const std::string& text : texts) {
    texts_.push_back(text.substr(0, shown_text_max));
    failures_.push_back(&owner.counters.counter("rankwire_ottl_failures_total",
                                                "Evaluations of a statement or condition that failed.",
                                                {{"component", component_}, {"statement", texts_.back()}}));
  }
}

bool ErrorReporter::go_on(std::size_t index, Frame& frame) const {
  failures_[index]->add();
  if (mode_ != ErrorMode::silent)
    // One message a statement: the log's sampling then bounds each by itself.
    log_.warn("a statement failed: " + texts_[index],
              {{"component", component_}, {"key", keys_[index]}, {"error", frame.error}});
  if (mode_ != ErrorMode::propagate) return true;
  frame.error = component_ + ": " + keys_[index] + " (" + texts_[index] + "): " + frame.error;
  return false;
}

StatementGroup::~StatementGroup() = default;

std::unique_ptr<const StatementGroup> StatementGroup::compile(std::span<const std::string> texts,
                                                              const Dialect& dialect, std::optional<Context> context,
                                                              std::vector<TextProblem>& problems) {
  const std::size_t before = problems.size();
  const auto trees = parse_all<Statement>(texts, problems, parse_statement);
  context = context_for(trees, dialect, context, problems);
  if (!context) return nullptr;
  std::unique_ptr<StatementGroup> group(new StatementGroup);
  group->context_ = *context;
  std::vector<Problem> found;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    if (!trees[i]) continue;
    Compiler compiler(dialect.functions, *context, *group->constants_, texts[i], found);
    Compiled compiled{compiler.editor(trees[i]->editor, trees[i]->offset), nullptr};
    if (trees[i]->condition) compiled.condition = compiler.condition(*trees[i]->condition);
    group->statements_.push_back(std::move(compiled));
    take(found, i, problems);
  }
  return is_good_since(before, problems) ? std::move(group) : nullptr;
}

bool StatementGroup::run_one(std::size_t index, Frame& frame, bool& ran) const {
  const Compiled& statement = statements_[index];
  ran = true;
  if (statement.condition && !statement.condition->test(frame, ran)) return false;
  if (!ran) return true;
  Datum nothing;
  return statement.editor->evaluate(frame, nothing);
}

bool StatementGroup::run(Frame& frame, const ErrorReporter& reporter) const {
  bool ran = false;
  for (std::size_t i = 0; i < statements_.size(); ++i)
    if (!run_one(i, frame, ran) && !reporter.go_on(i, frame)) return false;
  return true;
}

ConditionGroup::~ConditionGroup() = default;

std::unique_ptr<const ConditionGroup> ConditionGroup::compile(std::span<const std::string> texts,
                                                              const Dialect& dialect, std::optional<Context> context,
                                                              std::vector<TextProblem>& problems) {
  const std::size_t before = problems.size();
  const auto trees = parse_all<Expression>(texts, problems, parse_condition);
  context = context_for(trees, dialect, context, problems);
  if (!context) return nullptr;
  std::unique_ptr<ConditionGroup> group(new ConditionGroup);
  group->context_ = *context;
  std::vector<Problem> found;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    if (!trees[i]) continue;
    Compiler compiler(dialect.functions, *context, *group->constants_, texts[i], found);
    group->conditions_.push_back(compiler.condition(*trees[i]));
    take(found, i, problems);
  }
  return is_good_since(before, problems) ? std::move(group) : nullptr;
}

bool ConditionGroup::any(Frame& frame, const ErrorReporter& reporter, bool& out) const {
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    if (conditions_[i]->test(frame, out)) {
      if (out) return true;
    } else if (!reporter.go_on(i, frame)) {
      return false;
    }
  }
  out = false;
  return true;
}

bool ConditionGroup::all(Frame& frame, const ErrorReporter& reporter, bool& out) const {
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    if (conditions_[i]->test(frame, out)) {
      if (!out) return true;
    } else {
      out = false;
      return reporter.go_on(i, frame);
    }
  }
  out = true;
  return true;
}

ValueProgram::~ValueProgram() = default;

std::unique_ptr<const ValueProgram> ValueProgram::compile(const std::string& text, const Dialect& dialect,
                                                          std::optional<Context> context,
                                                          std::vector<TextProblem>& problems) {
  const std::size_t before = problems.size();
  const auto trees = parse_all<Expression>({&text, 1}, problems, parse_value);
  context = context_for(trees, dialect, context, problems);
  if (!context || !trees[0]) return nullptr;
  std::unique_ptr<ValueProgram> program(new ValueProgram);
  program->context_ = *context;
  std::vector<Problem> found;
  program->node_ = Compiler(dialect.functions, *context, *program->constants_, text, found).value(*trees[0]);
  take(found, 0, problems);
  return is_good_since(before, problems) ? std::move(program) : nullptr;
}

}  // namespace rankwire::ottl
