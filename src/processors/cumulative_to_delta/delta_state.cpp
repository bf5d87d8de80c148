#include "processors/cumulative_to_delta/delta_state.hpp"

#include <cmath>

#include "signal/aggregate.hpp"
#include "signal/exponential_buckets.hpp"

namespace rankwire::cumulative_to_delta {
namespace {

Identity identity_of_bounds(const List<double>& bounds) {
  return identity_of(std::string_view(reinterpret_cast<const char*>(bounds.data()), bounds.size() * sizeof(double)));
}

// `now` becomes what it has more than `before`. False: the counter began again.
bool subtract(Number& now, const Number& before) {
  if (now.type == NumberType::integer && before.type == NumberType::integer) {
    if (now.integer < before.integer) return false;
    // Both may be of any sign; the difference of two 64-bit numbers wraps around as everywhere.
    now.integer =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(now.integer) - static_cast<std::uint64_t>(before.integer));
    return true;
  }
  const double value = real_of(now), old = real_of(before);
  if (value < old) return false;
  now.type = NumberType::real;
  now.real = value - old;
  return true;
}

bool any_decreased(const List<std::uint64_t>& now, const std::vector<std::uint64_t>& before) {
  for (std::uint32_t i = 0; i < now.size(); ++i)
    if (now[i] < before[i]) return true;
  return false;
}

// Of an interval nobody knows the extremes.
template <class Point>
void forget_extremes(Point& point) {
  point.min = point.max = {};
}

template <class Point>
bool has_sum(const Point& point) {
  return point.sum.is_set && !std::isnan(point.sum.value);
}

}  // namespace

void OwnedBuckets::assign(std::int32_t new_offset, const List<std::uint64_t>& from) {
  offset = new_offset;
  counts.assign(from.begin(), from.end());
}

ExponentialBuckets OwnedBuckets::view() const {
  return {offset, List<std::uint64_t>::shared(counts.data(), static_cast<std::uint32_t>(counts.size()))};
}

Outcome DeltaState::advance(NumberPoint& point) {
  if (is_late(point.time_unix_nanos)) return Outcome::out_of_order;
  const Number now = point.value;
  if (std::exchange(is_first_, false)) {
    time_ = point.time_unix_nanos;
    number_ = now;
    return Outcome::first;
  }
  const bool is_repeated = point.time_unix_nanos == time_ && time_ != 0;
  const bool has_grown = subtract(point.value, number_);
  if (!has_grown && is_repeated) return Outcome::out_of_order;
  number_ = now;
  step(point);
  return has_grown ? Outcome::converted : Outcome::restarted;
}

Outcome DeltaState::advance(HistogramPoint& point, Arena& arena) {
  if (is_late(point.time_unix_nanos)) return Outcome::out_of_order;
  const Identity bounds = identity_of_bounds(point.explicit_bounds);
  if (std::exchange(is_first_, false)) {
    time_ = point.time_unix_nanos;
    remember(point, bounds);
    return Outcome::first;
  }
  Distribution& before = *distribution_;
  const bool is_repeated = point.time_unix_nanos == time_ && time_ != 0;
  const bool is_comparable = before.bounds == bounds && before.positive.counts.size() == point.bucket_counts.size();
  const bool has_grown =
      is_comparable && point.count >= before.count && !any_decreased(point.bucket_counts, before.positive.counts);
  if (is_comparable && !has_grown && is_repeated) return Outcome::out_of_order;
  HistogramPoint delta = point;
  step(delta);
  if (has_grown) {
    delta.count -= before.count;
    if (has_sum(delta)) delta.sum.value -= before.sum;
    delta.bucket_counts = {};
    delta.bucket_counts.reserve(arena, point.bucket_counts.size());
    for (std::uint32_t i = 0; i < point.bucket_counts.size(); ++i)
      delta.bucket_counts.push(arena, std::as_const(point.bucket_counts)[i] - before.positive.counts[i]);
  }
  remember(point, bounds);
  if (!is_comparable) return Outcome::changed_buckets;
  forget_extremes(delta);
  point = delta;
  return has_grown ? Outcome::converted : Outcome::restarted;
}

Outcome DeltaState::advance(ExponentialHistogramPoint& point, Arena& arena) {
  if (is_late(point.time_unix_nanos)) return Outcome::out_of_order;
  if (std::exchange(is_first_, false)) {
    time_ = point.time_unix_nanos;
    remember(point);
    return Outcome::first;
  }
  const Distribution& before = *distribution_;
  const bool is_repeated = point.time_unix_nanos == time_ && time_ != 0;
  const bool has_grown = point.count >= before.count;
  if (!has_grown && is_repeated) return Outcome::out_of_order;
  // Within one life a histogram only gets coarser and its zero bucket only wider.
  const bool is_comparable = point.scale <= before.scale && !(point.zero_threshold < before.zero_threshold);
  ExponentialHistogramPoint delta = point;
  step(delta);
  if (has_grown && is_comparable) {
    ExponentialBuckets positive = before.positive.view(), negative = before.negative.view();
    std::uint64_t zeros = before.zero_count;
    if (point.zero_threshold > before.zero_threshold) {
      zeros += take_below(positive, before.scale, point.zero_threshold);
      zeros += take_below(negative, before.scale, point.zero_threshold);
    }
    const auto coarser = static_cast<std::uint32_t>(std::int64_t{before.scale} - point.scale);
    delta.positive = difference(point.positive, coarsened(positive, coarser, arena), arena);
    delta.negative = difference(point.negative, coarsened(negative, coarser, arena), arena);
    delta.count -= before.count;
    delta.zero_count = point.zero_count > zeros ? point.zero_count - zeros : 0;
    if (has_sum(delta)) delta.sum.value -= before.sum;
  }
  remember(point);
  if (has_grown && !is_comparable) return Outcome::changed_buckets;
  forget_extremes(delta);
  point = delta;
  return has_grown ? Outcome::converted : Outcome::restarted;
}

void DeltaState::remember(const HistogramPoint& point, const Identity& bounds) {
  if (!distribution_) distribution_ = std::make_unique<Distribution>();
  distribution_->count = point.count;
  if (has_sum(point)) distribution_->sum = point.sum.value;
  distribution_->bounds = bounds;
  distribution_->positive.assign(0, point.bucket_counts);
}

void DeltaState::remember(const ExponentialHistogramPoint& point) {
  if (!distribution_) distribution_ = std::make_unique<Distribution>();
  distribution_->count = point.count;
  if (has_sum(point)) distribution_->sum = point.sum.value;
  distribution_->zero_count = point.zero_count;
  distribution_->zero_threshold = point.zero_threshold;
  distribution_->scale = point.scale;
  distribution_->positive.assign(point.positive.offset, point.positive.bucket_counts);
  distribution_->negative.assign(point.negative.offset, point.negative.bucket_counts);
}

Bytes DeltaState::extra_bytes() const {
  if (!distribution_) return {};
  const std::size_t counts = distribution_->positive.counts.capacity() + distribution_->negative.counts.capacity();
  return {sizeof(Distribution) + counts * sizeof(std::uint64_t)};
}

}  // namespace rankwire::cumulative_to_delta
