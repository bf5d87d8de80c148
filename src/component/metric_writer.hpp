// What a scraper writes its numbers with: metrics that are switched off cost nothing, and points that differ only in
// attributes nobody wants become one.
#pragma once

#include <initializer_list>

#include "component/metric_switches.hpp"
#include "signal/batch.hpp"

namespace rankwire {

struct ScrapeTimes {
  std::uint64_t start = 0;  // Of counters: when what is counted began. Nanoseconds since 1970.
  std::uint64_t now = 0;
};

// A text of the host in the batch's arena, made valid UTF-8: names of files and programs may hold any bytes.
Value text_value(Arena& arena, std::string_view text);

// For one scope, which must not move meanwhile. Texts in values live as long as the batch.
class MetricWriter {
 public:
  MetricWriter(Arena& arena, MetricScope& scope, const MetricSwitches& switches, ScrapeTimes times);

  template <class Metric>
  bool wants(Metric metric) const {
    return switches_.is_enabled(metric);
  }
  // Values of the metric's attributes, in the order of its table.
  template <class Metric>
  void add(Metric metric, std::uint64_t value, std::initializer_list<Value> attributes = {}) {
    Number number{.type = NumberType::integer, .integer = static_cast<std::int64_t>(value)};
    if (wants(metric)) add_point(static_cast<std::size_t>(metric), number, attributes);
  }
  template <class Metric>
  void add_real(Metric metric, double value, std::initializer_list<Value> attributes = {}) {
    Number number{.type = NumberType::real, .real = value};
    if (wants(metric)) add_point(static_cast<std::size_t>(metric), number, attributes);
  }
  // Nothing is added afterwards.
  void finish();

 private:
  static constexpr std::size_t metrics_max = 24;

  void add_point(std::size_t metric, Number value, std::initializer_list<Value> attributes);
  Metric& record_of(std::size_t metric);
  void join_points(Metric& metric, Aggregation how) const;

  Arena& arena_;
  MetricScope& scope_;
  const MetricSwitches& switches_;
  const ScrapeTimes times_;
  std::uint32_t records_[metrics_max] = {};  // Where in the scope a metric is, plus one; 0: nowhere yet.
};

}  // namespace rankwire
