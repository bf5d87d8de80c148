#include "processors/span/span_name.hpp"

#include <re2/re2.h>

#include <charconv>
#include <cmath>

namespace rankwire::span {
namespace {

// Of a number with 1074 places after the point.
constexpr std::size_t number_text_max = 1100;

std::string_view text_of(const Value& value, char (&space)[number_text_max]) {
  const auto until = [&space](std::to_chars_result result) {
    return std::string_view(space, static_cast<std::size_t>(result.ptr - space));
  };
  switch (value.type()) {
    case ValueType::text: return value.text();
    case ValueType::boolean: return value.boolean() ? "true" : "false";
    case ValueType::integer: return until(std::to_chars(space, space + number_text_max, value.integer()));
    case ValueType::real:
      if (!std::isfinite(value.real())) return std::isnan(value.real()) ? "NaN" : value.real() < 0 ? "-Inf" : "+Inf";
      return until(std::to_chars(space, space + number_text_max, value.real(), std::chars_format::fixed));
    default: return "<unknown-attribute-type>";
  }
}

// Text that grows in an arena.
class Text {
 public:
  explicit Text(Arena& arena) : arena_(arena) {}
  void add(std::string_view more) {
    bytes_.reserve(arena_, bytes_.size() + static_cast<std::uint32_t>(more.size()));
    for (const char c : more) bytes_.push(arena_, c);
  }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  Arena& arena_;
  List<char> bytes_;
};

}  // namespace

struct SpanName::Rule {
  explicit Rule(const std::string& pattern) : expression(pattern, RE2::Quiet) {
    names.resize(static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1);
    for (const auto& [number, name] : expression.CapturingGroupNames()) names[static_cast<std::size_t>(number)] = name;
  }

  RE2 expression;
  std::vector<std::string> names;  // By number of the group; empty: it has none.
};

SpanName::SpanName(const NameConfig& config) : keys_(config.from_attributes), separator_(config.separator) {
  if (!config.to_attributes) return;
  breaks_after_match_ = config.to_attributes->break_after_match;
  keeps_name_ = config.to_attributes->keep_original_name;
}
SpanName::SpanName(SpanName&&) noexcept = default;
SpanName& SpanName::operator=(SpanName&&) noexcept = default;
SpanName::~SpanName() = default;

Result<SpanName> SpanName::compile(const NameConfig& config) {
  SpanName name(config);
  if (!config.to_attributes) return name;
  for (const std::string& pattern : config.to_attributes->rules) {
    auto rule = std::make_unique<Rule>(pattern);
    if (!rule->expression.ok())
      return Error(ErrorKind::invalid, "not a regular expression: \"" + pattern + "\": " + rule->expression.error());
    name.rules_.push_back(std::move(rule));
  }
  return name;
}

void SpanName::apply(Span& span, Arena& arena) const {
  name_from_attributes(span, arena);
  for (const auto& rule : rules_)
    if (!span.name.empty() && apply_rule(*rule, span, arena) && breaks_after_match_) return;
}

void SpanName::name_from_attributes(Span& span, Arena& arena) const {
  if (keys_.empty()) return;
  for (const std::string& key : keys_)
    if (find(span.attributes, key) == nullptr) return;
  Text name(arena);
  char space[number_text_max];
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (i != 0) name.add(separator_);
    name.add(text_of(*find(span.attributes, keys_[i]), space));
  }
  span.name = name.view();
}

bool SpanName::apply_rule(const Rule& rule, Span& span, Arena& arena) const {
  const std::string_view before = span.name;
  // RE2 wants its groups in one piece; few patterns have more than these.
  constexpr std::size_t groups_max = 64;
  re2::StringPiece groups[groups_max];
  const std::size_t count = std::min(rule.names.size(), groups_max);
  if (!rule.expression.Match({before.data(), before.size()}, 0, before.size(), RE2::UNANCHORED, groups,
                             static_cast<int>(count)))
    return false;
  Text name(arena);
  std::size_t copied = 0;
  for (std::size_t i = 1; i < count; ++i) {
    // A group that took no part in the match has no place in it.
    if (rule.names[i].empty() || groups[i].data() == nullptr) continue;
    const std::string_view found(groups[i].data(), groups[i].size());
    set(span.attributes, arena, rule.names[i], Value::of(found));
    const auto begin = static_cast<std::size_t>(found.data() - before.data());
    if (begin < copied) continue;  // Inside the group before.
    name.add(before.substr(copied, begin - copied));
    name.add("{");
    name.add(rule.names[i]);
    name.add("}");
    copied = begin + found.size();
  }
  name.add(before.substr(copied));
  if (!keeps_name_) span.name = name.view();
  return true;
}

}  // namespace rankwire::span
