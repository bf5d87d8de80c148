// What TYPE, HELP and UNIT lines said of metric families, kept for ten scrapes after they were last said; and which
// family, of which OTLP type, a series of a given name belongs to.
#pragma once

#include <string>
#include <unordered_map>

#include "exposition/text_parser.hpp"
#include "signal/metrics.hpp"

namespace rankwire::exposition {

// Where a name belongs. Views: into the name that was asked for, or constant.
struct Belonging {
  std::string_view family;        // The name of the metric.
  std::string_view described_as;  // The family's name in the page: "x" of the counter "x_total".
  FamilyType family_type = FamilyType::unknown;
  MetricType type = MetricType::gauge;
  bool is_monotonic = false;
  bool is_created_of_total = false;  // The family's name is that of `family` with "_total" behind it.
};

class Metadata {
 public:
  struct Family {
    FamilyType type = FamilyType::unknown;
    std::string help;  // As written; `is_help_plain`: without escapes.
    std::string unit;
    bool has_escaped_quotes = false;
    std::uint32_t seen = 0;
  };

  void set_type(std::string_view family, FamilyType type, std::uint32_t scrape);
  void set_help(std::string_view family, std::string_view help, bool has_escaped_quotes, std::uint32_t scrape);
  void set_unit(std::string_view family, std::string_view unit, std::uint32_t scrape);
  // Forgets what was last said more than ten scrapes ago.
  void expire(std::uint32_t scrape);

  // Null: nothing is known of it.
  const Family* find(std::string_view family) const;
  // `is_native`: the series is a native histogram.
  Belonging belonging_of(std::string_view name, bool is_native) const;
  // Changes whenever the answers of belonging_of may; and the scrape in which that was last.
  std::uint32_t version() const { return version_; }
  std::uint32_t changed_in() const { return changed_in_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  Family& at(std::string_view family, std::uint32_t scrape);

  std::unordered_map<std::string, Family, Hash, std::equal_to<>> families_;
  std::uint32_t version_ = 1, changed_in_ = 0;
  std::size_t bytes_ = 0;
};

// "" for a scrape series that nobody describes: "up", "scrape_duration_seconds".
std::string_view scrape_series_help(std::string_view name);
// "By" for "bytes", "m/s" for "meters_per_second".
std::string_view ucum_unit(std::string_view unit, Arena& arena);
// "x" of "x_bytes_total", a counter whose unit is "bytes".
std::string_view trimmed_name(std::string_view name, bool is_sum, std::string_view unit);

}  // namespace rankwire::exposition
