// Runs tests/ottl/*.txt: statements and expressions with what comes of them.
//
//   # a comment
//   > input metrics           the fixture that follows work on: logs (at first), metrics, traces
//   > context datapoint       for what follows; without it (and after > input) the context is inferred
//   set(log.attributes["a"], 1)
//     log.attributes["a"]: 1
//   set(log.body, "x") ;; set(log.attributes["b"], log.body)       several, one after the other
//   = Concat(["a", "b"], "-")
//     "a-b"
//   ? log.severity_number > 3                                      a condition, of the first record
//     false
//   ? 1 @ 2.0                                                      which comparisons hold
//     != < <=
//
// Indented lines are what is expected: changes as `rankwire ottl` shows them, the value of an expression behind
// "= ", "unchanged", "error: …" (while it runs), "refused: …" (when it is compiled) or "fails: …" (while it runs, after
// a warning when it is compiled), of which a part is enough. "warns: …" comes before; "fails" alone implies it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "otlp/otlp.hpp"
#include "ottl/explain/snapshot.hpp"
#include "ottl/functions_fixture.hpp"
#include "ottl/program.hpp"
#include "ottl/program/compiler.hpp"
#include "ottl/program/path_field.hpp"
#include "ottl/syntax/parser.hpp"
#include "ottl/walk.hpp"
#include "testing/fake_clock.hpp"

namespace rankwire::ottl {
namespace {

namespace fs = std::filesystem;
const fs::path corpus = fs::path(SOURCE_ROOT) / "tests/ottl";

class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++count_; }
  void restart() { count_ = 0; }

 private:
  std::uint64_t count_ = 0;
};

const Client client{"grpc", "10.1.2.3", {{"x-tenant", "a"}, {"x-tenant", "b"}, {"user-agent", "test"}}};

struct Case {
  fs::path file;
  std::size_t line = 0;
  Signal signal = Signal::logs;
  std::optional<Context> context;
  std::string text;
  std::vector<std::string> expected;
};

Signal signal_of(const std::string& name) {
  for (const Signal signal : all_signals)
    if (to_string(signal) == name) return signal;
  FAIL("no such input: ", name);
  return Signal::logs;
}

std::vector<Case> cases_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<Case> cases;
  Case next{.file = file.filename()};
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == ' ') {
      REQUIRE_MESSAGE(!cases.empty(), file.string(), ":", number, ": nothing before this line");
      cases.back().expected.push_back(line.substr(line.find_first_not_of(' ')));
    } else if (line.starts_with("> input ")) {
      next.signal = signal_of(line.substr(8));
      next.context.reset();
    } else if (line.starts_with("> context ")) {
      next.context = context_of(line.substr(10));
      REQUIRE_MESSAGE(next.context, file.string(), ":", number, ": no such context");
    } else {
      next.text = line;
      next.line = number;
      cases.push_back(next);
    }
  }
  return cases;
}

std::vector<std::string> statements_of(const std::string& line) {
  std::vector<std::string> texts;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 4) {
    end = line.find(" ;; ", begin);
    texts.push_back(line.substr(begin, end - begin));
  }
  return texts;
}

SignalBatch fixture(Signal signal) {
  std::ifstream in(corpus / "inputs" / (std::string(to_string(signal)) + ".json"));
  const std::string json(std::istreambuf_iterator<char>(in), {});
  auto batch = otlp::decode_json(signal, json);
  REQUIRE_MESSAGE(batch, "the fixture: ", batch.error().message());
  return std::move(*batch);
}

template <class Use>
bool each_frame(SignalBatch& batch, Context context, World& world, Use use) {
  const auto run = [&](auto& records) {
    Frame frame(records.arena(), world);
    frame.client = &client;
    return walk(records, context, frame, use);
  };
  switch (batch.signal()) {
    case Signal::logs: return run(batch.logs());
    case Signal::metrics: return run(batch.metrics());
    case Signal::traces: return run(batch.traces());
  }
  return false;
}

class Runner {
 public:
  // What came of it, in the form of the expected lines.
  std::vector<std::string> outcome(const Case& one) {
    random_.restart();
    SignalBatch batch = fixture(one.signal);
    const Dialect dialect{all_functions(one.signal), contexts_of(one.signal)};
    std::vector<TextProblem> problems;
    if (one.text.starts_with("= ")) return value(one, batch, dialect, problems);
    if (one.text.starts_with("? ")) return condition(one, batch, dialect);
    const auto texts = statements_of(one.text);
    const auto group = StatementGroup::compile(texts, dialect, one.context, problems);
    if (!group) return refused(problems);
    const Snapshot before = snapshot(batch);
    std::string error;
    each_frame(batch, group->context(), world_, [&](Frame& frame) {
      bool ran = false;
      for (std::size_t i = 0; i < texts.size(); ++i)
        if (!group->run_one(i, frame, ran)) error = frame.error;
      return true;
    });
    auto lines = warned(problems);
    if (!error.empty()) {
      lines.push_back((problems.empty() ? "error: " : "fails: ") + error);
      return lines;
    }
    const auto changed = changes(before, snapshot(batch));
    lines.insert(lines.end(), changed.begin(), changed.end());
    if (changed.empty()) lines.push_back("unchanged");
    return lines;
  }

