#include "receivers/prometheus/relabel.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "text/encoding.hpp"
#include "text/letter_case.hpp"

namespace rankwire::prometheus {
namespace {

const std::vector<config::Choice>& actions() {
  using A = RelabelAction;
  static const std::vector<config::Choice> choices = {
      {"replace", static_cast<int>(A::replace)},
      {"keep", static_cast<int>(A::keep)},
      {"drop", static_cast<int>(A::drop)},
      {"keepequal", static_cast<int>(A::keep_equal)},
      {"dropequal", static_cast<int>(A::drop_equal)},
      {"hashmod", static_cast<int>(A::hash_mod)},
      {"labelmap", static_cast<int>(A::label_map)},
      {"labeldrop", static_cast<int>(A::label_drop)},
      {"labelkeep", static_cast<int>(A::label_keep)},
      {"lowercase", static_cast<int>(A::lowercase)},
      {"uppercase", static_cast<int>(A::uppercase)},
  };
  return choices;
}

std::string anchored(const std::string& regex) { return "^(?s:" + regex + ")$"; }

const text::Pattern& everything() {
  static const text::Pattern pattern = *text::Pattern::compile(anchored(RelabelConfig{}.regex));
  return pattern;
}

bool is_label_name(std::string_view name) { return !name.empty() && text::is_valid_utf8(name); }

// The first eight bytes do not count, as in the original.
std::uint64_t hash_of(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) != 1 || size != 16) return 0;
  std::uint64_t number = 0;
  for (std::size_t i = 8; i < 16; ++i) number = number << 8 | digest[i];
  return number;
}

}  // namespace

void RelabelConfig::fields(config::Fields& f) {
  f.choice("action", action, actions(), "What is done.");
  f.field("source_labels", source_labels, "Labels whose values, joined, are looked at.");
  f.field("separator", separator, "Between the joined values.");
  f.field("regex", regex, "Must match all of what is looked at.");
  f.field("target_label", target_label, "Label that is set, or compared with.");
  f.field("replacement", replacement, "What it is set to; $1 is a group of regex. Write $$1 in a Collector's file.");
  f.field("modulus", modulus, "Of hashmod.");
}

void RelabelConfig::validate(config::Validator& v) const {
  if (const auto compiled = text::Pattern::compile(anchored(regex)); !compiled)
    v.error("regex", compiled.error().message());
  using A = RelabelAction;
  const bool sets = action == A::replace || action == A::hash_mod || action == A::lowercase || action == A::uppercase;
  const bool compares = action == A::keep_equal || action == A::drop_equal;
  if ((sets || compares) && target_label.empty()) v.error("target_label", "must be set for this action");
  if (action == A::hash_mod && modulus == 0) v.error("modulus", "must be set for hashmod, and not be 0");
  if (!target_label.empty() && !is_label_name(target_label)) v.error("target_label", "is no name of a label");
  if (action == A::label_map && !is_label_name(replacement)) v.error("replacement", "is no name of a label");
  const RelabelConfig plain;
  const bool is_plain = regex == plain.regex && separator == plain.separator && replacement == plain.replacement;
  if (compares && (!is_plain || modulus != 0))
    v.error("action", "keepequal and dropequal take source_labels and target_label only");
  const bool is_by_name = action == A::label_drop || action == A::label_keep;
  if (is_by_name && (!source_labels.empty() || !target_label.empty() || modulus != 0 || separator != plain.separator ||
                     replacement != plain.replacement))
    v.error("action", "labeldrop and labelkeep take regex only");
}

RelabelRule::RelabelRule(const RelabelConfig& config) : config_(config) {
  if (config.regex == RelabelConfig{}.regex) return;
  auto compiled = text::Pattern::compile(anchored(config.regex));
  if (compiled) pattern_ = std::make_shared<const text::Pattern>(std::move(*compiled));
}

std::string RelabelRule::source(const Labels& labels) const {
  std::string joined;
  for (std::size_t i = 0; i < config_.source_labels.size(); ++i) {
    if (i != 0) joined += config_.separator;
    joined += value_of(labels, config_.source_labels[i]);
  }
  return joined;
}

void RelabelRule::replace(Labels& labels, const std::string& source, Arena& arena) const {
  const text::Pattern& pattern = pattern_ ? *pattern_ : everything();
  const auto target = pattern.expanded(source, config_.target_label);
  if (!target || !is_label_name(*target)) return;
  set(labels, arena.copy(*target), arena.copy(*pattern.expanded(source, config_.replacement)));
}

void RelabelRule::map(Labels& labels, Arena& arena) const {
  Labels before = labels;
  exposition::sort_labels(before);
  for (const Label& label : before)
    if (const auto name = (pattern_ ? *pattern_ : everything()).expanded(label.name, config_.replacement))
      set(labels, arena.copy(*name), label.value);
}

bool RelabelRule::apply(Labels& labels, Arena& arena) const {
  using A = RelabelAction;
  const auto by_name = [&](bool removes) {
    std::erase_if(labels, [&](const Label& label) { return matches(label.name) == removes; });
  };
  switch (config_.action) {
    case A::label_map: map(labels, arena); return true;
    case A::label_drop: by_name(true); return true;
    case A::label_keep: by_name(false); return true;
    default: break;
  }
  const std::string from = source(labels);
  const auto set_target = [&](std::string_view value) { set(labels, arena.copy(config_.target_label), value); };
  switch (config_.action) {
    case A::keep: return matches(from);
    case A::drop: return !matches(from);
    case A::keep_equal: return value_of(labels, config_.target_label) == from;
    case A::drop_equal: return value_of(labels, config_.target_label) != from;
    case A::replace: replace(labels, from, arena); break;
    case A::hash_mod: set_target(arena.copy(std::to_string(hash_of(from) % config_.modulus))); break;
    case A::lowercase: set_target(text::lower_case(from, arena)); break;
    case A::uppercase: set_target(text::upper_case(from, arena)); break;
    default: break;
  }
  return true;
}

std::optional<bool> RelabelRule::keeps_name(std::string_view name) const {
  const bool decides = config_.action == RelabelAction::keep || config_.action == RelabelAction::drop;
  if (!decides || config_.source_labels.size() != 1 || config_.source_labels[0] != exposition::name_label) return {};
  return matches(name) == (config_.action == RelabelAction::keep);
}

RelabelRules::RelabelRules(const std::vector<RelabelConfig>& configs) {
  for (const RelabelConfig& config : configs) rules_.emplace_back(config);
  while (name_rules_ < rules_.size() && rules_[name_rules_].keeps_name({})) ++name_rules_;
}

bool RelabelRules::apply(Labels& labels, Arena& arena) const {
  return std::all_of(rules_.begin(), rules_.end(), [&](const RelabelRule& rule) { return rule.apply(labels, arena); });
}

bool RelabelRules::may_keep_name(std::string_view name) const {
  return std::all_of(rules_.begin(), rules_.begin() + static_cast<std::ptrdiff_t>(name_rules_),
                     [&](const RelabelRule& rule) { return *rule.keeps_name(name); });
}

}  // namespace rankwire::prometheus
