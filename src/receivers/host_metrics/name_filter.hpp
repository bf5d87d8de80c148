// Which devices, interfaces, file systems or processes are meant: lists of names, or of regular expressions found
// anywhere in a name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/settings/record_match.hpp"
#include "config/fields.hpp"
#include "text/pattern.hpp"

namespace rankwire::host_metrics {

// `include` and `exclude`; the key of the list differs.
struct NameFilterConfig {
  explicit NameFilterConfig(std::string_view list_key) : key(list_key) {}

  std::string_view key;
  MatchType match_type = MatchType::none;
  std::optional<RegexpCacheConfig> regexp;
  std::vector<std::string> names;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

class NameFilter {
 public:
  // Of a valid configuration.
  NameFilter(const NameFilterConfig& include, const NameFilterConfig& exclude);
  bool takes(std::string_view name) const {
    return (include_.is_empty() || include_.matches(name)) && !exclude_.matches(name);
  }
  bool takes_all() const { return include_.is_empty() && exclude_.is_empty(); }

 private:
  struct Names {
    explicit Names(const NameFilterConfig& config);
    bool is_empty() const { return exact.empty() && patterns.empty(); }
    bool matches(std::string_view name) const;

    std::vector<std::string> exact;
    std::vector<text::Pattern> patterns;
  };
  Names include_, exclude_;
};

}  // namespace rankwire::host_metrics
