#include "processors/metric_start_time/start_state.hpp"

#include "signal/aggregate.hpp"

namespace rankwire::metric_start_time {

void StartState::Snapshot::assign(const SummaryPoint& point) {
  number_.type = NumberType::integer;
  number_.integer = static_cast<std::int64_t>(point.count);
  sum_ = point.sum;
}

Growth StartState::Snapshot::growth_to(const NumberPoint& point) const {
  NumberPoint difference = point;
  return subtract_if_grown(difference.value, number_) ? Growth::grown : Growth::fallen;
}

Growth StartState::Snapshot::growth_to(const SummaryPoint& point) const {
  const bool has_fallen = point.count < static_cast<std::uint64_t>(number_.integer) || point.sum < sum_;
  return has_fallen ? Growth::fallen : Growth::grown;
}

void StartState::Snapshot::subtract_from(NumberPoint& point, Arena&) const { subtract_if_grown(point.value, number_); }

void StartState::Snapshot::subtract_from(SummaryPoint& point, Arena&) const {
  point.count -= static_cast<std::uint64_t>(number_.integer);
  point.sum -= sum_;
}

void StartState::Snapshot::subtract_from(HistogramPoint& point, Arena& arena) const {
  distribution_->subtract_from(point, arena);
  point.min = point.max = {};
}

void StartState::Snapshot::subtract_from(ExponentialHistogramPoint& point, Arena& arena) const {
  distribution_->subtract_from(point, arena);
  point.min = point.max = {};
}

}  // namespace rankwire::metric_start_time