 private:
  static std::vector<std::string> refused(const std::vector<TextProblem>& problems) {
    std::vector<std::string> lines;
    for (const TextProblem& one : problems)
      lines.push_back((one.problem.is_warning ? "warns: " : "refused: ") + one.problem.text());
    return lines;
  }
  static std::vector<std::string> warned(const std::vector<TextProblem>& problems) { return refused(problems); }

  // A condition, or all six comparisons of two values.
  std::vector<std::string> condition(const Case& one, SignalBatch& batch, const Dialect& dialect) {
    const std::size_t at = one.text.find(" @ ");
    if (at == std::string::npos) return test(one, one.text.substr(2), batch, dialect);
    std::string holding;
    for (const std::string op : {"==", "!=", "<", "<=", ">", ">="}) {
      const auto lines = test(one, one.text.substr(2, at - 1) + op + one.text.substr(at + 2), batch, dialect);
      if (lines[0].starts_with("refused: ")) return lines;
      // What a warning says must be so.
      const bool is_never = lines[0].find("never holds") != std::string::npos;
      const bool is_always = lines[0].find("always holds") != std::string::npos;
      CHECK_MESSAGE(!(is_never && lines.back() == "true"), one.file.string(), ":", one.line, ": ", op, " ", lines[0]);
      CHECK_MESSAGE(!(is_always && lines.back() == "false"), one.file.string(), ":", one.line, ": ", op, " ", lines[0]);
      if (lines.back() == "true") holding += (holding.empty() ? "" : " ") + op;
    }
    return {holding.empty() ? "none" : holding};
  }

  std::vector<std::string> test(const Case& one, const std::string& text, SignalBatch& batch, const Dialect& dialect) {
    std::vector<TextProblem> problems;
    const auto innermost = one.context ? one.context : std::optional(dialect.contexts.back());
    const auto group = ConditionGroup::compile({&text, 1}, dialect, innermost, problems);
    if (!group) return refused(problems);
    auto lines = warned(problems);
    NullLogger log;
    Counters counters;
    const ErrorReporter reporter(ErrorMode::propagate, {"", log, counters}, {&text, 1}, {&text, 1});
    each_frame(batch, group->context(), world_, [&](Frame& frame) {
      bool holds = false;
      const bool is_good = group->any(frame, reporter, holds);
      lines.push_back(is_good ? holds ? "true" : "false" : (problems.empty() ? "error: " : "fails: ") + frame.error);
      return false;
    });
    return lines;
  }

  // Of the first record.
  std::vector<std::string> value(const Case& one, SignalBatch& batch, const Dialect& dialect,
                                 std::vector<TextProblem>& problems) {
    const auto innermost = one.context ? one.context : std::optional(dialect.contexts.back());
    const auto program = ValueProgram::compile(one.text.substr(2), dialect, innermost, problems);
    if (!program) return refused(problems);
    auto lines = warned(problems);
    each_frame(batch, program->context(), world_, [&](Frame& frame) {
      Datum out;
      const std::string failed = problems.empty() ? "error: " : "fails: ";
      lines.push_back(program->evaluate(frame, out) ? shown(out) : failed + frame.error);
      return false;
    });
    return lines;
  }

  testing::FakeClock clock_;
  Counting random_;
  World world_{clock_, random_};
};

bool is_problem(const std::string& line) {
  return line.starts_with("error: ") || line.starts_with("refused: ") || line.starts_with("fails: ") ||
         line.starts_with("warns: ");
}

bool matches(const std::vector<std::string>& expected, std::vector<std::string> got) {
  const bool is_warned = !expected.empty() && expected[0].starts_with("warns: ");
  if (!is_warned && !got.empty() && got.back().starts_with("fails: ")) got.erase(got.begin(), got.end() - 1);
  if (expected.size() != got.size()) return false;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::size_t kind = is_problem(got[i]) ? got[i].find(' ') + 1 : 0;
    const bool is_match = kind != 0 ? expected[i].substr(0, kind) == got[i].substr(0, kind) &&
                                          got[i].find(expected[i].substr(kind)) != std::string::npos
                                    : expected[i] == got[i];
    if (!is_match) return false;
  }
  return true;
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto& entry : fs::directory_iterator(corpus))
    if (entry.path().extension() == ".txt")
      for (Case& one : cases_of(entry.path())) all.push_back(std::move(one));
  return all;
}

