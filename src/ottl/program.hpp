// What components use of the language: groups of statements or conditions, compiled for one context and run
// over records. Immutable once compiled and shared by threads.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "ottl/program/function.hpp"
#include "ottl/syntax/problem.hpp"

namespace rankwire::ottl {

// What a component offers to those who write statements for it.
struct Dialect {
  const FunctionTable& functions;
  std::vector<Context> contexts;  // Which may be used, outer ones first.
};

// The contexts of a signal, outer ones first.
std::vector<Context> contexts_of(Signal signal);
std::optional<Context> context_of(std::string_view name);  // "spanevent"

struct TextProblem {
  std::size_t index = 0;  // Of the text among those that were given.
  Problem problem;
};
// The first that is more than a warning; null: none.
const TextProblem* first_error(std::span<const TextProblem> problems);

enum class ErrorMode : std::uint8_t { ignore, silent, propagate };

// Hears of what fails while statements run. Thread-safe.
class ErrorReporter {
 public:
  struct Owner {
    std::string component;  // As configured: "transform/mask".
    Logger& log;
    Counters& counters;
  };
  // `texts` of the statements or conditions, in order; `keys`: where each was configured, "log_statements[1]".
  ErrorReporter(ErrorMode mode, const Owner& owner, std::span<const std::string> texts,
                std::span<const std::string> keys);
  ErrorMode mode() const { return mode_; }
  // Counts and logs. True: go on with the next statement; else the frame's error says what failed where.
  bool go_on(std::size_t index, Frame& frame) const;
  // What a batch is refused with, in mode propagate. Final: the same data would fail again.
  Error as_error(const Frame& frame) const { return Error(ErrorKind::invalid, frame.error); }

 private:
  const ErrorMode mode_;
  const std::string component_;
  Logger& log_;
  std::vector<std::string> texts_, keys_;
  std::vector<Counter*> failures_;
};

class StatementGroup {
 public:
  // Null after errors; all problems are added. What always fails is a warning: it may be that nobody meets it.
  // Without a context it is inferred from the paths' names.
  static std::unique_ptr<const StatementGroup> compile(std::span<const std::string> texts, const Dialect& dialect,
                                                       std::optional<Context> context,
                                                       std::vector<TextProblem>& problems);
  ~StatementGroup();
  Context context() const { return context_; }
  std::size_t size() const { return statements_.size(); }
  // Every statement whose condition holds, in order. False: `frame.error`, and the reporter does not go on.
  bool run(Frame& frame, const ErrorReporter& reporter) const;
  // One of them. `ran`: its condition held. False: it failed.
  bool run_one(std::size_t index, Frame& frame, bool& ran) const;

 private:
  struct Compiled {
    NodeRef editor;
    ConditionRef condition;  // Null: always.
  };
  StatementGroup() = default;

  Context context_ = Context::resource;
  std::unique_ptr<Arena> constants_ = std::make_unique<Arena>();
  std::vector<Compiled> statements_;
};

class ConditionGroup {
 public:
  static std::unique_ptr<const ConditionGroup> compile(std::span<const std::string> texts, const Dialect& dialect,
                                                       std::optional<Context> context,
                                                       std::vector<TextProblem>& problems);
  ~ConditionGroup();
  Context context() const { return context_; }
  std::size_t size() const { return conditions_.size(); }
  // Whether one of them holds; those that fail do not. False: the reporter does not go on.
  bool any(Frame& frame, const ErrorReporter& reporter, bool& out) const;
  // Whether all hold.
  bool all(Frame& frame, const ErrorReporter& reporter, bool& out) const;

 private:
  ConditionGroup() = default;

  Context context_ = Context::resource;
  std::unique_ptr<Arena> constants_ = std::make_unique<Arena>();
  std::vector<ConditionRef> conditions_;
};

// One value for each record, as aggregations use them: a path, a converter, arithmetic.
class ValueProgram {
 public:
  static std::unique_ptr<const ValueProgram> compile(const std::string& text, const Dialect& dialect,
                                                     std::optional<Context> context,
                                                     std::vector<TextProblem>& problems);
  ~ValueProgram();
  Context context() const { return context_; }
  bool evaluate(Frame& frame, Datum& out) const { return node_->evaluate(frame, out); }

 private:
  ValueProgram() = default;

  Context context_ = Context::resource;
  std::unique_ptr<Arena> constants_ = std::make_unique<Arena>();
  NodeRef node_;
};

}  // namespace rankwire::ottl
