// Operators: the steps of the general path. A graph of them is built once from the configuration
// and shared by all files; what an operator remembers of one file lies in that file's `Run`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/fields.hpp"
#include "receivers/file_log/file_parser.hpp"
#include "receivers/file_log/parse/entry.hpp"
#include "receivers/file_log/parse/expr/expression.hpp"
#include "receivers/file_log/parse/line_plan.hpp"
#include "receivers/file_log/parse/record_sink.hpp"

namespace rankwire::file_log {

struct Run;

// What one operator holds of one file between calls.
class OperatorState {
 public:
  virtual ~OperatorState() = default;
  // Emits what has been held since before `now` minus the operator's own period.
  virtual void flush(Instant now, Run& run) = 0;
  // The batch goes away: what is still held must be copied.
  virtual void end_call(Run& run) = 0;
  virtual std::optional<std::uint64_t> held_from() const = 0;
  virtual std::optional<Instant> due() const = 0;
  // Takes over what `previous`, a state of the same operator, holds: from offset 0 of the new file.
  virtual void continue_from(OperatorState& previous) = 0;
};

// One file's side of the graph during a call of the parser, and its states between calls.
struct Run {
  RecordSink* sink = nullptr;
  FileParser::Drops* drops = nullptr;
  Logger* log = nullptr;
  const std::string* file = nullptr;
  Instant now;
  std::uint64_t unix_nanos = 0;
  Attributes file_resource;  // What entries of this file have before any operator.
  Attributes file_attributes;
  std::vector<std::unique_ptr<OperatorState>> states;  // By Operator::state_index.
  std::uint64_t random = 0x9E3779B97F4A7C15u;

  Arena& arena() const { return sink->arena(); }
};

class Operator {
 public:
  virtual ~Operator() = default;
  virtual void process(Entry& entry, Run& run) const = 0;
  // Null: it holds nothing.
  virtual std::unique_ptr<OperatorState> make_state() const { return nullptr; }

  void connect(std::vector<const Operator*> outputs, std::size_t state_index) {
    outputs_ = std::move(outputs);
    state_index_ = state_index;
  }
  void forward(Entry& entry, Run& run) const { forward(outputs_, entry, run); }

 protected:
  static void forward(const std::vector<const Operator*>& outputs, Entry& entry, Run& run) {
    for (std::size_t i = 0; i + 1 < outputs.size(); ++i) {
      Entry other = entry.copy(run.arena());
      outputs[i]->process(other, run);
    }
    if (!outputs.empty()) outputs.back()->process(entry, run);
  }
  template <class State>
  State& state(Run& run) const {
    return static_cast<State&>(*run.states[state_index_]);
  }

 private:
  std::vector<const Operator*> outputs_;
  std::size_t state_index_ = 0;
};

// The common keys of operators that change entries.
struct TransformerSettings {
  std::string type;
  std::string id;
  std::vector<std::string> output;
  OnError on_error = OnError::send;
  std::string condition;

  void fields(config::Fields& f);
};

// An operator with `if` and `on_error`.
class Transformer : public Operator {
 public:
  void process(Entry& entry, Run& run) const final;
  // Once, while the graph is built.
  void set_condition(expr::Expression condition) { condition_ = std::move(condition); }
  void set_on_error(OnError on_error) { on_error_ = on_error; }

 protected:
  // Null on success, else what went wrong, a constant text. The entry goes on unless it was dropped.
  virtual const char* transform(Entry& entry, Run& run) const = 0;
  // For those that do not send on exactly the entry that came in.
  virtual void run_on(Entry& entry, Run& run) const {
    const char* why = transform(entry, run);
    if (why != nullptr)
      fail(entry, run, why);
    else
      forward(entry, run);
  }
  void fail(Entry& entry, Run& run, const char* why) const;

 private:
  std::optional<expr::Expression> condition_;
  OnError on_error_ = OnError::send;
};

}  // namespace rankwire::file_log
