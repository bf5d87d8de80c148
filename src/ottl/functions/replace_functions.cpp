// replace_pattern, replace_all_patterns, replace_match, replace_all_matches
#include "ottl/functions/families.hpp"
#include "ottl/functions/regex_argument.hpp"
#include "ottl/program/convert.hpp"
#include "text/glob.hpp"
#include "text/replacer.hpp"

namespace rankwire::ottl {
namespace {

constexpr const char* bad_format = "the replacement format must hold %s exactly once and no other %";

bool is_format(std::string_view format) {
  const std::size_t at = format.find('%');
  return at != std::string_view::npos && format.substr(at).starts_with("%s") &&
         format.find('%', at + 1) == std::string_view::npos;
}

// What every replacing editor is given behind what it looks for: replacement, [function], [replacement_format].
class Substitute {
 public:
  static Result<Substitute> make(const Known& known, std::size_t first) {
    Substitute substitute;
    substitute.first_ = first;
    const auto format = known.text(first + 2);
    if (format && !is_format(*format)) known.will_fail(bad_format);
    return substitute;
  }

  std::size_t index() const { return first_; }
  std::string_view text(Invocation& call) const { return call.text(first_); }
  bool has_function(Invocation& call) const { return call.has(first_ + 1); }
  // `text` as it is, or what the function and the format make of it. False: the frame says why.
  bool transform(Invocation& call, std::string_view text, std::string& into) const {
    if (!has_function(call)) return into.append(text), true;
    Datum result;
    if (!call.apply(first_ + 1, Value::of(text), result)) return false;
    if (!result.is(Type::text)) return call.fail("the function must give a text, not " + of(result.type()));
    if (!call.has(first_ + 2)) return into.append(result.text()), true;
    const std::string_view format = call.text(first_ + 2);
    if (!is_format(format)) return call.fail(bad_format);
    const std::size_t at = format.find("%s");
    into.append(format, 0, at).append(result.text()).append(format, at + 2);
    return true;
  }

 private:
  static std::string of(Type type) { return std::string(to_string(type)); }

  std::size_t first_ = 0;
};

std::vector<Parameter> with_substitute(std::vector<Parameter> parameters) {
  parameters.push_back({"replacement", Want::text});
  parameters.push_back(optional({"function", Want::function}));
  parameters.push_back(optional({"replacement_format", Want::text}));
  return parameters;
}

enum class Outcome : std::uint8_t { unchanged, replaced, failed };

// Texts are put together here, without a piece of the heap for each.
std::string& workspace() {
  static thread_local std::string text;
  constexpr std::size_t kept_capacity_max = 64 * 1024;
  if (text.capacity() > kept_capacity_max) text = std::string();
  return text;
}

// A regular expression and what is put where it matches.
class PatternReplacement {
 public:
  static Result<PatternReplacement> make(const Known& known, std::size_t pattern_index) {
    auto pattern = RegexArgument<text::Replacer>::make(known, pattern_index);
    if (!pattern) return Error(std::move(pattern).error());
    auto substitute = Substitute::make(known, pattern_index + 1);
    if (!substitute) return Error(std::move(substitute).error());
    PatternReplacement made{std::move(*pattern), *substitute};
    const auto with = known.text(pattern_index + 1);
    if (made.pattern_.literal() != nullptr && with)
      made.replacement_ = std::make_shared<const text::Replacement>(*with, made.pattern_.literal()->group_names());
    return made;
  }

  // `text` becomes the result, in the arena.
  Outcome replace(Invocation& call, std::string_view& text) const {
    const text::Replacer* const replacer = pattern_.get(call);
    if (replacer == nullptr) return Outcome::failed;
    if (replacement_ != nullptr) return replace(call, *replacer, *replacement_, text);
    return replace(call, *replacer, text::Replacement(substitute_.text(call), replacer->group_names()), text);
  }

 private:
  PatternReplacement(RegexArgument<text::Replacer> pattern, const Substitute& substitute)
      : pattern_(std::move(pattern)), substitute_(substitute) {}

  Outcome replace(Invocation& call, const text::Replacer& replacer, const text::Replacement& with,
                  std::string_view& text) const {
    std::string& out = workspace();
    bool is_done = true, is_any = false;
    if (substitute_.has_function(call)) {
      std::string expanded;
      is_any = replacer.replace(text, with.groups_needed(), out,
                                [&](std::span<const std::string_view> groups, std::string& into) {
                                  expanded.clear();
                                  with.append(groups, expanded);
                                  is_done = is_done && substitute_.transform(call, expanded, into);
                                });
    } else {
      is_any = replacer.replace(text, with, out);
    }
    if (!is_done) return Outcome::failed;
    if (!is_any) return Outcome::unchanged;
    text = call.arena().copy(out);
    return Outcome::replaced;
  }

