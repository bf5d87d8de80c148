#include "signal/aggregate.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>

#include "signal/exponential_buckets.hpp"
#include "signal/identity.hpp"

namespace rankwire {
namespace {

Identity words_identity(std::initializer_list<std::uint64_t> words) {
  return identity_of(
      std::string_view(reinterpret_cast<const char*>(words.begin()), words.size() * sizeof(*words.begin())));
}

// Which group a key belongs to; groups are numbered as they appear. Memory is the arena's.
class Groups {
 public:
  Groups(Arena& arena, std::uint32_t points) {
    while (slots_ < 2 * std::uint64_t{points}) slots_ *= 2;
    table_ = arena.allocate_array<Slot>(slots_);
    std::uninitialized_fill_n(table_, slots_, Slot{});
  }
  std::uint32_t of(const Identity& key) {
    std::uint64_t at = key.low & (slots_ - 1);
    while (table_[at].group != 0 && !(table_[at].key == key)) at = (at + 1) & (slots_ - 1);
    if (table_[at].group == 0) table_[at] = {key, ++count_};
    return table_[at].group - 1;
  }

 private:
  struct Slot {
    Identity key;
    std::uint32_t group = 0;  // 0: free.
  };
  std::uint64_t slots_ = 8;
  Slot* table_ = nullptr;
  std::uint32_t count_ = 0;
};

Identity key_of(const Metric& metric, const NumberPoint& point) {
  const std::uint64_t start = metric.temporality == Temporality::delta ? point.start_time_unix_nanos : 0;
  return joined(identity_of(point.attributes), words_identity({point.time_unix_nanos, start, point.flags}));
}

template <class Distribution>
Identity distribution_key(const Metric& metric, const Distribution& point) {
  const std::uint64_t start = metric.temporality == Temporality::delta ? point.start_time_unix_nanos : 0;
  const std::uint64_t has = (point.sum.is_set ? 1u : 0u) | (point.min.is_set ? 2u : 0u) | (point.max.is_set ? 4u : 0u);
  return joined(identity_of(point.attributes), words_identity({point.time_unix_nanos, start, point.flags, has}));
}

Identity key_of(const Metric& metric, const HistogramPoint& point) {
  const List<double>& bounds = point.explicit_bounds;
  const std::string_view bytes(reinterpret_cast<const char*>(bounds.data()), bounds.size() * sizeof(double));
  return joined(distribution_key(metric, point), joined(identity_of(bytes), {point.bucket_counts.size(), 0}));
}

Identity key_of(const Metric& metric, const ExponentialHistogramPoint& point) {
  return distribution_key(metric, point);
}

void join(HistogramPoint& into, const HistogramPoint& from, Aggregation, Arena& arena) {
  add_distribution(into, from, arena);
}
void join(ExponentialHistogramPoint& into, const ExponentialHistogramPoint& from, Aggregation, Arena& arena) {
  add_distribution(into, from, arena);
}
void join(NumberPoint& into, const NumberPoint& from, Aggregation how, Arena&) {
  if (from.value.type == NumberType::none) return;
  if (into.value.type == NumberType::none) {
    into.value = from.value;
    return;
  }
  switch (how) {
    case Aggregation::sum:
    case Aggregation::mean: into.value = sum_of(into.value, from.value); break;
    case Aggregation::min:
      if (real_of(from.value) < real_of(into.value)) into.value = from.value;
      break;
    case Aggregation::max:
      if (real_of(from.value) > real_of(into.value)) into.value = from.value;
      break;
    case Aggregation::median:
    case Aggregation::count: break;
  }
}

template <class Point>
void join_common(Point& into, const Point& from, Arena& arena) {
  into.start_time_unix_nanos = std::min(into.start_time_unix_nanos, from.start_time_unix_nanos);
  for (const Exemplar& exemplar : from.exemplars) into.exemplars.push(arena, exemplar);
}

// Joins the points and returns which group each was of; joined point i is that of group i.
template <class Point>
std::span<const std::uint32_t> join_points(const Metric& metric, List<Point>& points, Aggregation how, Arena& arena) {
  Groups groups(arena, points.size());
  auto* const group_of = arena.allocate_array<std::uint32_t>(points.size());
  std::uint32_t joined_count = 0;
  for (std::uint32_t i = 0; i < points.size(); ++i) {
    const Point point = points[i];
    group_of[i] = groups.of(key_of(metric, point));
    if (group_of[i] == joined_count) {
      points[joined_count++] = point;
      continue;
    }
    join(points[group_of[i]], point, how, arena);
    join_common(points[group_of[i]], point, arena);
  }
  const std::span<const std::uint32_t> of_each(group_of, points.size());
  points.truncate(joined_count);
  return of_each;
}

Number integer_number(std::int64_t value) {
  Number number{NumberType::integer, {}};
  number.integer = value;
  return number;
}

Number real_number(double value) {
  Number number{NumberType::real, {}};
  number.real = value;
  return number;
}

// Values in order of size of one group.
Number median_of(std::span<const Number> sorted) {
  const Number& upper = sorted[sorted.size() / 2];
  if (sorted.size() % 2 != 0) return upper;
  const Number& lower = sorted[sorted.size() / 2 - 1];
  if (lower.type == NumberType::integer && upper.type == NumberType::integer)
    return integer_number(std::midpoint(lower.integer, upper.integer));
  return real_number((real_of(lower) + real_of(upper)) / 2);
}

bool is_less(const Number& a, const Number& b) {
  if (a.type == NumberType::integer && b.type == NumberType::integer) return a.integer < b.integer;
  const double left = real_of(a), right = real_of(b);
  if (std::isnan(left) || std::isnan(right)) return !std::isnan(left) && std::isnan(right);  // NaN is last.
  return left < right;
}

void finish(Number& value, Aggregation how, std::span<const Number> sorted) {
  const auto count = static_cast<std::int64_t>(sorted.size());
  if (count == 0) return;
  switch (how) {
    case Aggregation::mean:
      value = value.type == NumberType::integer ? integer_number(value.integer / count)
                                                : real_number(value.real / static_cast<double>(count));
      break;
    case Aggregation::count:
      value = value.type == NumberType::integer ? integer_number(count) : real_number(static_cast<double>(count));
      break;
    case Aggregation::median: value = median_of(sorted); break;
    default: break;
  }
}

void aggregate_numbers(Metric& metric, Aggregation how, Arena& arena) {
  struct Member {
    std::uint32_t group;
    Number value;
  };
  const std::uint32_t count = metric.numbers.size();
  auto* const members = arena.allocate_array<Member>(count);
  for (std::uint32_t i = 0; i < count; ++i) members[i] = {0, metric.numbers[i].value};
  const std::span<const std::uint32_t> groups = join_points(metric, metric.numbers, how, arena);
  if (how != Aggregation::mean && how != Aggregation::count && how != Aggregation::median) return;
  for (std::uint32_t i = 0; i < count; ++i) members[i].group = groups[i];
  std::sort(members, members + count, [](const Member& a, const Member& b) {
    return a.group != b.group ? a.group < b.group : is_less(a.value, b.value);
  });
  auto* const values = arena.allocate_array<Number>(count);
  for (std::uint32_t i = 0; i < count;) {
    const std::uint32_t group = members[i].group;
    std::uint32_t taken = 0;
    for (; i < count && members[i].group == group; ++i)
      if (members[i].value.type != NumberType::none) values[taken++] = members[i].value;
    finish(metric.numbers[group].value, how, {values, taken});
  }
}

}  // namespace

double real_of(const Number& number) {
  return number.type == NumberType::integer ? static_cast<double>(number.integer)
                                            : (number.type == NumberType::real ? number.real : 0);
}

Number sum_of(const Number& a, const Number& b) {
  if (a.type == NumberType::integer && b.type == NumberType::integer)
    return integer_number(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(a.integer) + static_cast<std::uint64_t>(b.integer)));
  return real_number(real_of(a) + real_of(b));
}

