#include "receivers/host_metrics/name_filter.hpp"

#include <algorithm>

namespace rankwire::host_metrics {

void NameFilterConfig::fields(config::Fields& f) {
  f.field(key, names, "Names, or expressions that are found anywhere in one.");
  f.choice("match_type", match_type,
           {{"strict", static_cast<int>(MatchType::strict)}, {"regexp", static_cast<int>(MatchType::regexp)}},
           "How names are compared: strict or regexp.");
  f.optional_section("regexp", regexp, "Of regexp.");
}

void NameFilterConfig::validate(config::Validator& v) const {
  if (!names.empty() && match_type == MatchType::none)
    v.error("match_type", "must be set where there are names", "strict or regexp");
  if (match_type != MatchType::regexp) return;
  for (const std::string& name : names)
    if (const auto compiled = text::Pattern::compile(name); !compiled) v.error(key, compiled.error().message());
}

NameFilter::Names::Names(const NameFilterConfig& config) {
  if (config.match_type != MatchType::regexp) {
    exact = config.names;
    return;
  }
  for (const std::string& name : config.names)
    if (auto compiled = text::Pattern::compile(name)) patterns.push_back(std::move(*compiled));
}

bool NameFilter::Names::matches(std::string_view name) const {
  return std::find(exact.begin(), exact.end(), name) != exact.end() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const text::Pattern& one) { return one.matches(name); });
}

NameFilter::NameFilter(const NameFilterConfig& include, const NameFilterConfig& exclude)
    : include_(include), exclude_(exclude) {}

}  // namespace rankwire::host_metrics
