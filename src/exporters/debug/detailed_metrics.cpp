// Verbosity `detailed` of metrics.
#include <cmath>

#include "exporters/debug/detailed.hpp"

namespace rankwire::debug {

namespace {

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::empty: return "Empty";
    case MetricType::gauge: return "Gauge";
    case MetricType::sum: return "Sum";
    case MetricType::histogram: return "Histogram";
    case MetricType::exponential_histogram: return "ExponentialHistogram";
    case MetricType::summary: return "Summary";
  }
  return "";
}

std::string_view temporality_name(Temporality temporality) {
  switch (temporality) {
    case Temporality::delta: return "Delta";
    case Temporality::cumulative: return "Cumulative";
    default: return "Unspecified";
  }
}

void write_number(const Number& number, Text& to) {
  if (number.type == NumberType::integer) to.number(number.integer);
  if (number.type == NumberType::real) to.fixed(number.real);
}

template <class Point>
void begin_point(std::string_view name, std::uint32_t number, const Point& point, Text& to) {
  (to << name << " #").number(number) << "\n";
  write_attributes("Data point attributes:", point.attributes, to);
  (to << "StartTimestamp: ").time(point.start_time_unix_nanos) << "\nTimestamp: ";
  to.time(point.time_unix_nanos) << "\n";
  if (point.flags != 0) (to << "Flags: ").number(point.flags) << "\n";
}

template <class Point>
void write_totals(const Point& point, Text& to) {
  const auto optional = [&](std::string_view name, const OptionalReal& real) {
    if (real.is_set) (to << name << ": ").fixed(real.value) << "\n";
  };
  (to << "Count: ").number(point.count) << "\n";
  optional("Sum", point.sum);
  optional("Min", point.min);
  optional("Max", point.max);
}

void write_exemplars(const List<Exemplar>& exemplars, Text& to) {
  if (!exemplars.empty()) to << "Exemplars:\n";
  for (std::uint32_t i = 0; i < exemplars.size(); ++i) {
    const Exemplar& exemplar = exemplars[i];
    (to << "Exemplar #").number(i) << "\n" << indent << "-> Trace ID: ";
    (to.id(exemplar.trace_id) << "\n" << indent << "-> Span ID: ").id(exemplar.span_id) << "\n";
    (to << indent << "-> Timestamp: ").time(exemplar.time_unix_nanos) << "\n" << indent << "-> Value: ";
    write_number(exemplar.value, to);
    to << "\n";
    if (exemplar.filtered_attributes.empty()) continue;
    to << indent << "-> FilteredAttributes:\n";
    to.lines(deep_indent, exemplar.filtered_attributes);
  }
}

void write_point(std::uint32_t number, const NumberPoint& point, Text& to) {
  begin_point("NumberDataPoints", number, point, to);
  to << "Value: ";
  write_number(point.value, to);
  to << "\n";
  write_exemplars(point.exemplars, to);
}

void write_point(std::uint32_t number, const HistogramPoint& point, Text& to) {
  begin_point("HistogramDataPoints", number, point, to);
  write_totals(point, to);
  for (std::uint32_t i = 0; i < point.explicit_bounds.size(); ++i)
    ((to << "ExplicitBounds #").number(i) << ": ").fixed(point.explicit_bounds[i]) << "\n";
  for (std::uint32_t i = 0; i < point.bucket_counts.size(); ++i)
    ((to << "Buckets #").number(i) << ", Count: ").number(point.bucket_counts[i]) << "\n";
  write_exemplars(point.exemplars, to);
}

// Bucket i of an exponential histogram goes from base^(offset+i) to base^(offset+i+1).
void write_buckets(const ExponentialBuckets& buckets, double base, bool is_negative, Text& to) {
  for (std::uint32_t i = 0; i < buckets.bucket_counts.size(); ++i) {
    // Backwards for negative ones, so that the bounds increase.
    const std::uint32_t at = is_negative ? buckets.bucket_counts.size() - 1 - i : i;
    const double low = std::pow(base, static_cast<double>(buckets.offset) + at), high = low * base;
    to << (is_negative ? "Bucket [" : "Bucket (");
    (to.fixed(is_negative ? -high : low) << ", ").fixed(is_negative ? -low : high);
    (to << (is_negative ? "), Count: " : "], Count: ")).number(buckets.bucket_counts[at]) << "\n";
  }
}

void write_point(std::uint32_t number, const ExponentialHistogramPoint& point, Text& to) {
  begin_point("ExponentialHistogramDataPoints", number, point, to);
  write_totals(point, to);
  const double base = std::exp2(std::exp2(-static_cast<double>(point.scale)));
  write_buckets(point.negative, base, true, to);
  if (point.zero_count != 0) {
    (to << "Bucket [").fixed(-point.zero_threshold) << ", ";
    (to.fixed(point.zero_threshold) << "], Count: ").number(point.zero_count) << "\n";
  }
  write_buckets(point.positive, base, false, to);
  write_exemplars(point.exemplars, to);
}

void write_point(std::uint32_t number, const SummaryPoint& point, Text& to) {
  begin_point("SummaryDataPoints", number, point, to);
  (to << "Count: ").number(point.count) << "\nSum: ";
  to.fixed(point.sum) << "\n";
  for (std::uint32_t i = 0; i < point.quantiles.size(); ++i) {
    (to << "QuantileValue #").number(i) << ": Quantile ";
    (to.fixed(point.quantiles[i].quantile) << ", Value ").fixed(point.quantiles[i].value) << "\n";
  }
}

template <class Point>
void write_points(const List<Point>& points, Text& to) {
  for (std::uint32_t i = 0; i < points.size(); ++i) write_point(i, points[i], to);
}

void write_metric(std::uint32_t number, const Metric& metric, Text& to) {
  (to << "Metric #").number(number) << "\nDescriptor:\n" << indent << "-> Name: ";
  (to.data(metric.name) << "\n" << indent << "-> Description: ").data(metric.description) << "\n";
  (to << indent << "-> Unit: ").data(metric.unit) << "\n"
                                                  << indent << "-> DataType: " << type_name(metric.type) << "\n";
  if (metric.type == MetricType::sum)
    to << indent << "-> IsMonotonic: " << (metric.is_monotonic ? "true" : "false") << "\n";
  if (metric.type != MetricType::empty && metric.type != MetricType::gauge && metric.type != MetricType::summary)
    to << indent << "-> AggregationTemporality: " << temporality_name(metric.temporality) << "\n";
  if (!metric.metadata.empty()) {
    to << indent << "-> Metadata:\n";
    to.lines(deep_indent, metric.metadata);
  }
  write_points(metric.numbers, to);
  write_points(metric.histograms, to);
  write_points(metric.exponential_histograms, to);
  write_points(metric.summaries, to);
}

}  // namespace

void write_detailed(const MetricBatch& batch, Text& to) {
  write_detailed_groups(batch, "ResourceMetrics", "ScopeMetrics", to,
                        [&](std::uint32_t number, const Metric& metric) { write_metric(number, metric, to); });
}

}  // namespace rankwire::debug
