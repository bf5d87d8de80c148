// Which metrics of a scraper are given, and with which attributes. Each scraper has one table of all it knows: names,
// units and defaults are upstream's, and the configuration, the writer and the README follow the table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.hpp"

namespace rankwire {

// Counters and levels are cumulative sums; a level also falls.
enum class MetricShape : std::uint8_t { gauge, counter, level };

struct MetricSpec {
  static constexpr std::size_t attributes_max = 5;

  std::string_view name;
  std::string_view unit;
  MetricShape shape;
  bool is_enabled;
  std::string_view description;
  std::string_view attributes[attributes_max] = {};  // Empty: there are no more.

  std::size_t attribute_count() const;
};

// How points become one that differ only in attributes that are not wanted.
enum class Aggregation : std::uint8_t { sum, average, min, max };

struct MetricSwitch {
  const MetricSpec* spec = nullptr;
  bool enabled = false;
  Aggregation aggregation_strategy = Aggregation::sum;
  std::vector<std::string> attributes;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  bool keeps_all_attributes() const { return attributes.size() >= spec->attribute_count(); }
};

class MetricSwitches {
 public:
  // Of a table that lives as long as the program.
  explicit MetricSwitches(std::span<const MetricSpec> table);

  const MetricSwitch& operator[](std::size_t metric) const { return switches_[metric]; }
  std::size_t size() const { return switches_.size(); }
  template <class Metric>
  bool is_enabled(Metric metric) const {
    return switches_[static_cast<std::size_t>(metric)].enabled;
  }
  template <class Metric>
  void enable(Metric metric) {
    switches_[static_cast<std::size_t>(metric)].enabled = true;
  }
  bool is_any_enabled() const;

  void fields(config::Fields& f);

 private:
  std::vector<MetricSwitch> switches_;
};

}  // namespace rankwire
