// Reads groups, decides their context from all that is written in them, and compiles.
#include "ottl/settings/group_settings.hpp"

#include <algorithm>

#include "ottl/program/infer.hpp"
#include "ottl/program/path_field.hpp"
#include "ottl/syntax/parser.hpp"

namespace rankwire::ottl {
namespace {

const std::vector<config::Choice> modes = {{"ignore", static_cast<int>(GroupErrorMode::ignore)},
                                           {"silent", static_cast<int>(GroupErrorMode::silent)},
                                           {"propagate", static_cast<int>(GroupErrorMode::propagate)}};

constexpr const char* context_doc = "What the paths are about; without it, the names that they begin with say so.";
constexpr const char* mode_doc = "Of this group; else as of the component.";

std::string item(const std::string& key, std::size_t index) { return key + "[" + std::to_string(index) + "]"; }

ErrorMode mode_of(GroupErrorMode mode, ErrorMode otherwise) {
  switch (mode) {
    case GroupErrorMode::ignore: return ErrorMode::ignore;
    case GroupErrorMode::silent: return ErrorMode::silent;
    case GroupErrorMode::propagate: return ErrorMode::propagate;
    case GroupErrorMode::unset: break;
  }
  return otherwise;
}

// Reads the context off the names in all texts of a group.
class Inference {
 public:
  explicit Inference(const Dialect& dialect) : dialect_(dialect) {}

  Problem problem;  // Of the text that is being added.

  template <class Tree>
  void add(const std::string& key, const Result<Tree>& tree) {
    if (!tree) {
      unparsed_.push_back({key, problem, {}, {}});
      return;
    }
    Names own;
    add_names(own, *tree);
    add_names(all_, *tree);
    std::string why;
    const bool fits = own.context(dialect_, why).has_value();
    if (blamed_.empty() || (!fits && fits_so_far_)) blamed_ = key;
    fits_so_far_ = fits_so_far_ && fits;
  }

  // Nothing: what is in the way is added to `problems`. What does not parse may be what says the context.
  std::optional<Context> context(SettingsProblems& problems) {
    std::string why;
    const auto found = all_.context(dialect_, why);
    if (found) return found;
    if (unparsed_.empty()) problems.push_back({blamed_, Problem{0, {}, std::move(why), {}}, {}, {}});
    problems.insert(problems.end(), unparsed_.begin(), unparsed_.end());
    return std::nullopt;
  }

 private:
  static void add_names(Names& names, const Statement& statement) {
    names.add(statement.editor);
    if (statement.condition) names.add(*statement.condition);
  }
  static void add_names(Names& names, const Expression& expression) { names.add(expression); }

