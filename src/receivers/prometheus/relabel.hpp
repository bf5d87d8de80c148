// Relabelling as Prometheus 3 does it: rules that change, keep or drop a set of labels.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/fields.hpp"
#include "receivers/prometheus/labels.hpp"
#include "text/pattern.hpp"

namespace rankwire::prometheus {

enum class RelabelAction : std::uint8_t {
  replace,
  keep,
  drop,
  keep_equal,
  drop_equal,
  hash_mod,
  label_map,
  label_drop,
  label_keep,
  lowercase,
  uppercase,
};

struct RelabelConfig {
  RelabelAction action = RelabelAction::replace;
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string regex = "(.*)";
  std::string target_label;
  std::string replacement = "$1";
  std::uint64_t modulus = 0;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

class RelabelRule {
 public:
  // Of a valid configuration.
  explicit RelabelRule(const RelabelConfig& config);
  // New names and values go into `arena`. False: dropped.
  bool apply(Labels& labels, Arena& arena) const;

  // Which metric names a rule over `__name__` alone lets through; nothing for any other rule.
  std::optional<bool> keeps_name(std::string_view name) const;

 private:
  bool matches(std::string_view text) const { return pattern_ == nullptr || pattern_->matches(text); }
  std::string source(const Labels& labels) const;
  void replace(Labels& labels, const std::string& source, Arena& arena) const;
  void map(Labels& labels, Arena& arena) const;

  RelabelConfig config_;
  std::shared_ptr<const text::Pattern> pattern_;  // Null: it matches everything, and group 1 is all of it.
};

class RelabelRules {
 public:
  RelabelRules() = default;
  explicit RelabelRules(const std::vector<RelabelConfig>& configs);
  bool empty() const { return rules_.empty(); }
  // New names and values go into `arena`. False: dropped.
  bool apply(Labels& labels, Arena& arena) const;
  // False: whatever the other labels are, a series of this name is dropped.
  bool may_keep_name(std::string_view name) const;

 private:
  std::vector<RelabelRule> rules_;
  std::size_t name_rules_ = 0;  // So many at the beginning ask for the name alone, and change nothing.
};

}  // namespace rankwire::prometheus
