#include "connectors/span_metrics/span_metrics_config.hpp"

#include <algorithm>
#include <set>

#include "component/settings/duration_bounds.hpp"
#include "connectors/span_metrics/dimensions.hpp"

namespace rankwire::span_metrics {
namespace {

constexpr std::uint64_t exponential_size_max = 16384;
constexpr std::size_t explicit_buckets_max = 1000;

void check_dimensions(config::Validator& v, std::string_view key, const std::vector<DimensionConfig>& dimensions) {
  std::set<std::string, std::less<>> names(std::begin(own_dimensions), std::end(own_dimensions));
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const std::string& name = dimensions[i].name;
    if (name.empty() || names.insert(name).second) continue;
    v.error(std::string(key) + "[" + std::to_string(i) + "].name", "is there already: \"" + name + "\"", "remove it");
  }
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].glob.empty()) continue;
    const auto glob = Glob::compile(dimensions[i].glob);
    if (!glob) continue;
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& name) { return glob->matches(name); });
    if (found == names.end()) continue;
    v.error(std::string(key) + "[" + std::to_string(i) + "].glob", "matches \"" + *found + "\", which is there already",
            "make it narrower");
  }
}

}  // namespace

void DimensionConfig::fields(config::Fields& f) {
  f.field("name", name, "Of an attribute of the span, or else of its resource.");
  f.field("default", default_value, "Used where the attribute is absent; without it the dimension is left out.");
  f.field("glob", glob, "Instead of `name`: every attribute whose name matches; `*` is within dots, `**` beyond.");
}

void DimensionConfig::validate(config::Validator& v) const {
  if (name.empty() && glob.empty()) v.error("", "must have `name` or `glob`");
  if (!name.empty() && !glob.empty()) v.error("glob", "cannot stand beside `name`", "make them two dimensions");
  if (glob.empty()) return;
  if (default_value) v.error("default", "is only for a dimension with `name`");
  if (const auto compiled = Glob::compile(glob); !compiled) v.error("glob", compiled.error().message());
}

void ExplicitConfig::fields(config::Fields& f) {
  f.field("buckets", buckets, "Upper bounds, rising: durations such as `10ms`.");
}

void ExplicitConfig::validate(config::Validator& v) const {
  check_duration_bounds("buckets", buckets, explicit_buckets_max, v);
}

void ExponentialConfig::fields(config::Fields& f) {
  f.field("max_size", max_size, "The most buckets of one histogram; 0: 160.",
          {.min = 0, .max = static_cast<double>(exponential_size_max)});
}

void ExponentialConfig::validate(config::Validator& v) const {
  if (max_size == 1) v.error("max_size", "must be 2 or more");
}

void HistogramConfig::fields(config::Fields& f) {
  f.field("disable", disable, "No duration metric.");
  f.choice("unit", unit, {{"ms", static_cast<int>(Unit::milliseconds)}, {"s", static_cast<int>(Unit::seconds)}},
           "Of durations and of exemplars.");
  f.list("dimensions", dimensions, "Of the duration metric, beside `dimensions`.");
  f.optional_section("explicit", with_bounds, "A histogram with fixed bounds.");
  f.optional_section("exponential", exponential, "An exponential histogram instead.");
}

void HistogramConfig::validate(config::Validator& v) const {
  check_dimensions(v, "dimensions", dimensions);
  if (with_bounds && exponential) v.error("exponential", "cannot stand beside `explicit`", "remove one of them");
}

std::vector<double> HistogramConfig::bounds() const {
  static constexpr double default_milliseconds[] = {2,   4,   6,    8,    10,   50,   100,   200,
                                                    400, 800, 1000, 1400, 2000, 5000, 10000, 15000};
  if (with_bounds && !with_bounds->buckets.empty())
    return numbers_of(with_bounds->buckets, std::chrono::milliseconds(unit == Unit::seconds ? 1000 : 1));
  std::vector<double> bounds;
  for (const double bound : default_milliseconds) bounds.push_back(unit == Unit::seconds ? bound / 1000 : bound);
  return bounds;
}

void ExemplarsConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Attach the ids of some spans to the points.");
  f.field("max_per_data_point", max_per_data_point, "The most of one point.", {.min = 0, .max = 1000});
}

void EventsConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Count the events of spans too.");
  f.list("dimensions", dimensions, "Of the events metric, beside `dimensions`: also attributes of the event.");
}

void EventsConfig::validate(config::Validator& v) const {
  if (!enabled) return;
  if (dimensions.empty()) v.error("dimensions", "must name what to count events by", "for example exception.type");
  check_dimensions(v, "dimensions", dimensions);
}

void SpanMetricsConfig::fields(config::Fields& f) {
  f.field("namespace", namespace_, "Prefix of the metrics' names, with a dot; may be empty.");
  f.list("dimensions", dimensions, "Attributes that become attributes of every metric.");
  f.list("calls_dimensions", calls_dimensions, "Of the calls metric, beside `dimensions`.");
  f.field("exclude_dimensions", exclude_dimensions, "Which of the attributes that every metric has to leave out.");
  f.field("include_instrumentation_scope", include_instrumentation_scope,
          "Names of scopes that become attributes, with their version.");
  f.section("histogram", histogram, "The duration metric.");
  f.section("exemplars", exemplars, "Spans as examples of points.");
  f.section("events", events, "The events metric.");
  f.choice("aggregation_temporality", aggregation_temporality,
           {{"AGGREGATION_TEMPORALITY_CUMULATIVE", static_cast<int>(Temporality::cumulative)},
            {"AGGREGATION_TEMPORALITY_DELTA", static_cast<int>(Temporality::delta)}},
           "What points count: since their series began, or since the last flush.");
  f.field("metrics_flush_interval", metrics_flush_interval, "How often metrics are passed on.",
          {.min = 1e6, .max = 86400e9});
  f.field("metrics_expiration", metrics_expiration, "A resource without spans for so long is forgotten; 0: never.",
          {.min = 0});
  f.field("series_expiration", series_expiration, "A series without spans for so long is forgotten; 0: never.",
          {.min = 0});
  f.field("resource_metrics_cache_size", resource_metrics_cache_size,
          "Resources kept from one flush to the next, those used last.", {.min = 1});
  f.field("resource_metrics_key_attributes", resource_metrics_key_attributes,
          "Attributes that tell resources apart; empty: all.");
  f.field("metric_timestamp_cache_size", metric_timestamp_cache_size,
          "Of delta temporality: series whose last time is remembered.", {.min = 1});
  f.field("aggregation_cardinality_limit", aggregation_cardinality_limit,
          "Series of one metric and resource; what goes beyond is counted together; 0: not limited.");
  f.field("add_resource_attributes", add_resource_attributes, "Resources keep their attributes; they always do here.");
  f.field("enable_metrics_sampling_method", enable_metrics_sampling_method,
          "Adds `sampling.method`: `counted`, or `extrapolated` from the span's sampling threshold.");
  f.field("max_state_size", max_state_size, "Memory for series.", {.min = 65536});
  f.ignored("dimensions_cache_size", "`aggregation_cardinality_limit` and `max_state_size` bound the series");
}

void SpanMetricsConfig::validate(config::Validator& v) const {
  check_dimensions(v, "dimensions", dimensions);
  check_dimensions(v, "calls_dimensions", calls_dimensions);
}

}  // namespace rankwire::span_metrics
