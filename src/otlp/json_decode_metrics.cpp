// OTLP/JSON, reading: metrics.
#include "otlp/json_decoder.hpp"

namespace rankwire::otlp {

namespace {

constexpr std::string_view temporalities[] = {"UNSPECIFIED", "DELTA", "CUMULATIVE"};

}  // namespace

void JsonDecoder::record(const Json& json, Metric& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "name"))
      to.name = text(member);
    else if (names(name, "description"))
      to.description = text(member);
    else if (names(name, "unit"))
      to.unit = text(member);
    else if (names(name, "metadata"))
      attributes(member, to.metadata);
    else if (names(name, "gauge"))
      data(member, to, MetricType::gauge, to.numbers);
    else if (names(name, "sum"))
      data(member, to, MetricType::sum, to.numbers);
    else if (names(name, "histogram"))
      data(member, to, MetricType::histogram, to.histograms);
    else if (names(name, "exponential_histogram"))
      data(member, to, MetricType::exponential_histogram, to.exponential_histograms);
    else if (names(name, "summary"))
      data(member, to, MetricType::summary, to.summaries);
  });
}

template <class Point>
void JsonDecoder::data(const Json& json, Metric& to, MetricType type, List<Point>& points) {
  if (to.type != MetricType::empty) return fail("more than one kind of data in a metric");
  to.type = type;
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "data_points")) {
      items<Point>(member, points, &JsonDecoder::point);
    } else if (names(name, "aggregation_temporality")) {
      const std::uint32_t temporality = enumeration(member, "AGGREGATION_TEMPORALITY_", temporalities);
      to.temporality = temporality <= 2 ? static_cast<Temporality>(temporality) : Temporality::unspecified;
    } else if (names(name, "is_monotonic")) {
      to.is_monotonic = boolean(member);
    }
  });
}

template <class Point>
bool JsonDecoder::common_member(std::string_view name, const Json& json, Point& to) {
  if (names(name, "attributes"))
    attributes(json, to.attributes);
  else if (names(name, "start_time_unix_nano"))
    to.start_time_unix_nanos = unsigned_integer(json);
  else if (names(name, "time_unix_nano"))
    to.time_unix_nanos = unsigned_integer(json);
  else if (names(name, "flags"))
    to.flags = unsigned32(json);
  else
    return false;
  return true;
}

template <class Point>
bool JsonDecoder::histogram_member(std::string_view name, const Json& json, Point& to) {
  if (names(name, "count"))
    to.count = unsigned_integer(json);
  else if (names(name, "sum"))
    to.sum = {true, real(json)};
  else if (names(name, "min"))
    to.min = {true, real(json)};
  else if (names(name, "max"))
    to.max = {true, real(json)};
  else if (names(name, "exemplars"))
    items(json, to.exemplars, &JsonDecoder::exemplar);
  else
    return common_member(name, json, to);
  return true;
}

namespace {

Number number_of(std::int64_t integer) {
  Number number;
  number.type = NumberType::integer;
  number.integer = integer;
  return number;
}

Number number_of(double real) {
  Number number;
  number.type = NumberType::real;
  number.real = real;
  return number;
}

}  // namespace

void JsonDecoder::point(const Json& json, NumberPoint& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "as_int"))
      to.value = number_of(integer(member));
    else if (names(name, "as_double"))
      to.value = number_of(real(member));
    else if (names(name, "exemplars"))
      items(member, to.exemplars, &JsonDecoder::exemplar);
    else
      common_member(name, member, to);
  });
}

void JsonDecoder::point(const Json& json, HistogramPoint& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "bucket_counts"))
      counts(member, to.bucket_counts);
    else if (names(name, "explicit_bounds"))
      for_items(member, [&](const Json& each) { to.explicit_bounds.push(arena_, real(each)); });
    else
      histogram_member(name, member, to);
  });
}

void JsonDecoder::point(const Json& json, ExponentialHistogramPoint& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "scale"))
      to.scale = static_cast<std::int32_t>(integer(member));
    else if (names(name, "zero_count"))
      to.zero_count = unsigned_integer(member);
    else if (names(name, "zero_threshold"))
      to.zero_threshold = real(member);
    else if (names(name, "positive"))
      buckets(member, to.positive);
    else if (names(name, "negative"))
      buckets(member, to.negative);
    else
      histogram_member(name, member, to);
  });
}

void JsonDecoder::point(const Json& json, SummaryPoint& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "count"))
      to.count = unsigned_integer(member);
    else if (names(name, "sum"))
      to.sum = real(member);
    else if (names(name, "quantile_values"))
      items(member, to.quantiles, &JsonDecoder::quantile);
    else
      common_member(name, member, to);
  });
}

void JsonDecoder::buckets(const Json& json, ExponentialBuckets& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "offset"))
      to.offset = static_cast<std::int32_t>(integer(member));
    else if (names(name, "bucket_counts"))
      counts(member, to.bucket_counts);
  });
}

void JsonDecoder::quantile(const Json& json, Quantile& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "quantile"))
      to.quantile = real(member);
    else if (names(name, "value"))
      to.value = real(member);
  });
}

void JsonDecoder::exemplar(const Json& json, Exemplar& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "filtered_attributes"))
      attributes(member, to.filtered_attributes);
    else if (names(name, "time_unix_nano"))
      to.time_unix_nanos = unsigned_integer(member);
    else if (names(name, "as_int"))
      to.value = number_of(integer(member));
    else if (names(name, "as_double"))
      to.value = number_of(real(member));
    else if (names(name, "span_id"))
      id(member, to.span_id);
    else if (names(name, "trace_id"))
      id(member, to.trace_id);
  });
}

void JsonDecoder::counts(const Json& json, List<std::uint64_t>& to) {
  for_items(json, [&](const Json& each) { to.push(arena_, unsigned_integer(each)); });
}

}  // namespace rankwire::otlp