bool subtract_if_grown(Number& now, const Number& before) {
  if (now.type == NumberType::integer && before.type == NumberType::integer) {
    if (now.integer < before.integer) return false;
    now = integer_number(static_cast<std::int64_t>(static_cast<std::uint64_t>(now.integer) -
                                                   static_cast<std::uint64_t>(before.integer)));
    return true;
  }
  const double value = real_of(now), old = real_of(before);
  if (value < old) return false;
  now = real_number(value - old);
  return true;
}

bool add_distribution(HistogramPoint& into, const HistogramPoint& from, Arena& arena) {
  const std::span<const double> bounds = into.explicit_bounds.span(), others = from.explicit_bounds.span();
  if (!std::equal(bounds.begin(), bounds.end(), others.begin(), others.end())) return false;
  if (into.bucket_counts.size() != from.bucket_counts.size()) return false;
  into.bucket_counts.own(arena);
  for (std::uint32_t i = 0; i < from.bucket_counts.size(); ++i) into.bucket_counts[i] += from.bucket_counts[i];
  into.count += from.count;
  const auto combine = [](OptionalReal& a, const OptionalReal& b, auto of_both) {
    a.is_set = a.is_set && b.is_set;
    a.value = a.is_set ? of_both(a.value, b.value) : 0;
  };
  combine(into.sum, from.sum, [](double a, double b) { return a + b; });
  combine(into.min, from.min, [](double a, double b) { return std::min(a, b); });
  combine(into.max, from.max, [](double a, double b) { return std::max(a, b); });
  return true;
}

void aggregate_points(Metric& metric, Aggregation how, Arena& arena) {
  switch (metric.type) {
    case MetricType::gauge:
    case MetricType::sum: return aggregate_numbers(metric, how, arena);
    case MetricType::histogram: join_points(metric, metric.histograms, how, arena); return;
    case MetricType::exponential_histogram: join_points(metric, metric.exponential_histograms, how, arena); return;
    case MetricType::summary:
    case MetricType::empty: return;
  }
}

}  // namespace rankwire
