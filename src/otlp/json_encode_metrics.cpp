// OTLP/JSON, writing: metrics.
#include <bit>

#include "otlp/json_encoder.hpp"

namespace rankwire::otlp {

void JsonEncoder::record(const Metric& metric) {
  out_.begin_object();
  out_.text_member("name", metric.name);
  out_.text_member("description", metric.description);
  out_.text_member("unit", metric.unit);
  switch (metric.type) {
    case MetricType::empty: break;
    case MetricType::gauge: data("gauge", metric, metric.numbers); break;
    case MetricType::sum: data("sum", metric, metric.numbers); break;
    case MetricType::histogram: data("histogram", metric, metric.histograms); break;
    case MetricType::exponential_histogram: data("exponentialHistogram", metric, metric.exponential_histograms); break;
    case MetricType::summary: data("summary", metric, metric.summaries); break;
  }
  attributes("metadata", metric.metadata);
  out_.end_object();
}

template <class Point>
void JsonEncoder::data(std::string_view name, const Metric& metric, const List<Point>& points) {
  out_.key(name);
  out_.begin_object();
  out_.key("dataPoints");
  out_.begin_array();
  for (const Point& each : points) {
    out_.begin_object();
    point(each);
    out_.number_member("flags", each.flags);
    out_.end_object();
  }
  out_.end_array();
  if (metric.type != MetricType::gauge && metric.type != MetricType::summary)
    out_.number_member("aggregationTemporality", static_cast<std::int64_t>(metric.temporality));
  if (metric.type == MetricType::sum && metric.is_monotonic) {
    out_.key("isMonotonic");
    out_.boolean(true);
  }
  out_.end_object();
}

namespace {

// Negative zero is not the default.
bool is_default(double value) { return std::bit_cast<std::uint64_t>(value) == 0; }

}  // namespace

template <class Point>
void JsonEncoder::begin_point(const Point& point) {
  attributes("attributes", point.attributes);
  out_.quoted_member("startTimeUnixNano", point.start_time_unix_nanos);
  out_.quoted_member("timeUnixNano", point.time_unix_nanos);
}

void JsonEncoder::number(const Number& number) {
  if (number.type == NumberType::integer) {
    out_.key("asInt");
    out_.quoted(number.integer);
  } else if (number.type == NumberType::real) {
    out_.key("asDouble");
    out_.real(number.real);
  }
}

void JsonEncoder::optional_real(std::string_view name, const OptionalReal& real) {
  if (!real.is_set) return;
  out_.key(name);
  out_.real(real.value);
}

void JsonEncoder::counts(std::string_view name, const List<std::uint64_t>& counts) {
  if (counts.empty()) return;
  out_.key(name);
  out_.begin_array();
  for (const std::uint64_t count : counts) out_.quoted(count);
  out_.end_array();
}

void JsonEncoder::point(const NumberPoint& point) {
  begin_point(point);
  number(point.value);
  exemplars(point.exemplars);
}

void JsonEncoder::point(const HistogramPoint& point) {
  begin_point(point);
  out_.quoted_member("count", point.count);
  optional_real("sum", point.sum);
  optional_real("min", point.min);
  optional_real("max", point.max);
  counts("bucketCounts", point.bucket_counts);
  if (!point.explicit_bounds.empty()) {
    out_.key("explicitBounds");
    out_.begin_array();
    for (const double bound : point.explicit_bounds) out_.real(bound);
    out_.end_array();
  }
  exemplars(point.exemplars);
}

void JsonEncoder::point(const ExponentialHistogramPoint& point) {
  begin_point(point);
  out_.quoted_member("count", point.count);
  optional_real("sum", point.sum);
  optional_real("min", point.min);
  optional_real("max", point.max);
  out_.number_member("scale", point.scale);
  out_.quoted_member("zeroCount", point.zero_count);
  if (!is_default(point.zero_threshold)) optional_real("zeroThreshold", {true, point.zero_threshold});
  buckets("positive", point.positive);
  buckets("negative", point.negative);
  exemplars(point.exemplars);
}

void JsonEncoder::point(const SummaryPoint& point) {
  begin_point(point);
  out_.quoted_member("count", point.count);
  if (!is_default(point.sum)) optional_real("sum", {true, point.sum});
  if (point.quantiles.empty()) return;
  out_.key("quantileValues");
  out_.begin_array();
  for (const Quantile& quantile : point.quantiles) {
    out_.begin_object();
    out_.key("quantile");
    out_.real(quantile.quantile);
    out_.key("value");
    out_.real(quantile.value);
    out_.end_object();
  }
  out_.end_array();
}

void JsonEncoder::buckets(std::string_view name, const ExponentialBuckets& buckets) {
  if (buckets.offset == 0 && buckets.bucket_counts.empty()) return;
  out_.key(name);
  out_.begin_object();
  out_.number_member("offset", buckets.offset);
  counts("bucketCounts", buckets.bucket_counts);
  out_.end_object();
}

void JsonEncoder::exemplars(const List<Exemplar>& exemplars) {
  if (exemplars.empty()) return;
  out_.key("exemplars");
  out_.begin_array();
  for (const Exemplar& exemplar : exemplars) {
    out_.begin_object();
    attributes("filteredAttributes", exemplar.filtered_attributes);
    out_.quoted_member("timeUnixNano", exemplar.time_unix_nanos);
    number(exemplar.value);
    out_.id_member("spanId", exemplar.span_id);
    out_.id_member("traceId", exemplar.trace_id);
    out_.end_object();
  }
  out_.end_array();
}

}  // namespace rankwire::otlp
