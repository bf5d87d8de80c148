// OTLP's names as Prometheus spells them: characters, units and the suffix of counters.
#pragma once

#include <string>

#include "series/series.hpp"
#include "signal/metrics.hpp"

namespace rankwire::series {

enum class Translation : std::uint8_t {
  underscores_with_suffixes,
  underscores_without_suffixes,
  utf8_with_suffixes,
  none,
};

struct NameRules {
  std::string metric_namespace;
  Translation translation = Translation::underscores_with_suffixes;

  bool escapes() const {
    return translation == Translation::underscores_with_suffixes ||
           translation == Translation::underscores_without_suffixes;
  }
  bool adds_suffixes() const {
    return translation == Translation::underscores_with_suffixes || translation == Translation::utf8_with_suffixes;
  }
};

// Of the family, without _bucket and the like. Empty if nothing of the name is left.
std::string metric_name(const Metric& metric, const NameRules& rules);
std::string label_name(std::string_view key, const NameRules& rules);
FamilyType family_type(const Metric& metric);
// "By" is "bytes", "m/s" is "meters_per_second"; empty if the unit says nothing ("1", "{request}").
std::string unit_name(std::string_view unit);

}  // namespace rankwire::series
