#include "processors/rate_limit/measure.hpp"

namespace rankwire::rate_limit {
namespace {

constexpr std::uint64_t number_bytes = 8;

std::uint64_t bytes_of(const Attributes& attributes);

std::uint64_t bytes_of(const Value& value) {
  switch (value.type()) {
    case ValueType::empty: return 0;
    case ValueType::text:
    case ValueType::bytes: return value.text().size();
    case ValueType::map: return bytes_of(value.entries());
    case ValueType::array: {
      std::uint64_t sum = 0;
      for (const Value& item : value.items()) sum += bytes_of(item);
      return sum;
    }
    default: return number_bytes;
  }
}

std::uint64_t bytes_of(const Attributes& attributes) {
  std::uint64_t sum = 0;
  for (const KeyValue& entry : attributes) sum += entry.key.size() + bytes_of(entry.value);
  return sum;
}

template <class Point>
std::uint64_t bytes_of_points(const List<Point>& points) {
  std::uint64_t sum = 0;
  for (const Point& point : points) sum += rate_limit::bytes_of(point);
  return sum;
}

}  // namespace

std::uint64_t bytes_of(const LogRecord& record) { return bytes_of(record.body) + bytes_of(record.attributes); }

std::uint64_t bytes_of(const Span& span) {
  std::uint64_t sum = span.name.size() + span.status_message.size() + bytes_of(span.attributes);
  for (const SpanEvent& event : span.events) sum += event.name.size() + bytes_of(event.attributes);
  for (const SpanLink& link : span.links) sum += bytes_of(link.attributes);
  return sum;
}

std::uint64_t bytes_of(const NumberPoint& point) { return number_bytes + bytes_of(point.attributes); }

std::uint64_t bytes_of(const HistogramPoint& point) {
  return number_bytes * (1 + point.bucket_counts.size()) + bytes_of(point.attributes);
}

std::uint64_t bytes_of(const ExponentialHistogramPoint& point) {
  const std::uint64_t buckets = point.positive.bucket_counts.size() + point.negative.bucket_counts.size();
  return number_bytes * (1 + buckets) + bytes_of(point.attributes);
}

std::uint64_t bytes_of(const SummaryPoint& point) {
  return number_bytes * (1 + 2 * point.quantiles.size()) + bytes_of(point.attributes);
}

std::uint64_t bytes_of(const Metric& metric) {
  return metric.name.size() + bytes_of_points(metric.numbers) + bytes_of_points(metric.histograms) +
         bytes_of_points(metric.exponential_histograms) + bytes_of_points(metric.summaries);
}

}  // namespace rankwire::rate_limit
