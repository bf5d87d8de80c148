// Encoding of metrics and their points.
#include "otlp/encoder.hpp"

namespace rankwire::otlp {

void Encoder::record(const Metric& metric) {
  namespace f = field::metric;
  const OpenMessage open = out_.open(field::scope_group::records, 2);
  out_.text(f::name, metric.name);
  out_.text(f::description, metric.description);
  out_.text(f::unit, metric.unit);
  switch (metric.type) {
    case MetricType::empty: break;
    case MetricType::gauge: data(f::gauge, metric, metric.numbers); break;
    case MetricType::sum: data(f::sum, metric, metric.numbers); break;
    case MetricType::histogram: data(f::histogram, metric, metric.histograms); break;
    case MetricType::exponential_histogram:
      data(f::exponential_histogram, metric, metric.exponential_histograms);
      break;
    case MetricType::summary: data(f::summary, metric, metric.summaries); break;
  }
  attributes(f::metadata, metric.metadata);
  out_.close(open);
}

template <class Point>
void Encoder::data(field::Number number, const Metric& metric, const List<Point>& points) {
  namespace f = field::data;
  const OpenMessage open = out_.open(number, 2);
  for (const Point& each : points) point(each);
  if (metric.type != MetricType::gauge && metric.type != MetricType::summary)
    out_.varint(f::temporality, static_cast<std::uint64_t>(metric.temporality));
  if (metric.type == MetricType::sum) out_.varint(f::is_monotonic, metric.is_monotonic);
  out_.close(open);
}

void Encoder::point(const NumberPoint& point) {
  namespace f = field::number_point;
  const OpenMessage open = out_.open(field::data::points, 1);
  out_.fixed64(f::start_time, point.start_time_unix_nanos);
  out_.fixed64(f::time, point.time_unix_nanos);
  if (point.value.type == NumberType::real) out_.real_always(f::real, point.value.real);
  exemplars(f::exemplars, point.exemplars);
  if (point.value.type == NumberType::integer)
    out_.fixed64_always(f::integer, static_cast<std::uint64_t>(point.value.integer));
  attributes(f::attributes, point.attributes);
  out_.varint(f::flags, point.flags);
  out_.close(open);
}

void Encoder::point(const HistogramPoint& point) {
  namespace f = field::histogram_point;
  const OpenMessage open = out_.open(field::data::points, 2);
  out_.fixed64(f::start_time, point.start_time_unix_nanos);
  out_.fixed64(f::time, point.time_unix_nanos);
  out_.fixed64(f::count, point.count);
  if (point.sum.is_set) out_.real_always(f::sum, point.sum.value);
  packed(f::bucket_counts, point.bucket_counts.data(), point.bucket_counts.size());
  packed(f::explicit_bounds, point.explicit_bounds.data(), point.explicit_bounds.size());
  exemplars(f::exemplars, point.exemplars);
  attributes(f::attributes, point.attributes);
  out_.varint(f::flags, point.flags);
  if (point.min.is_set) out_.real_always(f::min, point.min.value);
  if (point.max.is_set) out_.real_always(f::max, point.max.value);
  out_.close(open);
}

void Encoder::point(const ExponentialHistogramPoint& point) {
  namespace f = field::exponential_point;
  const OpenMessage open = out_.open(field::data::points, 2);
  attributes(f::attributes, point.attributes);
  out_.fixed64(f::start_time, point.start_time_unix_nanos);
  out_.fixed64(f::time, point.time_unix_nanos);
  out_.fixed64(f::count, point.count);
  if (point.sum.is_set) out_.real_always(f::sum, point.sum.value);
  out_.zigzag32(f::scale, point.scale);
  out_.fixed64(f::zero_count, point.zero_count);
  buckets(f::positive, point.positive);
  buckets(f::negative, point.negative);
  out_.varint(f::flags, point.flags);
  exemplars(f::exemplars, point.exemplars);
  if (point.min.is_set) out_.real_always(f::min, point.min.value);
  if (point.max.is_set) out_.real_always(f::max, point.max.value);
  out_.real(f::zero_threshold, point.zero_threshold);
  out_.close(open);
}

void Encoder::point(const SummaryPoint& point) {
  namespace f = field::summary_point;
  const OpenMessage open = out_.open(field::data::points, 1);
  out_.fixed64(f::start_time, point.start_time_unix_nanos);
  out_.fixed64(f::time, point.time_unix_nanos);
  out_.fixed64(f::count, point.count);
  out_.real(f::sum, point.sum);
  for (const Quantile& quantile : point.quantiles) {
    const OpenMessage inner = out_.open(f::quantiles, 1);
    out_.real(field::quantile::quantile, quantile.quantile);
    out_.real(field::quantile::value, quantile.value);
    out_.close(inner);
  }
  attributes(f::attributes, point.attributes);
  out_.varint(f::flags, point.flags);
  out_.close(open);
}

void Encoder::buckets(field::Number number, const ExponentialBuckets& buckets) {
  if (buckets.offset == 0 && buckets.bucket_counts.empty()) return;
  const OpenMessage open = out_.open(number, 1);
  out_.zigzag32(field::buckets::offset, buckets.offset);
  if (!buckets.bucket_counts.empty()) {
    const OpenMessage counts = out_.open(field::buckets::counts, 1);
    for (const std::uint64_t count : buckets.bucket_counts) {
      out_.room(10);
      out_.put_varint(count);
    }
    out_.close(counts);
  }
  out_.close(open);
}

void Encoder::exemplars(field::Number number, const List<Exemplar>& exemplars) {
  namespace f = field::exemplar;
  for (const Exemplar& exemplar : exemplars) {
    const OpenMessage open = out_.open(number, 1);
    out_.fixed64(f::time, exemplar.time_unix_nanos);
    if (exemplar.value.type == NumberType::real) out_.real_always(f::real, exemplar.value.real);
    out_.id(f::span_id, exemplar.span_id);
    out_.id(f::trace_id, exemplar.trace_id);
    if (exemplar.value.type == NumberType::integer)
      out_.fixed64_always(f::integer, static_cast<std::uint64_t>(exemplar.value.integer));
    attributes(f::filtered_attributes, exemplar.filtered_attributes);
    out_.close(open);
  }
}

void Encoder::packed(field::Number number, const void* numbers, std::size_t count) {
  out_.text(number, {static_cast<const char*>(numbers), count * 8});
}

std::size_t encoded_size_estimate(const MetricBatch& batch) {
  std::size_t size = 256;
  for (const MetricResource& resource : batch.resources) {
    size += 32 * resource.resource.attributes.size();
    for (const MetricScope& scope : resource.scopes) {
      size += 128;
      for (const Metric& metric : scope.records)
        size += 128 + 128 * metric.numbers.size() + 256 * (metric.point_count() - metric.numbers.size());
    }
  }
  return size;
}

}  // namespace rankwire::otlp
