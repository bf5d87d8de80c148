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
//
// Indented lines are what is expected: changes as `rankwire ottl` shows them, the value of an expression behind
// "= ", "unchanged", "error: …" (while it runs), "refused: …" (when it is compiled) or "fails: …" (while it runs, after
// a warning when it is compiled), of which a part is enough.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "otlp/otlp.hpp"
#include "ottl/explain/snapshot.hpp"
#include "ottl/functions/metric_functions.hpp"
#include "ottl/program.hpp"
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

// Those of metrics with what only transform and filter have.
const FunctionTable& functions_of(Signal signal) {
  static const FunctionTable all = [] {
    FunctionTable table;
    table.add(metric_functions());
    add_filter_functions(table);
    return table;
  }();
  return signal == Signal::metrics ? all : standard_functions();
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
    const Dialect dialect{functions_of(one.signal), contexts_of(one.signal)};
    std::vector<TextProblem> problems;
    if (one.text.starts_with("= ")) return value(one, batch, dialect, problems);
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
    if (!error.empty()) return {(problems.empty() ? "error: " : "fails: ") + error};
    auto lines = changes(before, snapshot(batch));
    return lines.empty() ? std::vector<std::string>{"unchanged"} : lines;
  }

 private:
  static std::vector<std::string> refused(const std::vector<TextProblem>& problems) {
    std::vector<std::string> lines;
    for (const TextProblem& one : problems) lines.push_back("refused: " + one.problem.text());
    return lines;
  }

  // Of the first record.
  std::vector<std::string> value(const Case& one, SignalBatch& batch, const Dialect& dialect,
                                 std::vector<TextProblem>& problems) {
    const auto innermost = one.context ? one.context : std::optional(dialect.contexts.back());
    const auto program = ValueProgram::compile(one.text.substr(2), dialect, innermost, problems);
    if (!program) return refused(problems);
    std::vector<std::string> lines;
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

bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
  if (expected.size() != got.size()) return false;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool is_problem =
        got[i].starts_with("error: ") || got[i].starts_with("refused: ") || got[i].starts_with("fails: ");
    const std::size_t kind = is_problem ? got[i].find(' ') + 1 : 0;
    const bool is_match = is_problem ? expected[i].substr(0, kind) == got[i].substr(0, kind) &&
                                           got[i].find(expected[i].substr(kind)) != std::string::npos
                                     : expected[i] == got[i];
    if (!is_match) return false;
  }
  return true;
}

TEST_CASE("statements do what the corpus says") {
  Runner runner;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(corpus)) {
    if (entry.path().extension() != ".txt") continue;
    for (const Case& one : cases_of(entry.path())) {
      ++count;
      const auto got = runner.outcome(one);
      std::string text;
      for (const std::string& line : got) text += "\n  " + line;
      CHECK_MESSAGE(matches(one.expected, got), one.file.string(), ":", one.line, ": ", one.text, " gives", text);
    }
  }
  MESSAGE(count, " statements and expressions");
  CHECK(count != 0);
}

}  // namespace
}  // namespace rankwire::ottl
