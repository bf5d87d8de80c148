// The configuration of cardinality_limit, and which limits hold for a metric of a certain name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/settings/record_match.hpp"

namespace rankwire::cardinality_limit {

struct AttributeLimitConfig {
  std::string key;
  std::uint64_t max_values = 0;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct MetricLimitConfig {
  MatchType match_type = MatchType::strict;
  std::vector<std::string> metrics;
  std::optional<std::uint64_t> max_series, max_attribute_values;
  std::vector<AttributeLimitConfig> attributes;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  MatchConfig match() const;
};

struct CardinalityLimitConfig {
  std::uint64_t max_series = 2000;
  std::uint64_t max_attribute_values = 0;
  std::vector<AttributeLimitConfig> attributes;
  std::vector<MetricLimitConfig> limits;
  Duration max_staleness = std::chrono::hours(1);
  Bytes max_state_size = 64_MiB;

  void fields(config::Fields& f);
};

// What holds for one metric. 0: no limit.
struct Limits {
  std::uint64_t series_max = 0;
  std::uint64_t values_max = 0;
  std::vector<std::pair<std::string, std::uint64_t>> attributes;

  std::uint64_t values_max_of(std::string_view key) const {
    for (const auto& [name, max] : attributes)
      if (name == key) return max;
    return values_max;
  }
  bool concern_values() const { return values_max != 0 || !attributes.empty(); }
};

class LimitTable {
 public:
  static Result<LimitTable> compile(const CardinalityLimitConfig& config);
  // Of the first entry of `limits` that the name matches, or those of the top level. Lives as long as the table.
  const Limits& of(const Metric& metric) const;

 private:
  Limits general_;
  std::vector<std::pair<RecordMatch, Limits>> special_;
};

}  // namespace rankwire::cardinality_limit
