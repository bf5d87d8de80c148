// Metrics made from others: conversions, extracted counts and sums, copies. What is added stands behind the metrics
// of the scope and is visited too, but a metric that was added is not copied again: else a copy would never end.
#include "ottl/functions/metric_functions.hpp"

#include <algorithm>

namespace rankwire::ottl {
namespace {

// Keeps `frame.metric` on the same metric, which moves.
Metric& added_metric(Frame& frame) {
  const auto at = static_cast<std::uint32_t>(frame.metric - frame.metrics->data());
  frame.metrics->add(frame.arena);
  frame.metric = &(*frame.metrics)[at];
  return frame.metrics->back();
}

bool is_added(const Frame& frame) {
  return frame.metric - frame.metrics->data() >= static_cast<std::ptrdiff_t>(frame.metrics_before);
}

std::string_view with_suffix(Invocation& call, std::size_t index, std::string_view usual) {
  return call.arena().copy(std::string(call.frame().metric->name) + std::string(call.text_or(index, usual)));
}

bool sum_to_gauge(Invocation& call, Datum&) {
  Metric& metric = *call.frame().metric;
  if (metric.type != MetricType::sum) return true;
  metric.type = MetricType::gauge;
  metric.temporality = Temporality::unspecified;
  metric.is_monotonic = false;
  return true;
}

Result<Temporality> temporality_of(const Known& known) {
  const std::string_view text = *known.text(0);
  if (text == "delta") return Temporality::delta;
  if (text == "cumulative") return Temporality::cumulative;
  return Error(ErrorKind::invalid, "the temporality must be \"delta\" or \"cumulative\"");
}

Result<Run> prepare_gauge_to_sum(const Known& known) {
  const auto read = temporality_of(known);
  if (!read) return Error(read.error());
  return Run([temporality = *read](Invocation& call, Datum&) {
    Metric& metric = *call.frame().metric;
    if (metric.type != MetricType::gauge) return true;
    metric.type = MetricType::sum;
    metric.temporality = temporality;
    metric.is_monotonic = call[1].boolean();
    return true;
  });
}

Attributes own_copy(const Attributes& attributes, Arena& arena) {
  Attributes copy = Attributes::shared(attributes.data(), attributes.size());
  copy.own(arena);
  return copy;
}

NumberPoint number_point(const auto& from, const Number& value, Arena& arena) {
  NumberPoint point;
  point.start_time_unix_nanos = from.start_time_unix_nanos;
  point.time_unix_nanos = from.time_unix_nanos;
  point.value = value;
  point.attributes = own_copy(from.attributes, arena);
  return point;
}

Number number_of(std::uint64_t count) {
  return {.type = NumberType::integer, .integer = static_cast<std::int64_t>(count)};
}
Number number_of(double sum) {
  Number number{.type = NumberType::real};
  number.real = sum;
  return number;
}
Number number_of(const OptionalReal& sum) { return sum.is_set ? number_of(sum.value) : Number(); }

// `of` takes a point and gives its number, of no type if it has none.
template <class Of>
bool extract(Invocation& call, std::string_view suffix, std::string_view unit, Of of) {
  Frame& frame = call.frame();
  const Metric& metric = *frame.metric;
  if (metric.type != MetricType::histogram && metric.type != MetricType::exponential_histogram &&
      metric.type != MetricType::summary)
    return call.fail("only histograms and summaries have what is to be extracted");
  List<NumberPoint> points;
  const auto take = [&](const auto& all) {
    for (const auto& point : all)
      if (const Number value = of(point); value.type != NumberType::none)
        points.push(frame.arena, number_point(point, value, frame.arena));
  };
  take(metric.histograms);
  take(metric.exponential_histograms);
  take(metric.summaries);
  if (points.empty()) return true;
  Metric made;
  made.name = with_suffix(call, 1, suffix);
  made.description = metric.description;
  made.unit = unit;
  made.type = MetricType::sum;
  made.temporality = metric.type == MetricType::summary ? Temporality::cumulative : metric.temporality;
  made.is_monotonic = call[0].boolean();
  made.numbers = points;
  added_metric(frame) = made;
  return true;
}

bool extract_count(Invocation& call, Datum&) {
  return extract(call, "_count", "1", [](const auto& point) { return number_of(point.count); });
}

bool extract_sum(Invocation& call, Datum&) {
  return extract(call, "_sum", call.frame().metric->unit, [](const auto& point) { return number_of(point.sum); });
}

// One point for each; those of one metric go into one.
bool convert_summary(Invocation& call, Temporality temporality, std::string_view suffix, const Number& value) {
  Frame& frame = call.frame();
  const std::string_view name = with_suffix(call, 2, suffix);
  Metric* into = nullptr;
  for (std::uint32_t i = frame.metrics_before; i < frame.metrics->size(); ++i)
    if (Metric& added = (*frame.metrics)[i]; added.type == MetricType::sum && added.name == name) into = &added;
  if (into == nullptr) {
    into = &added_metric(frame);
    into->name = name;
    into->description = frame.metric->description;
    into->unit = frame.metric->unit;
    into->type = MetricType::sum;
    into->temporality = temporality;
    into->is_monotonic = call[1].boolean();
  }
  into->numbers.push(frame.arena, number_point(*frame.point.summary, value, frame.arena));
  return true;
}

template <bool is_count>
Result<Run> prepare_summary(const Known& known) {
  const auto read = temporality_of(known);
  if (!read) return Error(read.error());
  return Run([temporality = *read](Invocation& call, Datum&) {
    const SummaryPoint* point = call.frame().point.summary;
    if (point == nullptr) return true;
    return convert_summary(call, temporality, is_count ? "_count" : "_sum",
                           is_count ? number_of(point->count) : number_of(point->sum));
  });
}

template <class Points>
Points own_points(const Points& points, Arena& arena) {
  Points copy = Points::shared(points.data(), points.size());
  copy.own(arena);
  for (auto& point : copy) point.attributes = own_copy(point.attributes, arena);
  return copy;
}

bool copy_metric(Invocation& call, Datum&) {
  Frame& frame = call.frame();
  if (is_added(frame)) return true;
  Metric copy = *frame.metric;
  copy.metadata = own_copy(copy.metadata, frame.arena);
  copy.numbers = own_points(copy.numbers, frame.arena);
  copy.histograms = own_points(copy.histograms, frame.arena);
  copy.exponential_histograms = own_points(copy.exponential_histograms, frame.arena);
  copy.summaries = own_points(copy.summaries, frame.arena);
  copy.name = call.text_or(0, copy.name);
  copy.description = call.text_or(1, copy.description);
  copy.unit = call.text_or(2, copy.unit);
  added_metric(frame) = copy;
  return true;
}

void scale(Number& number, double factor) {
  if (number.type == NumberType::real) number.real *= factor;
  if (number.type != NumberType::integer) return;
  const double scaled = static_cast<double>(number.integer) * factor;
  number.integer = scaled >= 9.2e18 ? INT64_MAX : scaled <= -9.2e18 ? INT64_MIN : static_cast<std::int64_t>(scaled);
}

bool scale_metric(Invocation& call, Datum&) {
  Metric& metric = *call.frame().metric;
  const double factor = call[0].real();
  if (metric.type == MetricType::exponential_histogram) return call.fail("exponential histograms cannot be scaled");
  metric.numbers.own(call.arena());
  metric.histograms.own(call.arena());
  metric.summaries.own(call.arena());
  for (NumberPoint& point : metric.numbers) scale(point.value, factor);
  for (HistogramPoint& point : metric.histograms) {
    for (OptionalReal* real : {&point.sum, &point.min, &point.max}) real->value *= factor;
    List<double> bounds;
    for (const double bound : point.explicit_bounds) bounds.push(call.arena(), bound * factor);
    point.explicit_bounds = bounds;
  }
  for (SummaryPoint& point : metric.summaries) {
    point.sum *= factor;
    List<Quantile> quantiles;
    for (const Quantile& one : point.quantiles) quantiles.push(call.arena(), {one.quantile, one.value * factor});
    point.quantiles = quantiles;
  }
  metric.unit = call.text_or(1, metric.unit);
  return true;
}

// Whether `holds` does for the attributes of a point.
template <class Holds>
bool any_point(const Metric& metric, Holds holds) {
  const auto any = [&](const auto& points) {
    return std::any_of(points.begin(), points.end(), [&](const auto& point) { return holds(point.attributes); });
  };
  return any(metric.numbers) || any(metric.histograms) || any(metric.exponential_histograms) || any(metric.summaries);
}

bool has_key_on_point(Invocation& call, Datum& out) {
  out = Value::of(any_point(*call.frame().metric,
                            [&](const Attributes& attributes) { return find(attributes, call.text(0)) != nullptr; }));
  return true;
}

// The first point that has the attribute decides, as in the original.
bool has_attribute_on_point(Invocation& call, Datum& out) {
  const Value* value = nullptr;
  any_point(*call.frame().metric, [&](const Attributes& attributes) {
    value = find(attributes, call.text(0));
    return value != nullptr;
  });
  out = Value::of(value != nullptr && value->is_text() && value->text() == call.text(1));
  return true;
}

}  // namespace

void add_metric_functions(FunctionTable& table) {
  const std::vector<Context> metric{Context::metric}, point{Context::data_point};
  const Parameter monotonic{"monotonic", Want::boolean}, temporality = literal({"aggregation_temporality", Want::text}),
                                                         suffix = optional(literal({"suffix", Want::text}));
  table.add({.name = "convert_sum_to_gauge", .parameters = {}, .run = sum_to_gauge, .contexts = metric});
  table.add({.name = "convert_gauge_to_sum",
             .parameters = {temporality, monotonic},
             .prepare = prepare_gauge_to_sum,
             .contexts = metric});
  table.add(
      {.name = "extract_count_metric", .parameters = {monotonic, suffix}, .run = extract_count, .contexts = metric});
  table.add({.name = "extract_sum_metric", .parameters = {monotonic, suffix}, .run = extract_sum, .contexts = metric});
  table.add({.name = "convert_summary_count_val_to_sum",
             .parameters = {temporality, monotonic, suffix},
             .prepare = prepare_summary<true>,
             .contexts = point});
  table.add({.name = "convert_summary_sum_val_to_sum",
             .parameters = {temporality, monotonic, suffix},
             .prepare = prepare_summary<false>,
             .contexts = point});
  table.add({.name = "copy_metric",
             .parameters = {optional({"name", Want::text}), optional({"description", Want::text}),
                            optional({"unit", Want::text})},
             .run = copy_metric,
             .contexts = metric});
  table.add({.name = "scale_metric",
             .parameters = {{"factor", Want::real}, optional({"unit", Want::text})},
             .run = scale_metric,
             .contexts = metric});
}

void add_filter_functions(FunctionTable& table) {
  table.add({.name = "HasAttrKeyOnDatapoint",
             .parameters = {{"key", Want::text}},
             .result = Type::boolean,
             .run = has_key_on_point,
             .is_pure = false,
             .contexts = {Context::metric}});
  table.add({.name = "HasAttrOnDatapoint",
             .parameters = {{"key", Want::text}, {"expected_val", Want::text}},
             .result = Type::boolean,
             .run = has_attribute_on_point,
             .is_pure = false,
             .contexts = {Context::metric}});
}

const FunctionTable& transform_functions(Signal signal) {
  static const FunctionTable table = [] {
    FunctionTable all;
    all.add(standard_functions());
    add_metric_functions(all);
    add_metric_aggregations(all);
    add_histogram_functions(all);
    return all;
  }();
  return signal == Signal::metrics ? table : standard_functions();
}

const FunctionTable& filter_functions(Signal signal) {
  static const FunctionTable table = [] {
    FunctionTable all;
    all.add(standard_functions());
    add_filter_functions(all);
    return all;
  }();
  return signal == Signal::metrics ? table : standard_functions();
}

}  // namespace rankwire::ottl