TEST_CASE("statements do what the corpus says") {
  Runner runner;
  for (const Case& one : all_cases()) {
    const auto got = runner.outcome(one);
    std::string text;
    for (const std::string& line : got) text += "\n  " + line;
    CHECK_MESSAGE(matches(one.expected, got), one.file.string(), ":", one.line, ": ", one.text, " gives", text);
  }
}

// What of the language statements use, by name.
class Used {
 public:
  std::set<std::string, std::less<>> functions, symbols, paths;
  std::set<std::string, std::less<>> arguments;  // "Split.1", "Trim.replacement"

  // Null context: paths say it.
  void add(const Case& one) {
    context_ = one.context;
    if (one.text[0] == '=' || one.text[0] == '?') {
      if (!context_) context_ = contexts_of(one.signal).back();
      std::string text = one.text.substr(2);
      if (const auto at = text.find(" @ "); at != std::string::npos) text.replace(at, 3, " == ");
      Problem problem;
      const auto tree = one.text[0] == '=' ? parse_value(text, &problem) : parse_condition(text, &problem);
      if (tree) add(*tree);
      return;
    }
    for (const std::string& text : statements_of(one.text)) {
      Problem problem;
      const auto tree = parse_statement(text, &problem);
      if (!tree) continue;
      add(tree->editor);
      if (tree->condition) add(*tree->condition);
    }
  }

 private:
  void add(const std::vector<Expression>& expressions) {
    for (const Expression& one : expressions) add(one);
  }
  void add(const Call& call) {
    functions.insert(call.name);
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      const Argument& argument = call.arguments[i];
      arguments.insert(call.name + "." + (argument.name.empty() ? std::to_string(i) : argument.name));
      add(argument.value);
    }
    add(call.keys);
  }
  void add(const Expression& expression) {
    if (expression.kind() == Kind::call) return add(expression.as<Call>());
    if (expression.kind() == Kind::symbol) symbols.insert(expression.as<Symbol>().name);
    if (expression.kind() == Kind::path) add(expression.as<Path>());
    each_child(expression, [this](const Expression& child) { add(child); });
  }
  void add(const Path& path) {
    std::string name;
    for (const Segment& segment : path.segments) name += (name.empty() ? "" : ".") + segment.name;
    paths.insert(name);
    if (context_) paths.insert(std::string(to_string(*context_)) + "." + name);
  }

  std::optional<Context> context_;
};

// Empty: each of them is there.
template <class Names>
std::string missing(const Names& wanted, const std::set<std::string, std::less<>>& there) {
  std::string text;
  for (const auto& name : wanted)
    if (!there.contains(name)) text += std::string(text.empty() ? "" : ", ") + std::string(name);
  return text;
}

bool is_refused(const Case& one) {
  return std::any_of(one.expected.begin(), one.expected.end(),
                     [](const std::string& line) { return line.starts_with("refused: "); });
}

// The function that an expression or statement is a call of.
std::string called(const Case& one) {
  const std::string text = one.text[0] == '=' ? one.text.substr(2) : one.text;
  return text.substr(0, text.find('('));
}

std::size_t evaluations(const Case& one) {
  return one.text.find(" @ ") != std::string::npos ? 6 : statements_of(one.text).size();
}

TEST_CASE(
    "the corpus covers every function with each argument and its misuse, every path and every enum, in 600 statements "
    "and more") {
  Used used;
  std::set<std::string, std::less<>> refused;
  std::size_t count = 0;
  for (const Case& one : all_cases()) {
    count += evaluations(one);
    if (is_refused(one))
      refused.insert(called(one));
    else
      used.add(one);
  }
  MESSAGE(count, " statements, expressions and comparisons");
  CHECK(count >= 600);
  CHECK(missing(enum_names(), used.symbols) == "");
  std::set<std::string> functions, arguments, paths;
  for (const Signal signal : {Signal::logs, Signal::metrics})
    for (const Function& function : all_functions(signal).all()) {
      functions.emplace(function.name);
      for (std::size_t i = 0; i < function.parameters.size(); ++i) {
        const std::string name = std::string(function.name) + ".";
        if (!used.arguments.contains(name + std::to_string(i)))
          arguments.insert(name + std::string(function.parameters[i].name));
      }
    }
  CHECK(missing(functions, used.functions) == "");
  CHECK(missing(functions, refused) == "");
  CHECK(missing(arguments, used.arguments) == "");
  for (const Context context : {Context::log, Context::span_event, Context::data_point})
    for (const PathRoot& root : roots_of(context))
      for (const PathField& field : root.fields) paths.insert(std::string(root.name) + "." + std::string(field.name));
  CHECK(missing(paths, used.paths) == "");
}

}  // namespace
}  // namespace rankwire::ottl