  RegexArgument<text::Replacer> pattern_;
  Substitute substitute_;
  std::shared_ptr<const text::Replacement> replacement_;  // Null: the record brings it.
};

Result<Run> prepare_replace_pattern(const Known& known) {
  auto replacement = PatternReplacement::make(known, 1);
  if (!replacement) return Error(std::move(replacement).error());
  return Run([replacement = std::move(*replacement)](Invocation& call, Datum&) {
    Datum target;
    if (!call.get(0, target)) return false;
    if (!target.is(Type::text)) return true;
    std::string_view text = target.text();
    switch (replacement.replace(call, text)) {
      case Outcome::unchanged: return true;
      case Outcome::failed: return false;
      case Outcome::replaced: break;
    }
    return call.set(0, Value::of(text));
  });
}

bool replace_values(Invocation& call, Attributes& entries, const PatternReplacement& replacement) {
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const Value& value = std::as_const(entries)[i].value;
    if (!value.is_text()) continue;
    std::string_view text = value.text();
    const Outcome outcome = replacement.replace(call, text);
    if (outcome == Outcome::failed) return false;
    if (outcome == Outcome::unchanged) continue;
    entries.own(call.arena());
    entries[i].value = Value::of(text);
  }
  return true;
}

// Two keys that become the same: the later value stays.
bool replace_keys(Invocation& call, Attributes& entries, const PatternReplacement& replacement) {
  Attributes renamed;
  bool is_any = false;
  for (const KeyValue& entry : std::as_const(entries)) {
    std::string_view key = entry.key;
    const Outcome outcome = replacement.replace(call, key);
    if (outcome == Outcome::failed) return false;
    is_any = is_any || outcome == Outcome::replaced;
    set(renamed, call.arena(), key, entry.value);
  }
  if (is_any) entries = renamed;
  return true;
}

Result<Run> prepare_replace_all_patterns(const Known& known) {
  const auto mode = known.text(1);
  if (mode != "key" && mode != "value") return Error(ErrorKind::invalid, "mode is \"key\" or \"value\"");
  auto replacement = PatternReplacement::make(known, 2);
  if (!replacement) return Error(std::move(replacement).error());
  return Run([replacement = std::move(*replacement), are_keys = mode == "key"](Invocation& call, Datum&) {
    return call.edit_map(0, [&](Attributes& entries) {
      return are_keys ? replace_keys(call, entries, replacement) : replace_values(call, entries, replacement);
    });
  });
}

// A glob, compiled.
class Glob {
 public:
  static Result<Glob> compile(const std::string& text) {
    auto expression = text::expression_of_glob(text);
    if (!expression) return Error(std::move(expression).error());
    auto pattern = text::Pattern::compile(*expression);
    if (!pattern) return Error(std::move(pattern).error());
    return Glob(std::move(*pattern));
  }
  bool matches(std::string_view text) const { return pattern_.matches(text); }

 private:
  explicit Glob(text::Pattern pattern) : pattern_(std::move(pattern)) {}

  text::Pattern pattern_;
};

struct MatchReplacement {
  RegexArgument<Glob> glob;
  Substitute substitute;

  Outcome replace(Invocation& call, Value& value) const {
    if (!value.is_text()) return Outcome::unchanged;
    const Glob* const compiled = glob.get(call);
    if (compiled == nullptr) return Outcome::failed;
    if (!compiled->matches(value.text())) return Outcome::unchanged;
    std::string& out = workspace();
    out.clear();
    if (!substitute.transform(call, substitute.text(call), out)) return Outcome::failed;
    value = Value::of(call.arena().copy(out));
    return Outcome::replaced;
  }
};

Result<MatchReplacement> prepare_match(const Known& known) {
  auto glob = RegexArgument<Glob>::make(known, 1);
  if (!glob) return Error(std::move(glob).error());
  auto substitute = Substitute::make(known, 2);
  if (!substitute) return Error(std::move(substitute).error());
  return MatchReplacement{std::move(*glob), *substitute};
}

Result<Run> prepare_replace_match(const Known& known) {
  auto replacement = prepare_match(known);
  if (!replacement) return Error(std::move(replacement).error());
  return Run([replacement = std::move(*replacement)](Invocation& call, Datum&) {
    Datum target;
    if (!call.get(0, target)) return false;
    Value value = target.value();
    const Outcome outcome = replacement.replace(call, value);
    if (outcome == Outcome::replaced) return call.set(0, value);
    return outcome == Outcome::unchanged;
  });
}

Result<Run> prepare_replace_all_matches(const Known& known) {
  auto replacement = prepare_match(known);
  if (!replacement) return Error(std::move(replacement).error());
  return Run([replacement = std::move(*replacement)](Invocation& call, Datum&) {
    return call.edit_map(0, [&](Attributes& entries) {
      for (std::uint32_t i = 0; i < entries.size(); ++i) {
        Value value = std::as_const(entries)[i].value;
        const Outcome outcome = replacement.replace(call, value);
        if (outcome == Outcome::failed) return false;
        if (outcome == Outcome::unchanged) continue;
        entries.own(call.arena());
        entries[i].value = value;
      }
      return true;
    });
  });
}

}  // namespace

void add_replace_functions(FunctionTable& table) {
  const auto add = [&](std::string_view name, std::vector<Parameter> parameters, auto prepare) {
    table.add({.name = name, .parameters = with_substitute(std::move(parameters)), .prepare = prepare});
  };
  add("replace_pattern", {{"target", Want::target}, {"regex_pattern", Want::text}}, prepare_replace_pattern);
  add("replace_all_patterns",
      {{"target", Want::map_target}, literal({"mode", Want::text}), {"regex_pattern", Want::text}},
      prepare_replace_all_patterns);
  add("replace_match", {{"target", Want::target}, {"pattern", Want::text}}, prepare_replace_match);
  add("replace_all_matches", {{"target", Want::map_target}, {"pattern", Want::text}}, prepare_replace_all_matches);
}

}  // namespace rankwire::ottl
