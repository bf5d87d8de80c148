// How components write statements and conditions: lists of texts, whose context is inferred, or of groups
// {context, conditions, statements, error_mode}. Compiling names every problem of every text by its key and the
// place inside it, so that `validate` can point into the YAML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "ottl/program.hpp"

namespace rankwire::ottl {

enum class GroupErrorMode : std::uint8_t { unset, ignore, silent, propagate };

// "error_mode" of a component. Its default is that of the original, in which it was `propagate` before.
void error_mode_field(config::Fields& f, ErrorMode& mode);

struct StatementSettings {
  std::string text;  // Written as a statement alone; then the rest is empty.
  std::string context;
  GroupErrorMode error_mode = GroupErrorMode::unset;
  std::vector<std::string> conditions, statements;

  std::string& as_text() { return text; }
  void fields(config::Fields& f);
};

struct ConditionSettings {
  std::string text;  // Written as a condition alone; then the rest is empty.
  std::string context;
  GroupErrorMode error_mode = GroupErrorMode::unset;
  std::vector<std::string> conditions;

  std::string& as_text() { return text; }
  void fields(config::Fields& f);
};

struct SettingsProblem {
  std::string key;                // "log_statements[1]::statements[0]"
  std::optional<Problem> inside;  // Where in the text; else the message is about all of it.
  std::string message, remedy;

  std::string text() const { return key + ": " + (inside ? inside->text() : message); }
};
using SettingsProblems = std::vector<SettingsProblem>;
void report(const SettingsProblems& problems, config::Validator& v);
// Of the text that `key` holds.
void report(const std::string& key, const Problem& problem, config::Validator& v);
// The first of them that is more than a warning.
Result<void> check(const SettingsProblems& problems);

// Statements that run one after the other over each record, if one of their conditions holds. Thread-safe.
class StatementRunner {
 public:
  Context context() const { return statements_->context(); }
  const StatementGroup& statements() const { return *statements_; }
  // Null: none.
  const ConditionGroup* conditions() const { return conditions_.get(); }
  // False: the batch is refused with error().
  bool run(Frame& frame) const {
    if (conditions_) {
      bool holds = false;
      if (!conditions_->any(frame, *condition_reporter_, holds)) return false;
      if (!holds) return true;
    }
    return statements_->run(frame, *reporter_);
  }
  Error error(const Frame& frame) const { return reporter_->as_error(frame); }

 private:
  friend class GroupCompiler;
  std::unique_ptr<const StatementGroup> statements_;
  std::unique_ptr<const ConditionGroup> conditions_;
  std::unique_ptr<const ErrorReporter> reporter_, condition_reporter_;
};

// Conditions of which one is enough. Thread-safe.
class ConditionRunner {
 public:
  Context context() const { return conditions_->context(); }
  // False: the batch is refused with error().
  bool any(Frame& frame, bool& out) const { return conditions_->any(frame, *reporter_, out); }
  Error error(const Frame& frame) const { return reporter_->as_error(frame); }

 private:
  friend class GroupCompiler;
  std::unique_ptr<const ConditionGroup> conditions_;
  std::unique_ptr<const ErrorReporter> reporter_;
};

// Compiles what one component has. Without an owner it only finds problems: nothing it returns may run.
class GroupCompiler {
 public:
  GroupCompiler(ErrorMode mode, const ErrorReporter::Owner* owner, SettingsProblems& problems)
      : mode_(mode), owner_(owner), problems_(problems) {}

  // Statements without a group of their own are one group.
  std::vector<StatementRunner> statements(const std::string& key, const std::vector<StatementSettings>& settings,
                                          const Dialect& dialect);
  // Conditions without a group of their own are a group each.
  std::vector<ConditionRunner> conditions(const std::string& key, const std::vector<ConditionSettings>& settings,
                                          const Dialect& dialect);
  // All for one context; nothing if there are none.
  std::optional<ConditionRunner> conditions(const std::string& key, const std::vector<std::string>& texts,
                                            const Dialect& dialect, Context context);

 private:
  struct Texts {
    std::vector<std::string> texts, keys;
    void add(const std::string& key, const std::vector<std::string>& more);
  };

  void add(const Texts& texts, std::vector<TextProblem>& found);
  bool is_one_style(const std::string& key, std::size_t texts, std::size_t groups, const char* group);
  bool find_context(const std::string& key, const std::string& name, const Texts& statements, const Texts& conditions,
                    const Dialect& dialect, std::optional<Context>& out);
  std::optional<StatementRunner> group(const std::string& key, const std::string& context, GroupErrorMode mode,
                                       const Texts& statements, const Texts& conditions, const Dialect& dialect);
  std::optional<ConditionRunner> group(const std::string& key, const std::string& context, GroupErrorMode mode,
                                       const Texts& conditions, const Dialect& dialect);
  std::unique_ptr<const ErrorReporter> reporter(GroupErrorMode mode, const Texts& texts) const;

  const ErrorMode mode_;
  const ErrorReporter::Owner* const owner_;
  SettingsProblems& problems_;
};

}  // namespace rankwire::ottl
