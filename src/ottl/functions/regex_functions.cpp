// IsMatch, ExtractPatterns, delete_matching_keys, keep_matching_keys
#include <algorithm>

#include "ottl/functions/families.hpp"
#include "ottl/functions/regex_argument.hpp"
#include "text/mask_pattern.hpp"
#include "text/pattern.hpp"

namespace rankwire::ottl {
namespace {

// Whether a text matches: by our scanner where it can do the whole, else with the literal prefilter.
class Matcher {
 public:
  static Result<Matcher> compile(const std::string& text) {
    auto scanned = text::Pattern::compile(text);
    if (!scanned) return Error(std::move(scanned).error());
    auto filtered = text::MaskPattern::compile(text);
    if (!filtered) return Error(std::move(filtered).error());
    return Matcher(std::move(*scanned), std::move(*filtered));
  }
  bool matches(std::string_view text) const {
    return scanned_.is_scanned() ? scanned_.matches(text) : filtered_.matches(text);
  }

 private:
  Matcher(text::Pattern scanned, text::MaskPattern filtered)
      : scanned_(std::move(scanned)), filtered_(std::move(filtered)) {}

  text::Pattern scanned_;
  text::MaskPattern filtered_;
};

Result<Run> prepare_is_match(const Known& known) {
  auto pattern = RegexArgument<Matcher>::make(known, 1);
  if (!pattern) return Error(std::move(pattern).error());
  return Run([pattern = std::move(*pattern)](Invocation& call, Datum& out) {
    const Matcher* const matcher = pattern.get(call);
    if (matcher == nullptr) return false;
    out = Value::of(!call[0].is_nil() && matcher->matches(call.text(0)));
    return true;
  });
}

constexpr const char* no_named_group = "the regular expression needs a named group: (?P<name>…)";

bool has_named_group(const text::Pattern& pattern) {
  const auto& names = pattern.group_names();
  return std::any_of(names.begin(), names.end(), [](const std::string& name) { return !name.empty(); });
}

bool extract(Invocation& call, const text::Pattern& pattern, bool is_lasting, Datum& out) {
  std::string_view groups[text::MaskPattern::groups_max];
  Attributes entries;
  if (pattern.capture(call.text(0), groups)) {
    const auto& names = pattern.group_names();
    entries.reserve(call.arena(), static_cast<std::uint32_t>(names.size()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty()) continue;
      const std::string_view name = is_lasting ? std::string_view(names[i]) : call.arena().copy(names[i]);
      entries.push(call.arena(), {name, Value::of(groups[i])});
    }
  }
  out = Value::of(entries);
  return true;
}

Result<Run> prepare_extract_patterns(const Known& known) {
  auto pattern = RegexArgument<text::Pattern>::make(known, 1);
  if (!pattern) return Error(std::move(pattern).error());
  if (pattern->literal() != nullptr && !has_named_group(*pattern->literal())) return known.always_fails(no_named_group);
  // A call of literals runs once and is gone then, and its pattern with it.
  const bool is_lasting = pattern->literal() != nullptr && known[0] == nullptr;
  return Run([pattern = std::move(*pattern), is_lasting](Invocation& call, Datum& out) {
    const text::Pattern* const compiled = pattern.get(call);
    if (compiled == nullptr) return false;
    if (!has_named_group(*compiled)) return call.fail(no_named_group);
    return extract(call, *compiled, is_lasting, out);
  });
}

Result<Run> prepare_matching_keys(const Known& known, bool are_kept) {
  auto pattern = RegexArgument<Matcher>::make(known, 1);
  if (!pattern) return Error(std::move(pattern).error());
  return Run([pattern = std::move(*pattern), are_kept](Invocation& call, Datum&) {
    const Matcher* const matcher = pattern.get(call);
    if (matcher == nullptr) return false;
    return call.edit_map(0, [&](Attributes& entries) {
      Attributes rest;
      for (const KeyValue& entry : std::as_const(entries))
        if (matcher->matches(entry.key) == are_kept) rest.push(call.arena(), entry);
      if (rest.size() != entries.size()) entries = rest;
      return true;
    });
  });
}

}  // namespace

void add_regex_functions(FunctionTable& table) {
  table.add({.name = "IsMatch",
             .parameters = {{"target", Want::text_like}, {"pattern", Want::text}},
             .result = Type::boolean,
             .prepare = prepare_is_match});
  table.add({.name = "ExtractPatterns",
             .parameters = {{"target", Want::text}, {"pattern", Want::text}},
             .result = Type::map,
             .prepare = prepare_extract_patterns});
  const std::vector<Parameter> keys = {{"target", Want::map_target}, {"pattern", Want::text}};
  table.add({.name = "delete_matching_keys", .parameters = keys, .prepare = [](const Known& known) {
               return prepare_matching_keys(known, false);
             }});
  table.add({.name = "keep_matching_keys", .parameters = keys, .prepare = [](const Known& known) {
               return prepare_matching_keys(known, true);
             }});
}

}  // namespace rankwire::ottl
