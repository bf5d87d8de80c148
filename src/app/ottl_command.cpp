// `rankwire ottl`: statements and conditions tried on a record. Each statement goes over all records before the
// next one does, so that what it alone changed can be shown; `cache` lives on from one to the next.
#include <algorithm>
#include <ostream>
#include <sstream>

#include "app/commands.hpp"
#include "app/ottl_input.hpp"
#include "ottl/explain/snapshot.hpp"
#include "ottl/functions/metric_functions.hpp"
#include "ottl/program.hpp"
#include "ottl/syntax/parser.hpp"
#include "ottl/syntax/print.hpp"
#include "ottl/walk.hpp"

namespace rankwire::app {
namespace {

using ottl::Expression;
using ottl::Kind;

constexpr std::size_t explained_max = 5;

// A statement and where it was written.
struct Written {
  std::string text;
  std::string place = "--statement";
};

// One statement a line, without empty lines and comments.
std::vector<Written> statements_in(const std::string& path, const std::string& text) {
  std::vector<Written> found;
  std::istringstream lines(text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    const std::size_t begin = line.find_first_not_of(" \t\r"), end = line.find_last_not_of(" \t\r");
    if (begin != std::string::npos && line[begin] != '#')
      found.push_back({line.substr(begin, end - begin + 1), path + ", line " + std::to_string(number) + ":"});
  }
  return found;
}

class Playground {
 public:
  Playground(const OttlOptions& options, std::vector<Written> statements, SignalBatch batch, const Output& output)
      : options_(options), written_(std::move(statements)), batch_(std::move(batch)), output_(output) {
    for (const Written& one : written_) texts_.push_back(one.text);
  }

  ExitCode run() {
    if (!options_.context.empty()) {
      context_ = ottl::context_of(options_.context);
      const auto& known = statements_.contexts;
      if (!context_ || std::find(known.begin(), known.end(), *context_) == known.end()) {
        output_.err << "--context: there is no context " << options_.context << " for " << to_string(batch_.signal())
                    << '\n';
        return ExitCode::usage;
      }
    }
    std::vector<ottl::TextProblem> problems;
    const auto group = ottl::StatementGroup::compile(texts_, statements_, context_, problems);
    for (const auto& [index, problem] : problems) show(written_[index].place, texts_[index], problem);
    bool is_good = texts_.empty() || group;
    for (const std::string& text : options_.conditions) is_good = condition(text) && is_good;
    for (std::size_t i = 0; group && i < texts_.size(); ++i) statement(*group, i);
    return !is_good ? ExitCode::usage : has_failed_ ? ExitCode::failed : ExitCode::ok;
  }

 private:
  template <class Visit>
  void each(ottl::Context context, Visit visit) {
    const auto walk = [&](auto& records) {
      ottl::Frame frame(records.arena(), world_);
      std::size_t index = 0;
      ottl::walk(records, context, frame, [&](ottl::Frame& one) {
        if (caches_.size() <= index) caches_.emplace_back();
        one.cache = caches_[index];
        visit(one, index);
        caches_[index++] = one.cache;
        return true;
      });
    };
    switch (batch_.signal()) {
      case Signal::logs: return walk(batch_.logs());
      case Signal::metrics: return walk(batch_.metrics());
      case Signal::traces: return walk(batch_.traces());
    }
  }

  // With a caret below the place.
  void show(const std::string& written, const std::string& text, const ottl::Problem& problem) {
    const std::size_t begin = problem.offset == 0 ? 0 : text.rfind('\n', problem.offset - 1) + 1;
    std::string what = problem.text();
    constexpr std::string_view in_yaml = "set \"context\"";
    if (const std::size_t at = what.find(in_yaml); at != std::string::npos)
      what.replace(at, in_yaml.size(), "give --context");
    output_.err << written << ' ' << (problem.is_warning ? "warning: " : "") << what << "\n  "
                << text.substr(begin, text.find('\n', begin) - begin) << "\n  "
                << std::string(std::max(1u, problem.place.column) - 1, ' ') << "^\n";
    for (const ottl::Function& one : conditions_.functions.all())
      if (statements_.functions.find(one.name) == nullptr &&
          problem.message.find(" " + std::string(one.name)) != std::string::npos)
        output_.err << "  (only the filter processor has " << one.name << ": try it with --condition)\n";
  }

  std::string name(ottl::Context context, std::size_t index) {
    return std::string(to_string(context)) + "[" + std::to_string(index) + "]";
  }

  bool condition(const std::string& text) {
    std::vector<ottl::TextProblem> problems;
    const auto group = ottl::ConditionGroup::compile({&text, 1}, conditions_, context_, problems);
    for (const ottl::TextProblem& one : problems) show("--condition", text, one.problem);
    if (!group) return false;
    const auto tree = ottl::parse_condition(text);
    output_.out << text << '\n';
    each(group->context(), [&](ottl::Frame& frame, std::size_t index) {
      output_.out << "  " << name(group->context(), index) << ": ";
      const auto holds = value_of(*tree, group->context(), frame);
      if (holds) output_.out << (*holds ? "true" : "false") << '\n';
      if (!holds) failed(frame);
      if (holds && !*holds) explain(*tree, group->context(), frame);
    });
    return true;
  }

