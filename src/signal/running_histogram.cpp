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
  if (counts_.empty()) counts_.resize(shape.bounds.size() + 1);
  const auto bucket = std::lower_bound(shape.bounds.begin(), shape.bounds.end(), value) - shape.bounds.begin();
  counts_[static_cast<std::size_t>(bucket)] += times;
}

void RunningHistogram::observe_exponential(std::uint32_t buckets_max, double value, std::uint64_t times) {
  if (value <= 0) {
    zero_count_ += times;
    return;
  }
  if (counts_.empty()) {
    scale_ = scale_max;
    offset_ = bucket_of(value, scale_);
    counts_.push_back(times);
    return;
  }
  std::int32_t bucket = bucket_of(value, scale_);
  std::int32_t low = std::min(offset_, bucket);
  std::int32_t high = std::max(offset_ + static_cast<std::int32_t>(counts_.size()) - 1, bucket);
  std::uint32_t by = 0;
  for (; static_cast<std::int64_t>(high) - low >= buckets_max; ++by) {
    low >>= 1;
    high >>= 1;
  }
  if (by != 0) {
    coarsen(by);
    bucket >>= by;
  }
  if (bucket < offset_) {
    counts_.insert(counts_.begin(), static_cast<std::size_t>(offset_ - bucket), 0);
    offset_ = bucket;
  }
  const auto at = static_cast<std::size_t>(bucket - offset_);
  if (at >= counts_.size()) counts_.resize(at + 1);
  counts_[at] += times;
}

void RunningHistogram::coarsen(std::uint32_t by) {
  const std::int32_t offset = offset_ >> by;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto to = static_cast<std::size_t>(((offset_ + static_cast<std::int32_t>(i)) >> by) - offset);
    const std::uint64_t count = std::exchange(counts_[i], 0);
    counts_[to] += count;
  }
  const std::int32_t last = (offset_ + static_cast<std::int32_t>(counts_.size()) - 1) >> by;
  counts_.resize(static_cast<std::size_t>(last - offset) + 1);
  offset_ = offset;
  scale_ -= static_cast<std::int32_t>(by);
}

void RunningHistogram::reset() {
  if (offset_ != 0 || scale_ != 0)
    counts_.clear();
  else
    std::fill(counts_.begin(), counts_.end(), 0);
  count_ = zero_count_ = 0;
  sum_ = min_ = max_ = 0;
  scale_ = offset_ = 0;
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
  for (std::uint32_t i = 0; i < buckets; ++i) point.bucket_counts.push(arena, counts_.empty() ? 0 : counts_[i]);
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
  point.positive.offset = offset_;
  point.positive.bucket_counts.reserve(arena, static_cast<std::uint32_t>(counts_.size()));
  for (const std::uint64_t count : counts_) point.positive.bucket_counts.push(arena, count);
  return point;
}

}  // namespace rankwire
