// `rankwire ottl`: statements and conditions tried on a record. Each statement goes over all records before the
// next one does, so that what it alone changed can be shown; `cache` lives on from one to the next.
#include <algorithm>
#include <ostream>

#include "app/commands.hpp"
#include "otlp/otlp.hpp"
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

constexpr std::uint64_t input_bytes_max = 16u << 20;
constexpr std::size_t explained_max = 5;

struct Wrapping {
  Signal signal;
  const char* key;
  const char* begin;
};
constexpr Wrapping wrappings[] = {
    {Signal::logs, "resourceLogs", "{\"resourceLogs\": [{\"scopeLogs\": [{\"logRecords\": ["},
    {Signal::metrics, "resourceMetrics", "{\"resourceMetrics\": [{\"scopeMetrics\": [{\"metrics\": ["},
    {Signal::traces, "resourceSpans", "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": ["},
};

// A request says its signal; a record alone is put into one.
Result<SignalBatch> decode_input(const std::string& text, const std::string& signal) {
  for (const Wrapping& one : wrappings)
    if (text.find("\"" + std::string(one.key) + "\"") != std::string::npos) return otlp::decode_json(one.signal, text);
  for (const Wrapping& one : wrappings)
    if (to_string(one.signal) == (signal.empty() ? "logs" : signal))
      return otlp::decode_json(one.signal, one.begin + text + "]}]}]}");
  return Error(ErrorKind::invalid, "--signal must be logs, metrics or traces");
}

class Playground {
 public:
  Playground(const OttlOptions& options, SignalBatch batch, const Output& output)
      : options_(options), batch_(std::move(batch)), output_(output) {}

  ExitCode run() {
    if (!options_.context.empty()) {
      context_ = ottl::context_of(options_.context);
      const auto& known = dialect_.contexts;
      if (!context_ || std::find(known.begin(), known.end(), *context_) == known.end()) {
        output_.err << "--context: there is no context " << options_.context << " for " << to_string(batch_.signal())
                    << '\n';
        return ExitCode::usage;
      }
    }
    std::vector<ottl::TextProblem> problems;
    const auto statements = ottl::StatementGroup::compile(options_.statements, dialect_, context_, problems);
    show("--statement", options_.statements, problems);
    bool is_good = options_.statements.empty() || statements;
    for (std::size_t i = 0; i < options_.conditions.size(); ++i) is_good = condition(i) && is_good;
    for (std::size_t i = 0; statements && i < options_.statements.size(); ++i) statement(*statements, i);
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
  void show(const char* option, const std::vector<std::string>& texts, const std::vector<ottl::TextProblem>& problems) {
    for (const auto& [index, problem] : problems) {
      const std::string& text = texts[index];
      const std::size_t begin = problem.offset == 0 ? 0 : text.rfind('\n', problem.offset - 1) + 1;
      output_.err << option << ' ' << problem.text() << "\n  " << text.substr(begin, text.find('\n', begin) - begin)
                  << "\n  " << std::string(std::max(1u, problem.place.column) - 1, ' ') << "^\n";
    }
  }

  std::string name(ottl::Context context, std::size_t index) {
    return std::string(to_string(context)) + "[" + std::to_string(index) + "]";
  }

  bool condition(std::size_t which) {
    const std::vector<std::string> texts = {options_.conditions[which]};
    std::vector<ottl::TextProblem> problems;
    const auto group = ottl::ConditionGroup::compile(texts, dialect_, context_, problems);
    show("--condition", texts, problems);
    if (!group) return false;
    const auto tree = ottl::parse_condition(texts[0]);
    output_.out << texts[0] << '\n';
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
    const auto tree = ottl::parse_statement(options_.statements[which]);
    output_.out << options_.statements[which] << '\n';
    const ottl::Snapshot before = ottl::snapshot(batch_);
    std::size_t explained = 0;
    each(group.context(), [&](ottl::Frame& frame, std::size_t index) {
      bool ran = false;
      if (!group.run_one(which, frame, ran)) {
        output_.out << "  " << name(group.context(), index) << ": ";
        failed(frame);
      } else if (!ran && explained++ < explained_max) {
        output_.out << "  " << name(group.context(), index) << ": the condition is false\n";
        explain(*tree->condition, group.context(), frame);
      }
    });
    const auto lines = ottl::changes(before, ottl::snapshot(batch_));
    for (const std::string& line : lines) output_.out << "  " << line << '\n';
    if (lines.empty()) output_.out << "  unchanged\n";
  }

  void failed(const ottl::Frame& frame) {
    has_failed_ = true;
    output_.out << "failed: " << frame.error << '\n';
  }

  // Nothing: it failed.
  std::optional<bool> value_of(const Expression& tree, ottl::Context context, ottl::Frame& frame) {
    std::vector<ottl::TextProblem> problems;
    const std::vector<std::string> texts = {ottl::print(tree)};
    const auto group = ottl::ConditionGroup::compile(texts, dialect_, context, problems);
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
    const auto program = ottl::ValueProgram::compile(ottl::print(tree), dialect_, context, problems);
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
    output_.out << "    ";
    if (tree.kind() == Kind::comparison) {
      const auto& comparison = tree.as<ottl::Comparison>();
      constexpr const char* operators[] = {"==", "!=", "<", "<=", ">", ">="};
      output_.out << ottl::print(comparison.operands[0]) << " = " << seen(comparison.operands[0], context, frame)
                  << ", wanted " << operators[static_cast<std::size_t>(comparison.op)] << ' '
                  << seen(comparison.operands[1], context, frame) << '\n';
      return;
    }
    output_.out << ottl::print(tree) << " is false";
    if (tree.kind() == Kind::call)
      for (const ottl::Argument& argument : tree.as<ottl::Call>().arguments)
        if (argument.value.kind() == Kind::path)
          output_.out << ", " << ottl::print(argument.value) << " = " << seen(argument.value, context, frame);
    output_.out << '\n';
  }

  const OttlOptions& options_;
  SignalBatch batch_;
  const Output& output_;
  const ottl::Dialect dialect_{
      batch_.signal() == Signal::metrics ? ottl::metric_functions() : ottl::standard_functions(),
      ottl::contexts_of(batch_.signal())};
  std::optional<ottl::Context> context_;
  SystemClock clock_;
  std::unique_ptr<Random> random_ = make_random();
  ottl::World world_{clock_, *random_};
  std::vector<Attributes> caches_;  // By the place of a record.
  bool has_failed_ = false;
};

}  // namespace

ExitCode try_ottl(const OttlOptions& options, const Output& output) {
  if (options.statements.empty() && options.conditions.empty()) {
    output.err << "rankwire ottl: nothing to do; give --statement or --condition\n";
    return ExitCode::usage;
  }
  const auto files = make_posix_file_system();
  const auto text = read_file(*files, options.input, input_bytes_max);
  if (!text) {
    output.err << "--input " << options.input << ": " << text.error().message() << '\n';
    return ExitCode::usage;
  }
  auto batch = decode_input(*text, options.signal);
  if (!batch) {
    output.err << "--input " << options.input << ": " << batch.error().message() << '\n';
    return ExitCode::usage;
  }
  return Playground(options, std::move(*batch), output).run();
}

}  // namespace rankwire::app
