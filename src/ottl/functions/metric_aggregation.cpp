// Points of a metric taken together: aggregate_on_attributes, aggregate_on_attribute_value.
// Points are of one group if their attributes, their time and the form of their data are the same.
#include <algorithm>
#include <unordered_map>

#include "ottl/functions/metric_functions.hpp"
#include "signal/identity.hpp"

namespace rankwire::ottl {
namespace {

enum class Aggregation : std::uint8_t { sum, mean, min, max, median, count };

Result<Aggregation> aggregation_of(const Known& known) {
  constexpr std::string_view names[] = {"sum", "mean", "min", "max", "median", "count"};
  const auto found = std::find(std::begin(names), std::end(names), *known.text(0));
  if (found != std::end(names)) return static_cast<Aggregation>(found - std::begin(names));
  return Error(ErrorKind::invalid, "the function must be sum, mean, min, max, median or count");
}

double middle(std::vector<double>& sorted) {
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 != 0 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double aggregated(Aggregation how, std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  switch (how) {
    case Aggregation::sum: return sum;
    case Aggregation::mean: return sum / static_cast<double>(values.size());
    case Aggregation::min: return *std::min_element(values.begin(), values.end());
    case Aggregation::max: return *std::max_element(values.begin(), values.end());
    case Aggregation::median: return middle(values);
    case Aggregation::count: return static_cast<double>(values.size());
  }
  return sum;
}

std::int64_t aggregated(Aggregation how, std::vector<std::int64_t>& values) {
  std::uint64_t sum = 0;  // Wraps.
  for (const std::int64_t value : values) sum += static_cast<std::uint64_t>(value);
  const auto total = static_cast<std::int64_t>(sum), count = static_cast<std::int64_t>(values.size());
  switch (how) {
    case Aggregation::sum: return total;
    case Aggregation::mean: return total / count;
    case Aggregation::min: return *std::min_element(values.begin(), values.end());
    case Aggregation::max: return *std::max_element(values.begin(), values.end());
    case Aggregation::median: {
      std::sort(values.begin(), values.end());
      const std::size_t half = values.size() / 2;
      return values.size() % 2 != 0
                 ? values[half]
                 : values[half - 1] / 2 + values[half] / 2 + (values[half - 1] % 2 + values[half] % 2) / 2;
    }
    case Aggregation::count: return count;
  }
  return total;
}

// What tells the forms of points apart that cannot be added up.
Identity form_of(const NumberPoint& point) { return {static_cast<std::uint64_t>(point.value.type), 0}; }
Identity form_of(const HistogramPoint& point) {
  const auto bounds = point.explicit_bounds.span();
  const Identity all =
      identity_of(std::string_view(reinterpret_cast<const char*>(bounds.data()), bounds.size() * sizeof(double)));
  return joined(all, {point.bucket_counts.size(), 0});
}
Identity form_of(const ExponentialHistogramPoint& point) {
  return joined({static_cast<std::uint32_t>(point.scale), static_cast<std::uint32_t>(point.positive.offset)},
                {static_cast<std::uint32_t>(point.negative.offset), identity_of(Value::of(point.zero_threshold)).low});
}

void add(List<std::uint64_t>& into, const List<std::uint64_t>& counts, Arena& arena) {
  into.own(arena);
  while (into.size() < counts.size()) into.push(arena, 0);
  for (std::uint32_t i = 0; i < counts.size(); ++i) into[i] += counts[i];
}

void add_head(auto& into, const auto& point, Arena& arena) {
  into.count += point.count;
  into.sum = {into.sum.is_set && point.sum.is_set, into.sum.value + point.sum.value};
  into.min = {into.min.is_set && point.min.is_set, std::min(into.min.value, point.min.value)};
  into.max = {into.max.is_set && point.max.is_set, std::max(into.max.value, point.max.value)};
  into.exemplars = List<Exemplar>::shared(into.exemplars.data(), into.exemplars.size());
  for (const Exemplar& exemplar : point.exemplars) into.exemplars.push(arena, exemplar);
}

void add(HistogramPoint& into, const HistogramPoint& point, Arena& arena) {
  add_head(into, point, arena);
  add(into.bucket_counts, point.bucket_counts, arena);
}

void add(ExponentialHistogramPoint& into, const ExponentialHistogramPoint& point, Arena& arena) {
  add_head(into, point, arena);
  into.zero_count += point.zero_count;
  add(into.positive.bucket_counts, point.positive.bucket_counts, arena);
  add(into.negative.bucket_counts, point.negative.bucket_counts, arena);
}

// The points in groups, in the order of their first ones.
template <class Point>
std::vector<std::vector<const Point*>> groups_of(const List<Point>& points) {
  std::vector<std::vector<const Point*>> groups;
  std::unordered_map<Identity, std::size_t> places;
  for (const Point& point : points) {
    const Identity time{point.time_unix_nanos, 0};
    const Identity group = joined(joined(identity_of(point.attributes), time), form_of(point));
    const auto [at, is_new] = places.emplace(group, groups.size());
    if (is_new) groups.emplace_back();
    groups[at->second].push_back(&point);
  }
  return groups;
}

void earliest_start(auto& into, const auto& group) {
  for (const auto* point : group)
    into.start_time_unix_nanos = std::min(into.start_time_unix_nanos, point->start_time_unix_nanos);
}

NumberPoint taken_together(const std::vector<const NumberPoint*>& group, Aggregation how) {
  NumberPoint point = *group[0];
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  for (const NumberPoint* one : group) {
    if (one->value.type == NumberType::real) reals.push_back(one->value.real);
    if (one->value.type == NumberType::integer) integers.push_back(one->value.integer);
  }
  if (!reals.empty()) point.value.real = aggregated(how, reals);
  if (!integers.empty()) point.value.integer = aggregated(how, integers);
  return point;
}

void aggregate(List<NumberPoint>& points, Aggregation how, Arena& arena) {
  List<NumberPoint> made;
  for (const auto& group : groups_of(points)) earliest_start(made.push(arena, taken_together(group, how)), group);
  points = made;
}

template <class Point>
void aggregate(List<Point>& points, Aggregation, Arena& arena) {
  List<Point> made;
  for (const auto& group : groups_of(points)) {
    Point& point = made.push(arena, *group[0]);
    earliest_start(point, group);
    for (std::size_t i = 1; i < group.size(); ++i) add(point, *group[i], arena);
  }
  points = made;
}

template <class Use>
void each_attributes(Metric& metric, Arena& arena, Use use) {
  const auto all = [&](auto& points) {
    points.own(arena);
    for (auto& point : points) use(point.attributes);
  };
  all(metric.numbers);
  all(metric.histograms);
  all(metric.exponential_histograms);
}

// Histograms are always added up.
bool aggregate(Invocation& call, Aggregation how) {
  Metric& metric = *call.frame().metric;
  aggregate(metric.numbers, how, call.arena());
  aggregate(metric.histograms, how, call.arena());
  aggregate(metric.exponential_histograms, how, call.arena());
  return true;
}

bool contains(const List<Value>& texts, std::string_view text) {
  return std::any_of(texts.begin(), texts.end(), [&](const Value& one) { return one.text() == text; });
}

Result<Run> prepare_on_attributes(const Known& known) {
  const auto read = aggregation_of(known);
  if (!read) return Error(read.error());
  return Run([how = *read](Invocation& call, Datum&) {
    Metric& metric = *call.frame().metric;
    if (metric.type == MetricType::summary) return call.fail("summaries cannot be aggregated");
    if (call.has(1)) {
      each_attributes(metric, call.arena(), [&](Attributes& attributes) {
        Attributes kept;
        for (const KeyValue& entry : attributes)
          if (contains(call[1].list(), entry.key)) kept.push(call.arena(), entry);
        attributes = kept;
      });
    }
    return aggregate(call, how);
  });
}

Result<Run> prepare_on_value(const Known& known) {
  const auto read = aggregation_of(known);
  if (!read) return Error(read.error());
  return Run([how = *read](Invocation& call, Datum&) {
    Metric& metric = *call.frame().metric;
    if (metric.type == MetricType::summary) return call.fail("summaries cannot be aggregated");
    bool is_any = false;
    each_attributes(metric, call.arena(), [&](Attributes& attributes) {
      const Value* value = find(attributes, call.text(1));
      if (value == nullptr || !value->is_text() || !contains(call[2].list(), value->text())) return;
      set(attributes, call.arena(), call.text(1), call[3].value());
      is_any = true;
    });
    return !is_any || aggregate(call, how);
  });
}

}  // namespace

void add_metric_aggregations(FunctionTable& table) {
  const Parameter function = literal({"aggregation_function", Want::text});
  table.add({.name = "aggregate_on_attributes",
             .parameters = {function, optional({"attributes", Want::texts})},
             .prepare = prepare_on_attributes,
             .contexts = {Context::metric}});
  table.add({.name = "aggregate_on_attribute_value",
             .parameters = {function, {"attribute", Want::text}, {"values", Want::texts}, {"new_value", Want::text}},
             .prepare = prepare_on_value,
             .contexts = {Context::metric}});
}

}  // namespace rankwire::ottl
