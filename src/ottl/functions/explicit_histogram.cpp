// convert_exponential_histogram_to_histogram and merge_histogram_buckets. Unlike in the original the converted
// histogram has a bucket above the last bound, and zeros and negative values are counted: its buckets add up to
// `count`.
#include <algorithm>
#include <cmath>

#include "ottl/functions/metric_functions.hpp"

namespace rankwire::ottl {
namespace {

enum class Spread : std::uint8_t { upper, midpoint, uniform, random };

// Beyond this many, a sender's counts would decide how long the conversion takes.
constexpr std::uint64_t random_draws_max = 10'000;

class Conversion {
 public:
  Conversion(Spread spread, const List<double>& bounds, Frame& frame)
      : spread_(spread), bounds_(bounds), frame_(frame) {
    counts_.reserve(frame.arena, bounds.size() + 1);
    for (std::uint32_t i = 0; i <= bounds.size(); ++i) counts_.push(frame.arena, 0);
  }

  void add_side(const ExponentialBuckets& buckets, std::int32_t scale, bool is_negative) {
    for (std::uint32_t i = 0; i < buckets.bucket_counts.size(); ++i) {
      const double index = static_cast<double>(buckets.offset) + i;
      const double low = std::exp2(std::ldexp(index, -scale)), high = std::exp2(std::ldexp(index + 1, -scale));
      add(buckets.bucket_counts[i], is_negative ? -high : low, is_negative ? -low : high);
    }
  }
  void add_at(double value, std::uint64_t count) {
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::uint32_t>(at)] += count;
  }
  const List<std::uint64_t>& counts() const { return counts_; }

 private:
  void add(std::uint64_t count, double low, double high) {
    if (count == 0) return;
    if (spread_ == Spread::upper) return add_at(high, count);
    if (spread_ == Spread::midpoint || !std::isfinite(low) || !std::isfinite(high))
      return add_at(low + (high - low) / 2, count);
    if (spread_ == Spread::random && count <= random_draws_max) {
      constexpr double unit = 1.0 / 9007199254740992.0;
      for (; count != 0; --count)
        add_at(low + (high - low) * static_cast<double>(frame_.world.random.next() >> 11) * unit, 1);
      return;
    }
    add_evenly(count, low, high);
  }
  // By the share of the bucket below each bound; what rounding leaves goes to the last.
  void add_evenly(std::uint64_t count, double low, double high) {
    std::uint64_t given = 0;
    for (const double bound : bounds_) {
      if (bound <= low) continue;
      if (bound >= high) break;
      const double share = (bound - low) / (high - low) * static_cast<double>(count);
      const auto below = std::min(count, static_cast<std::uint64_t>(share));
      add_at(bound, below - std::min(below, given));
      given = std::max(given, below);
    }
    add_at(high, count - given);
  }

  const Spread spread_;
  const List<double>& bounds_;
  Frame& frame_;
  List<std::uint64_t> counts_;
};

HistogramPoint converted(const ExponentialHistogramPoint& from, Spread spread, const List<double>& bounds,
                         Frame& frame) {
  Conversion conversion(spread, bounds, frame);
  conversion.add_side(from.negative, from.scale, true);
  conversion.add_at(0, from.zero_count);
  conversion.add_side(from.positive, from.scale, false);
  HistogramPoint point;
  point.start_time_unix_nanos = from.start_time_unix_nanos;
  point.time_unix_nanos = from.time_unix_nanos;
  point.count = from.count;
  point.sum = from.sum;
  point.min = from.min;
  point.max = from.max;
  point.flags = from.flags;
  point.attributes = from.attributes;
  point.exemplars = from.exemplars;
  point.bucket_counts = conversion.counts();
  point.explicit_bounds = List<double>::shared(bounds.data(), bounds.size());
  return point;
}

bool convert(Invocation& call, Spread spread) {
  Frame& frame = call.frame();
  Metric& metric = *frame.metric;
  if (metric.type != MetricType::exponential_histogram) return true;
  List<double> bounds;
  for (const Value& bound : call[1].list())
    bounds.push(frame.arena, bound.type() == ValueType::real ? bound.real() : static_cast<double>(bound.integer()));
  for (const ExponentialHistogramPoint& point : metric.exponential_histograms)
    metric.histograms.push(frame.arena, converted(point, spread, bounds, frame));
  metric.exponential_histograms = {};
  metric.type = MetricType::histogram;
  return true;
}

Result<Run> prepare_convert(const Known& known) {
  constexpr std::string_view names[] = {"upper", "midpoint", "uniform", "random"};
  const auto found = std::find(std::begin(names), std::end(names), *known.text(0));
  if (found == std::end(names))
    return Error(ErrorKind::invalid, "the distribution must be upper, midpoint, uniform or random");
  const List<Value> bounds = known[1]->list();
  if (bounds.empty()) return Error(ErrorKind::invalid, "explicit_bounds is empty");
  double last = -std::numeric_limits<double>::infinity();
  for (const Value& bound : bounds) {
    if (bound.type() != ValueType::real && bound.type() != ValueType::integer)
      return Error(ErrorKind::invalid, "explicit_bounds must be numbers");
    const double value = bound.type() == ValueType::real ? bound.real() : static_cast<double>(bound.integer());
    if (!(value > last)) return Error(ErrorKind::invalid, "explicit_bounds must be in ascending order");
    last = value;
  }
  const auto spread = static_cast<Spread>(found - std::begin(names));
  return Run([spread](Invocation& call, Datum&) { return convert(call, spread); });
}

// The bucket below a bound joins the one above it.
bool merge_buckets(Invocation& call, Datum&) {
  HistogramPoint* point = call.frame().point.histogram;
  if (point == nullptr || point->bucket_counts.size() != point->explicit_bounds.size() + 1) return true;
  const auto bounds = point->explicit_bounds.span();
  const auto found = std::find(bounds.begin(), bounds.end(), call[0].real());
  if (found == bounds.end()) return true;
  const auto at = static_cast<std::uint32_t>(found - bounds.begin());
  point->explicit_bounds.own(call.arena());
  point->bucket_counts.own(call.arena());
  point->bucket_counts[at + 1] += point->bucket_counts[at];
  point->bucket_counts.erase(at);
  point->explicit_bounds.erase(at);
  return true;
}

}  // namespace

void add_histogram_functions(FunctionTable& table) {
  table.add({.name = "convert_exponential_histogram_to_histogram",
             .parameters = {literal({"distribution", Want::text}), literal({"explicit_bounds", Want::list})},
             .prepare = prepare_convert,
             .contexts = {Context::metric}});
  table.add({.name = "merge_histogram_buckets",
             .parameters = {{"bound", Want::real}},
             .run = merge_buckets,
             .contexts = {Context::data_point}});
}

}  // namespace rankwire::ottl
