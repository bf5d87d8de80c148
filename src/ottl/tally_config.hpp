// What connectors that count records, or sum an attribute of theirs, are told: metrics by name, for each kind of
// record.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/fields.hpp"
#include "ottl/program/frame.hpp"

namespace rankwire::ottl {

// The metric has a point for every value of these attributes.
struct TallyAttribute {
  std::string key;
  config::Node default_value;  // A text, integer, real or boolean; null: records without the attribute do not count.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// One metric.
struct TallyMetric {
  std::string description;
  std::vector<std::string> conditions;  // One of them must hold; none: every record counts.
  std::vector<TallyAttribute> attributes;
  std::string source_attribute;  // Of sums.

 protected:
  void add_fields(config::Fields& f, bool is_sum);
  void check(config::Validator& v, Context context, bool is_sum) const;
};

template <Context context, bool is_sum>
struct TallyMetricOf : TallyMetric {
  void fields(config::Fields& f) { add_fields(f, is_sum); }
  void validate(config::Validator& v) const { check(v, context, is_sum); }
};

template <Context context, bool is_sum>
using TallySection = std::vector<std::pair<std::string, TallyMetricOf<context, is_sum>>>;

template <bool is_sum>
struct TallyConfig {
  TallySection<Context::span, is_sum> spans;
  TallySection<Context::span_event, is_sum> spanevents;
  TallySection<Context::metric, is_sum> metrics;
  TallySection<Context::data_point, is_sum> datapoints;
  TallySection<Context::log, is_sum> logs;

  void fields(config::Fields& f) {
    f.named_sections("spans", spans, "Metrics of spans, by name.");
    f.named_sections("spanevents", spanevents, "Metrics of the events of spans.");
    f.named_sections("metrics", metrics, "Metrics of metrics, which have no attributes.");
    f.named_sections("datapoints", datapoints, "Metrics of data points.");
    f.named_sections("logs", logs, "Metrics of log records.");
  }
  void validate(config::Validator& v) const {
    const auto check = [&v](std::string_view key, const auto& section) {
      for (const auto& [name, metric] : section)
        if (name.empty()) v.error(key, "has a metric without a name");
    };
    check("spans", spans);
    check("spanevents", spanevents);
    check("metrics", metrics);
    check("datapoints", datapoints);
    check("logs", logs);
  }
};

}  // namespace rankwire::ottl
