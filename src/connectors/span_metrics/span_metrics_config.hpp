// What a user writes about span metrics.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "signal/metrics.hpp"

namespace rankwire::span_metrics {

// An attribute that becomes one of a metric: by its name, or every one whose name matches.
struct DimensionConfig {
  std::string name;
  std::optional<std::string> default_value;
  std::string glob;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ExplicitConfig {
  std::vector<std::string> buckets;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ExponentialConfig {
  std::uint64_t max_size = 160;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

enum class Unit : std::uint8_t { milliseconds, seconds };

struct HistogramConfig {
  bool disable = false;
  Unit unit = Unit::milliseconds;
  std::vector<DimensionConfig> dimensions;
  std::optional<ExplicitConfig> with_bounds;
  std::optional<ExponentialConfig> exponential;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  // Of what is configured, or of the default; in the unit.
  std::vector<double> bounds() const;
};

struct ExemplarsConfig {
  bool enabled = false;
  std::uint64_t max_per_data_point = 5;

  void fields(config::Fields& f);
};

struct EventsConfig {
  bool enabled = false;
  std::vector<DimensionConfig> dimensions;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct SpanMetricsConfig {
  std::string namespace_ = "traces.span.metrics";
  std::vector<DimensionConfig> dimensions, calls_dimensions;
  std::vector<std::string> exclude_dimensions;
  std::vector<std::string> include_instrumentation_scope;
  HistogramConfig histogram;
  ExemplarsConfig exemplars;
  EventsConfig events;
  Temporality aggregation_temporality = Temporality::cumulative;
  Duration metrics_flush_interval = std::chrono::seconds(60);
  Duration metrics_expiration{0}, series_expiration{0};
  std::uint64_t resource_metrics_cache_size = 1000;
  std::vector<std::string> resource_metrics_key_attributes;
  std::uint64_t metric_timestamp_cache_size = 1000;
  std::uint64_t aggregation_cardinality_limit = 0;
  bool add_resource_attributes = false;
  bool enable_metrics_sampling_method = false;
  Bytes max_state_size = Bytes{64 << 20};

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::span_metrics