  const Dialect& dialect_;
  Names all_;
  std::string blamed_;  // The first text that says no context by itself, or the first.
  bool fits_so_far_ = true;
  SettingsProblems unparsed_;
};

}  // namespace

void error_mode_field(config::Fields& f, ErrorMode& mode) {
  f.choice("error_mode", mode,
           {{"ignore", static_cast<int>(ErrorMode::ignore)},
            {"silent", static_cast<int>(ErrorMode::silent)},
            {"propagate", static_cast<int>(ErrorMode::propagate)}},
           "What an error in a statement does: ignore logs and goes on, silent goes on, propagate drops the batch.");
}

void StatementSettings::fields(config::Fields& f) {
  f.field("context", context, context_doc);
  f.choice("error_mode", error_mode, modes, mode_doc);
  f.field("conditions", conditions, "One of them must hold for the statements to run.");
  f.field("statements", statements, "What is done, in order.");
}

void ConditionSettings::fields(config::Fields& f) {
  f.field("context", context, context_doc);
  f.choice("error_mode", error_mode, modes, mode_doc);
  f.field("conditions", conditions, "One that holds is enough.");
}

void report(const SettingsProblems& problems, config::Validator& v) {
  for (const SettingsProblem& one : problems) {
    if (one.inside)
      report(one.key, *one.inside, v);
    else
      v.error(one.key, one.message, one.remedy);
  }
}

void report(const std::string& key, const Problem& problem, config::Validator& v) {
  const auto& [offset, place, message, remedy, is_warning] = problem;
  if (is_warning)
    v.warning_in(key, offset, place.text(), message, remedy);
  else
    v.error_in(key, offset, place.text(), message, remedy);
}

Result<void> check(const SettingsProblems& problems) {
  for (const SettingsProblem& one : problems)
    if (!one.inside || !one.inside->is_warning) return Error(ErrorKind::invalid, one.text());
  return {};
}

void GroupCompiler::Texts::add(const std::string& key, const std::vector<std::string>& more) {
  for (std::size_t i = 0; i < more.size(); ++i) {
    texts.push_back(more[i]);
    keys.push_back(item(key, i));
  }
}

void GroupCompiler::add(const Texts& texts, std::vector<TextProblem>& found) {
  for (TextProblem& one : found) problems_.push_back({texts.keys[one.index], std::move(one.problem), {}, {}});
  found.clear();
}

bool GroupCompiler::is_one_style(const std::string& key, std::size_t texts, std::size_t groups, const char* group) {
  if (texts == 0 || groups == 0) return true;
  problems_.push_back(
      {key, {}, "has both plain texts and groups", std::string("put the texts into a group: ") + group});
  return false;
}

bool GroupCompiler::find_context(const std::string& key, const std::string& name, const Texts& statements,
                                 const Texts& conditions, const Dialect& dialect, std::optional<Context>& out) {
  if (!name.empty()) {
    out = context_of(name);
    if (out && std::find(dialect.contexts.begin(), dialect.contexts.end(), *out) != dialect.contexts.end()) return true;
    std::vector<std::string_view> names;
    for (const Context context : dialect.contexts) names.push_back(to_string(context));
    const std::string_view refusal = refusal_of_context(name);
    problems_.push_back({key + "::context",
                         {},
                         refusal.empty() ? "there is no context " + name + " here" : name + ": " + std::string(refusal),
                         config::suggest(name, names)});
    return false;
  }
  Inference inference(dialect);
  for (std::size_t i = 0; i < statements.texts.size(); ++i)
    inference.add(statements.keys[i], parse_statement(statements.texts[i], &inference.problem));
  for (std::size_t i = 0; i < conditions.texts.size(); ++i)
    inference.add(conditions.keys[i], parse_condition(conditions.texts[i], &inference.problem));
  out = inference.context(problems_);
  return out.has_value();
}

std::unique_ptr<const ErrorReporter> GroupCompiler::reporter(GroupErrorMode mode, const Texts& texts) const {
  if (owner_ == nullptr) return nullptr;
  return std::make_unique<const ErrorReporter>(mode_of(mode, mode_), *owner_, texts.texts, texts.keys);
}

std::optional<StatementRunner> GroupCompiler::group(const std::string& key, const std::string& context_name,
                                                    GroupErrorMode mode, const Texts& statements,
                                                    const Texts& conditions, const Dialect& dialect) {
  std::optional<Context> context;
  if (statements.texts.empty() && conditions.texts.empty()) return std::nullopt;
  if (!find_context(key, context_name, statements, conditions, dialect, context)) return std::nullopt;
  StatementRunner runner;
  std::vector<TextProblem> found;
  runner.statements_ = StatementGroup::compile(statements.texts, dialect, context, found);
  add(statements, found);
  if (!conditions.texts.empty()) {
    runner.conditions_ = ConditionGroup::compile(conditions.texts, dialect, context, found);
    add(conditions, found);
    runner.condition_reporter_ = reporter(mode, conditions);
  }
  runner.reporter_ = reporter(mode, statements);
  if (!check(problems_) || statements.texts.empty()) return std::nullopt;
  return runner;
}

std::optional<ConditionRunner> GroupCompiler::group(const std::string& key, const std::string& context_name,
                                                    GroupErrorMode mode, const Texts& conditions,
                                                    const Dialect& dialect) {
  std::optional<Context> context;
  if (conditions.texts.empty() || !find_context(key, context_name, {}, conditions, dialect, context))
    return std::nullopt;
  ConditionRunner runner;
  std::vector<TextProblem> found;
  runner.conditions_ = ConditionGroup::compile(conditions.texts, dialect, context, found);
  add(conditions, found);
  runner.reporter_ = reporter(mode, conditions);
  if (!check(problems_)) return std::nullopt;
  return runner;
}

std::vector<StatementRunner> GroupCompiler::statements(const std::string& key,
                                                       const std::vector<StatementSettings>& settings,
                                                       const Dialect& dialect) {
  Texts flat;
  std::vector<StatementRunner> runners;
  const auto keep = [&](std::optional<StatementRunner> runner) {
    if (runner) runners.push_back(std::move(*runner));
  };
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (settings[i].text.empty()) continue;
    flat.texts.push_back(settings[i].text);
    flat.keys.push_back(item(key, i));
  }
  if (!is_one_style(key, flat.texts.size(), settings.size() - flat.texts.size(), "{statements: […]}")) return runners;
  if (!flat.texts.empty()) {
    keep(group(key, {}, GroupErrorMode::unset, flat, {}, dialect));
    return runners;
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    Texts statements, conditions;
    statements.add(item(key, i) + "::statements", settings[i].statements);
    conditions.add(item(key, i) + "::conditions", settings[i].conditions);
    keep(group(item(key, i), settings[i].context, settings[i].error_mode, statements, conditions, dialect));
  }
  return runners;
}

std::vector<ConditionRunner> GroupCompiler::conditions(const std::string& key,
                                                       const std::vector<ConditionSettings>& settings,
                                                       const Dialect& dialect) {
  std::vector<ConditionRunner> runners;
  const auto texts = static_cast<std::size_t>(
      std::count_if(settings.begin(), settings.end(), [](const auto& one) { return !one.text.empty(); }));
  if (!is_one_style(key, texts, settings.size() - texts, "{conditions: […]}")) return runners;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    Texts conditions;
    if (settings[i].text.empty()) {
      conditions.add(item(key, i) + "::conditions", settings[i].conditions);
    } else {
      conditions.texts.push_back(settings[i].text);
      conditions.keys.push_back(item(key, i));
    }
    if (auto runner = group(item(key, i), settings[i].context, settings[i].error_mode, conditions, dialect))
      runners.push_back(std::move(*runner));
  }
  return runners;
}

std::optional<ConditionRunner> GroupCompiler::conditions(const std::string& key, const std::vector<std::string>& texts,
                                                         const Dialect& dialect, Context context) {
  Texts conditions;
  conditions.add(key, texts);
  return group(key, std::string(to_string(context)), GroupErrorMode::unset, conditions, dialect);
}

}  // namespace rankwire::ottl
