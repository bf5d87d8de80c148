#include "processors/cumulative_to_delta/delta_state.hpp"

#include "signal/aggregate.hpp"

namespace rankwire::cumulative_to_delta {

Outcome DeltaState::advance(NumberPoint& point) {
  if (is_late(point.time_unix_nanos)) return Outcome::out_of_order;
  const Number now = point.value;
  if (std::exchange(is_first_, false)) {
    time_ = point.time_unix_nanos;
    number_ = now;
    return Outcome::first;
  }
  const bool has_grown = subtract_if_grown(point.value, number_);
  if (!has_grown && is_repeated(point.time_unix_nanos)) return Outcome::out_of_order;
  number_ = now;
  step(point);
  return has_grown ? Outcome::converted : Outcome::restarted;
}

template <class Point>
Outcome DeltaState::advance_distribution(Point& point, Arena& arena) {
  if (is_late(point.time_unix_nanos)) return Outcome::out_of_order;
  if (std::exchange(is_first_, false)) {
    distribution_ = std::make_unique<OwnedDistribution>();
    time_ = point.time_unix_nanos;
    distribution_->assign(point);
    point.min = point.max = {};
    return Outcome::first;
  }
  const Growth growth = distribution_->growth_to(point);
  if (growth == Growth::fallen && is_repeated(point.time_unix_nanos)) return Outcome::out_of_order;
  Point delta = point;
  step(delta);
  if (growth == Growth::grown) {
    if constexpr (std::is_same_v<Point, HistogramPoint>)
      delta.bucket_counts = List<std::uint64_t>::shared(point.bucket_counts.data(), point.bucket_counts.size());
    distribution_->subtract_from(delta, arena);
  }
  distribution_->assign(point);
  if (growth == Growth::incomparable) return Outcome::changed_buckets;
  delta.min = delta.max = {};
  point = delta;
  return growth == Growth::grown ? Outcome::converted : Outcome::restarted;
}

template Outcome DeltaState::advance_distribution(HistogramPoint&, Arena&);
template Outcome DeltaState::advance_distribution(ExponentialHistogramPoint&, Arena&);

Bytes DeltaState::extra_bytes() const {
  if (!distribution_) return {};
  return Bytes{sizeof(OwnedDistribution)} + distribution_->extra_bytes();
}

}  // namespace rankwire::cumulative_to_delta
