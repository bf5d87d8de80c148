// Metrics in memory. Field meanings are OTLP's (opentelemetry.proto.metrics.v1).
#pragma once

#include "signal/resource.hpp"

namespace rankwire {

enum class MetricType : std::uint8_t { empty, gauge, sum, histogram, exponential_histogram, summary };
enum class Temporality : std::uint8_t { unspecified, delta, cumulative };
// The number of a point or exemplar may also be absent.
enum class NumberType : std::uint8_t { none, integer, real };

struct Number {
  NumberType type = NumberType::none;
  union {
    std::int64_t integer = 0;
    double real;
  };
};

struct Exemplar {
  std::uint64_t time_unix_nanos = 0;
  Number value;
  Attributes filtered_attributes;
  TraceId trace_id;
  SpanId span_id;
};

struct NumberPoint {
  std::uint64_t start_time_unix_nanos = 0;
  std::uint64_t time_unix_nanos = 0;
  std::uint32_t flags = 0;  // Bit 0: no recorded value (stale).
  Number value;
  Attributes attributes;
  List<Exemplar> exemplars;
};

// Optional fields of points carry a presence bit.
struct OptionalReal {
  bool is_set = false;
  double value = 0;
};

struct HistogramPoint {
  std::uint64_t start_time_unix_nanos = 0;
  std::uint64_t time_unix_nanos = 0;
  std::uint64_t count = 0;
  OptionalReal sum, min, max;
  std::uint32_t flags = 0;
  List<std::uint64_t> bucket_counts;
  List<double> explicit_bounds;
  Attributes attributes;
  List<Exemplar> exemplars;
};

struct ExponentialBuckets {
  std::int32_t offset = 0;
  List<std::uint64_t> bucket_counts;
};

struct ExponentialHistogramPoint {
  std::uint64_t start_time_unix_nanos = 0;
  std::uint64_t time_unix_nanos = 0;
  std::uint64_t count = 0;
  OptionalReal sum, min, max;
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  double zero_threshold = 0;
  ExponentialBuckets positive, negative;
  std::uint32_t flags = 0;
  Attributes attributes;
  List<Exemplar> exemplars;
};

struct Quantile {
  double quantile = 0;
  double value = 0;
};

struct SummaryPoint {
  std::uint64_t start_time_unix_nanos = 0;
  std::uint64_t time_unix_nanos = 0;
  std::uint64_t count = 0;
  double sum = 0;
  List<Quantile> quantiles;
  std::uint32_t flags = 0;
  Attributes attributes;
};

struct Metric {
  std::string_view name;
  std::string_view description;
  std::string_view unit;
  Attributes metadata;
  MetricType type = MetricType::empty;
  Temporality temporality = Temporality::unspecified;  // Of sums and histograms.
  bool is_monotonic = false;                           // Of sums.
  // Only the list that belongs to `type` is used: numbers for gauge and sum.
  List<NumberPoint> numbers;
  List<HistogramPoint> histograms;
  List<ExponentialHistogramPoint> exponential_histograms;
  List<SummaryPoint> summaries;

  std::uint32_t point_count() const {
    return numbers.size() + histograms.size() + exponential_histograms.size() + summaries.size();
  }
};

using MetricScope = ScopeGroup<Metric>;
using MetricResource = ResourceGroup<Metric>;

}  // namespace rankwire