  void statement(const ottl::StatementGroup& group, std::size_t which) {
    const auto tree = ottl::parse_statement(texts_[which]);
    output_.out << texts_[which] << '\n';
    const ottl::Snapshot before = seen_by(group.context());
    std::size_t unmet = 0;
    each(group.context(), [&](ottl::Frame& frame, std::size_t index) {
      bool ran = false;
      if (!group.run_one(which, frame, ran)) {
        output_.out << "  " << name(group.context(), index) << ": ";
        failed(frame);
      } else if (!ran && unmet++ < explained_max) {
        output_.out << "  " << name(group.context(), index) << ": the condition is false\n";
        explain(*tree->condition, group.context(), frame);
      }
    });
    if (unmet > explained_max) output_.out << "  the condition is false for " << unmet - explained_max << " more\n";
    const auto lines = ottl::changes(before, seen_by(group.context()));
    for (const std::string& line : lines) output_.out << "  " << line << '\n';
    if (lines.empty()) output_.out << "  unchanged\n";
  }

  // The records and what statements keep beside them.
  ottl::Snapshot seen_by(ottl::Context context) {
    ottl::Snapshot all = ottl::snapshot(batch_);
    for (std::size_t i = 0; i < caches_.size(); ++i) {
      const std::string of = caches_.size() == 1 ? std::string(to_string(context)) : name(context, i);
      ottl::append(all, of + ".cache", caches_[i]);
    }
    return all;
  }

  void failed(const ottl::Frame& frame) {
    has_failed_ = true;
    output_.out << "failed: " << frame.error << '\n';
  }

  // Nothing: it failed.
  std::optional<bool> value_of(const Expression& tree, ottl::Context context, ottl::Frame& frame) {
    std::vector<ottl::TextProblem> problems;
    const std::vector<std::string> texts = {ottl::print(tree)};
    const auto group = ottl::ConditionGroup::compile(texts, conditions_, context, problems);
    if (!group) return std::nullopt;
    NullLogger log;
    Counters counters;
    const ottl::ErrorReporter reporter(ottl::ErrorMode::silent, {"ottl", log, counters}, texts, texts);
    frame.error.clear();
    bool holds = false;
    const bool is_known = group->any(frame, reporter, holds) && frame.error.empty();
    return is_known ? std::optional(holds) : std::nullopt;
  }

  std::string seen(const Expression& tree, ottl::Context context, ottl::Frame& frame) {
    std::vector<ottl::TextProblem> problems;
    const auto program = ottl::ValueProgram::compile(ottl::print(tree), conditions_, context, problems);
    ottl::Datum value;
    return program && program->evaluate(frame, value) ? ottl::shown(value) : "failed: " + frame.error;
  }

  // What of a condition that is false makes it so.
  void explain(const Expression& tree, ottl::Context context, ottl::Frame& frame) {
    if (tree.kind() == Kind::conjunction || tree.kind() == Kind::disjunction) {
      const bool is_and = tree.kind() == Kind::conjunction;
      const auto& operands = is_and ? tree.as<ottl::Conjunction>().operands : tree.as<ottl::Disjunction>().operands;
      for (const Expression& operand : operands)
        if (value_of(operand, context, frame) == false) explain(operand, context, frame);
      return;
    }
    const bool is_negated = tree.kind() == Kind::negation;
    const Expression& inner = is_negated ? tree.as<ottl::Negation>().operands[0] : tree;
    output_.out << "    ";
    if (inner.kind() == Kind::comparison) {
      const auto& comparison = inner.as<ottl::Comparison>();
      constexpr const char* operators[] = {"==", "!=", "<", "<=", ">", ">="};
      output_.out << ottl::print(comparison.operands[0]) << " = " << seen(comparison.operands[0], context, frame)
                  << ", wanted " << (is_negated ? "not " : "") << operators[static_cast<std::size_t>(comparison.op)]
                  << ' ' << seen(comparison.operands[1], context, frame) << '\n';
      return;
    }
    output_.out << ottl::print(tree) << " is false";
    if (inner.kind() == Kind::call)
      for (const ottl::Argument& argument : inner.as<ottl::Call>().arguments)
        if (argument.value.kind() == Kind::path)
          output_.out << ", " << ottl::print(argument.value) << " = " << seen(argument.value, context, frame);
    output_.out << '\n';
  }

  const OttlOptions& options_;
  const std::vector<Written> written_;
  std::vector<std::string> texts_;  // Of those.
  SignalBatch batch_;
  const Output& output_;
  // As transform and filter have them.
  const ottl::Dialect statements_{ottl::transform_functions(batch_.signal()), ottl::contexts_of(batch_.signal())};
  const ottl::Dialect conditions_{ottl::filter_functions(batch_.signal()), ottl::contexts_of(batch_.signal())};
  std::optional<ottl::Context> context_;
  SystemClock clock_;
  std::unique_ptr<Random> random_ = make_random();
  ottl::World world_{clock_, *random_};
  std::vector<Attributes> caches_;  // By the place of a record.
  bool has_failed_ = false;
};

}  // namespace

ExitCode try_ottl(const OttlOptions& options, std::istream& standard_input, const Output& output) {
  const auto wrong = [&](const std::string& option, const Error& error) {
    output.err << option << ": " << error.message() << '\n';
    return ExitCode::usage;
  };
  std::vector<Written> statements;
  for (const std::string& text : options.statements) statements.push_back({text});
  if (!options.statements_file.empty()) {
    const auto text = read_tool_input(options.statements_file, standard_input);
    if (!text) return wrong("--statements " + options.statements_file, text.error());
    for (Written& one : statements_in(options.statements_file, *text)) statements.push_back(std::move(one));
  }
  if (statements.empty() && options.conditions.empty()) {
    output.err << "rankwire ottl: nothing to do; give --statement, --statements or --condition\n";
    return ExitCode::usage;
  }
  auto input = read_ottl_input(options.input, options.signal, standard_input);
  if (!input) return wrong("--input " + options.input, input.error());
  for (const std::string& note : input->notes) output.err << "--input " << options.input << ": " << note << '\n';
  return Playground(options, std::move(statements), std::move(input->batch), output).run();
}

}  // namespace rankwire::app
