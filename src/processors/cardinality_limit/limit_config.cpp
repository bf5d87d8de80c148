#include "processors/cardinality_limit/limit_config.hpp"

namespace rankwire::cardinality_limit {
namespace {

std::vector<std::pair<std::string, std::uint64_t>> pairs_of(const std::vector<AttributeLimitConfig>& attributes) {
  std::vector<std::pair<std::string, std::uint64_t>> pairs;
  for (const AttributeLimitConfig& attribute : attributes) pairs.emplace_back(attribute.key, attribute.max_values);
  return pairs;
}

}  // namespace

void AttributeLimitConfig::fields(config::Fields& f) {
  f.field("key", key, "Key of an attribute of data points.");
  f.field("max_values", max_values, "Different values it may have in one metric; 0: any number.");
}

void AttributeLimitConfig::validate(config::Validator& v) const {
  if (key.empty()) v.error("key", "must be set");
}

void MetricLimitConfig::fields(config::Fields& f) {
  f.choice("match_type", match_type,
           {{"strict", static_cast<int>(MatchType::strict)}, {"regexp", static_cast<int>(MatchType::regexp)}},
           "How names are compared: strict or regexp.");
  f.field("metrics", metrics, "Names of metrics; one must match.");
  f.field("max_series", max_series, "As at the top, for these metrics.");
  f.field("max_attribute_values", max_attribute_values, "As at the top, for these metrics.");
  f.list("attributes", attributes, "As at the top, for these metrics, instead of those at the top.");
}

void MetricLimitConfig::validate(config::Validator& v) const {
  if (metrics.empty()) v.error("metrics", "must name at least one metric");
  if (const auto names = RecordMatch::compile(match()); !names) v.error("metrics", names.error().message());
}

MatchConfig MetricLimitConfig::match() const {
  MatchConfig match;
  match.match_type = match_type;
  match.metric_names = metrics;
  return match;
}

void CardinalityLimitConfig::fields(config::Fields& f) {
  f.field("max_series", max_series, "Series a metric may have, over all resources; 0: any number.");
  f.field("max_attribute_values", max_attribute_values,
          "Different values each attribute of a metric's points may have; 0: any number.");
  f.list("attributes", attributes, "Limits of single attributes, in place of max_attribute_values.");
  f.list("limits", limits, "Limits of single metrics; the first that matches holds.");
  f.field("max_staleness", max_staleness, "A series not seen for so long gives its place back; 0: never.", {.min = 0});
  f.field("max_state_size", max_state_size, "Memory for the series of all metrics.", {.min = 64 << 10});
}

Result<LimitTable> LimitTable::compile(const CardinalityLimitConfig& config) {
  LimitTable table;
  table.general_ = {config.max_series, config.max_attribute_values, pairs_of(config.attributes)};
  for (const MetricLimitConfig& entry : config.limits) {
    auto match = RecordMatch::compile(entry.match());
    if (!match) return std::move(match).error();
    Limits limits = table.general_;
    limits.series_max = entry.max_series.value_or(limits.series_max);
    limits.values_max = entry.max_attribute_values.value_or(limits.values_max);
    if (!entry.attributes.empty()) limits.attributes = pairs_of(entry.attributes);
    table.special_.emplace_back(std::move(*match), std::move(limits));
  }
  return table;
}

const Limits& LimitTable::of(const Metric& metric) const {
  for (const auto& [match, limits] : special_)
    if (match.matches({}, {}, metric, nullptr)) return limits;
  return general_;
}

}  // namespace rankwire::cardinality_limit
