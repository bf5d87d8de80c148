#include "signal/running_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace rankwire {
namespace {

constexpr std::int32_t scale_max = 20;

// The bucket of a positive value: i where 2^(i * 2^-scale) < value <= 2^((i + 1) * 2^-scale). Powers of two, which
// lie on a bound at every scale, are exact.
std::int32_t bucket_of(double value, std::int32_t scale) {
  int exponent = 0;
  const bool is_power_of_two = std::frexp(value, &exponent) == 0.5;
  // 2^(exponent - 1) <= value < 2^exponent.
  if (scale <= 0) return (exponent - 1 - (is_power_of_two ? 1 : 0)) >> -scale;
  const std::int32_t first = (exponent - 1) * (1 << scale);
  if (is_power_of_two) return first - 1;
  const double at = std::floor(std::ldexp(std::log2(value), scale));
  return std::clamp(static_cast<std::int32_t>(at), first, first + (1 << scale) - 1);
}

}  // namespace

List<double> HistogramShape::copy_bounds(Arena& arena) const {
  List<double> copy;
  copy.reserve(arena, static_cast<std::uint32_t>(bounds.size()));
  for (const double bound : bounds) copy.push(arena, bound);
  return copy;
}

void RunningHistogram::observe(const HistogramShape& shape, double value, std::uint64_t times) {
  if (count_ == 0) {
    min_ = max_ = value;
  } else {
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }
  count_ += times;
  sum_ += value * static_cast<double>(times);
  if (shape.exponential_max != 0) return observe_exponential(shape.exponential_max, value, times);
  if (positive_.counts.empty()) positive_.counts.resize(shape.bounds.size() + 1);
  const auto bucket = std::lower_bound(shape.bounds.begin(), shape.bounds.end(), value) - shape.bounds.begin();
  positive_.counts[static_cast<std::size_t>(bucket)] += times;
}

void RunningHistogram::observe_exponential(std::uint32_t buckets_max, double value, std::uint64_t times) {
  if (value == 0) {
    zero_count_ += times;
    return;
  }
  if (positive_.counts.empty() && negative_.counts.empty()) scale_ = scale_max;
  Buckets& side = value > 0 ? positive_ : negative_;
  const std::int32_t bucket = bucket_of(std::abs(value), scale_);
  const std::uint32_t by = side.excess_with(bucket, buckets_max);
  if (by != 0) {
    positive_.coarsen(by);
    negative_.coarsen(by);
    scale_ -= static_cast<std::int32_t>(by);
  }
  side.add(bucket >> by, times);
}

std::uint32_t RunningHistogram::Buckets::excess_with(std::int32_t bucket, std::uint32_t buckets_max) const {
  if (counts.empty()) return 0;
  std::int32_t low = std::min(offset, bucket);
  std::int32_t high = std::max(offset + static_cast<std::int32_t>(counts.size()) - 1, bucket);
  std::uint32_t by = 0;
  for (; static_cast<std::int64_t>(high) - low >= buckets_max; ++by) {
    low >>= 1;
    high >>= 1;
  }
  return by;
}

void RunningHistogram::Buckets::add(std::int32_t bucket, std::uint64_t times) {
  if (counts.empty()) offset = bucket;
  if (bucket < offset) {
    counts.insert(counts.begin(), static_cast<std::size_t>(offset - bucket), 0);
    offset = bucket;
  }
  const auto at = static_cast<std::size_t>(bucket - offset);
  if (at >= counts.size()) counts.resize(at + 1);
  counts[at] += times;
}

void RunningHistogram::Buckets::coarsen(std::uint32_t by) {
  if (counts.empty()) return;
  const std::int32_t first = offset >> by;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto to = static_cast<std::size_t>(((offset + static_cast<std::int32_t>(i)) >> by) - first);
    const std::uint64_t count = std::exchange(counts[i], 0);
    counts[to] += count;
  }
  const std::int32_t last = (offset + static_cast<std::int32_t>(counts.size()) - 1) >> by;
  counts.resize(static_cast<std::size_t>(last - first) + 1);
  offset = first;
}

void RunningHistogram::Buckets::write(ExponentialBuckets& to, Arena& arena) const {
  to.offset = offset;
  to.bucket_counts.reserve(arena, static_cast<std::uint32_t>(counts.size()));
  for (const std::uint64_t count : counts) to.bucket_counts.push(arena, count);
}

void RunningHistogram::reset() {
  if (scale_ != 0 || positive_.offset != 0 || !negative_.counts.empty()) {
    positive_.counts.clear();
    negative_.counts.clear();
  } else {
    std::fill(positive_.counts.begin(), positive_.counts.end(), 0);
  }
  count_ = zero_count_ = 0;
  sum_ = min_ = max_ = 0;
  scale_ = positive_.offset = negative_.offset = 0;
}

HistogramPoint& RunningHistogram::add_explicit(const HistogramShape& shape, const List<double>& bounds,
                                               List<HistogramPoint>& to, Arena& arena) const {
  HistogramPoint& point = to.add(arena);
  point.count = count_;
  point.sum = {true, sum_};
  if (shape.has_extremes && count_ != 0) {
    point.min = {true, min_};
    point.max = {true, max_};
  }
  point.explicit_bounds = List<double>::shared(bounds.data(), bounds.size());
  const auto buckets = static_cast<std::uint32_t>(shape.bounds.size() + 1);
  point.bucket_counts.reserve(arena, buckets);
  const bool is_empty = positive_.counts.empty();
  for (std::uint32_t i = 0; i < buckets; ++i) point.bucket_counts.push(arena, is_empty ? 0 : positive_.counts[i]);
  return point;
}

ExponentialHistogramPoint& RunningHistogram::add_exponential(List<ExponentialHistogramPoint>& to, Arena& arena) const {
  ExponentialHistogramPoint& point = to.add(arena);
  point.count = count_;
  point.sum = {true, sum_};
  if (count_ != 0) {
    point.min = {true, min_};
    point.max = {true, max_};
  }
  point.zero_count = zero_count_;
  point.scale = scale_;
  positive_.write(point.positive, arena);
  negative_.write(point.negative, arena);
  return point;
}

}  // namespace rankwire
