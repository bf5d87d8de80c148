// metric.*
#include "ottl/contexts/accessors.hpp"
#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {
namespace {

bool has_temporality(const Metric& metric) {
  return metric.type == MetricType::sum || metric.type == MetricType::histogram ||
         metric.type == MetricType::exponential_histogram;
}

PathField temporality_field() {
  return {.name = "aggregation_temporality",
          .type = Type::integer,
          .get =
              [](Frame& f, Datum& out) {
                const Metric& metric = *f.metric;
                out =
                    has_temporality(metric) ? Datum(Value::of(static_cast<std::int64_t>(metric.temporality))) : Datum();
              },
          .set =
              [](Frame& f, const Datum& v) {
                std::int64_t number = 0;
                if (!take_enum(f, v, 2, number)) return false;
                if (has_temporality(*f.metric)) f.metric->temporality = static_cast<Temporality>(number);
                return true;
              }};
}

PathField monotonic_field() {
  return {.name = "is_monotonic",
          .type = Type::boolean,
          .get =
              [](Frame& f, Datum& out) {
                out = f.metric->type == MetricType::sum ? Datum(Value::of(f.metric->is_monotonic)) : Datum();
              },
          .set =
              [](Frame& f, const Datum& v) {
                if (!v.is(Type::boolean)) return expected(f, Type::boolean, v);
                if (f.metric->type == MetricType::sum) f.metric->is_monotonic = v.boolean();
                return true;
              }};
}

// Calls `use` with the list that belongs to the metric's type and its kind.
template <class Use>
void with_points(Metric& metric, Use use) {
  switch (metric.type) {
    case MetricType::empty: return;
    case MetricType::gauge:
    case MetricType::sum: return use(metric.numbers, RecordsKind::number_points);
    case MetricType::histogram: return use(metric.histograms, RecordsKind::histogram_points);
    case MetricType::exponential_histogram:
      return use(metric.exponential_histograms, RecordsKind::exponential_histogram_points);
    case MetricType::summary: return use(metric.summaries, RecordsKind::summary_points);
  }
}

PathField data_points_field() {
  return {.name = "data_points",
          .type = Type::records,
          .get =
              [](Frame& f, Datum& out) {
                out = {};
                with_points(*f.metric, [&](const auto& points, RecordsKind kind) {
                  out = Datum::of_records(kind, &points, points.size());
                });
              },
          .set =
              [](Frame& f, const Datum& v) {
                bool is_good = true;
                with_points(*f.metric, [&]<class Points>(Points& points, RecordsKind kind) {
                  is_good = takes_records(f, v, kind);
                  if (!is_good || v.records() == &points) return;
                  const auto& from = *static_cast<const Points*>(v.records());
                  points = Points::shared(from.data(), from.size());
                  points.own(f.arena);
                });
                return is_good;
              }};
}

}  // namespace

std::span<const PathField> metric_fields() {
  static const PathField fields[] = {
      cache_field(),
      text_field<[](Frame& f) { return &f.metric->name; }>("name"),
      text_field<[](Frame& f) { return &f.metric->description; }>("description"),
      text_field<[](Frame& f) { return &f.metric->unit; }>("unit"),
      // Points would have to become others: that is what the convert_… functions do.
      {.name = "type",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(static_cast<std::int64_t>(f.metric->type)); }},
      attributes_field<[](Frame& f) { return &f.metric->metadata; }>("metadata"),
      temporality_field(),
      monotonic_field(),
      data_points_field(),
  };
  return fields;
}

}  // namespace rankwire::ottl
