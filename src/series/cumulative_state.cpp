#include "series/cumulative_state.hpp"

#include <algorithm>

#include "signal/aggregate.hpp"
#include "signal/exponential_buckets.hpp"

namespace rankwire::series {
namespace {

constexpr Duration forgotten_after = std::chrono::hours(1);

List<std::uint64_t> view_of(const std::vector<std::uint64_t>& counts) {
  return List<std::uint64_t>::shared(counts.data(), static_cast<std::uint32_t>(counts.size()));
}

}  // namespace

CumulativeState::CumulativeState(Counters& counters, const std::string& id)
    : map_({.bytes_max = bytes_max, .idle_max = forgotten_after, .gives_way = WhenFull::new_entry},
           StateFigures(counters, {{"exporter", id}, {"state", "deltas"}})) {}

// Times are those of the newest total; the first point says since when is counted.
template <class Point>
CumulativeState::Outcome CumulativeState::step(State& state, Point& point) {
  if (state.start == 0)
    state.start = point.start_time_unix_nanos != 0 ? point.start_time_unix_nanos : point.time_unix_nanos;
  point.start_time_unix_nanos = state.start;
  // Prometheus counts milliseconds: two totals of the same one are one sample.
  const bool is_late = state.time != 0 && point.time_unix_nanos / 1'000'000 <= state.time / 1'000'000;
  state.time = std::max(state.time, point.time_unix_nanos);
  return is_late ? Outcome::late : Outcome::added;
}

bool CumulativeState::keep_size(Map::Entry& entry) {
  const Totals& totals = *entry.state.totals;
  return map_.resize(entry, {sizeof totals +
                             (totals.bounds.capacity() + totals.positive.capacity() + totals.negative.capacity()) * 8});
}

CumulativeState::Outcome CumulativeState::add(const Identity& series, NumberPoint& point, Instant now) {
  const auto [entry, is_new] = map_.find_or_add(series, now);
  if (entry == nullptr) return Outcome::full;
  State& state = entry->state;
  state.number = is_new ? point.value : sum_of(state.number, point.value);
  point.value = state.number;
  return step(state, point);
}

CumulativeState::Outcome CumulativeState::add(const Identity& series, HistogramPoint& point, Instant now,
                                              Arena& arena) {
  const auto [entry, is_new] = map_.find_or_add(series, now);
  if (entry == nullptr) return Outcome::full;
  State& state = entry->state;
  if (!state.totals) state.totals = std::make_unique<Totals>();
  Totals& totals = *state.totals;
  HistogramPoint sum = point;
  sum.bucket_counts = view_of(totals.positive);
  sum.explicit_bounds = List<double>::shared(totals.bounds.data(), static_cast<std::uint32_t>(totals.bounds.size()));
  sum.count = totals.count;
  sum.sum = totals.sum;
  // With other bounds there is no total of both: it begins again.
  const bool is_added =
      !is_new && sum.bucket_counts.size() == point.bucket_counts.size() && add_distribution(sum, point, arena);
  if (!is_added) {
    sum = point;
    state.start = 0;
  }
  totals.positive.assign(sum.bucket_counts.begin(), sum.bucket_counts.end());
  totals.bounds.assign(sum.explicit_bounds.begin(), sum.explicit_bounds.end());
  totals.count = sum.count;
  totals.sum = sum.sum;
  point = sum;
  point.bucket_counts.own(arena);
  point.explicit_bounds.own(arena);
  const Outcome outcome = step(state, point);
  return keep_size(*entry) ? outcome : Outcome::full;
}

CumulativeState::Outcome CumulativeState::add(const Identity& series, ExponentialHistogramPoint& point, Instant now,
                                              Arena& arena) {
  const auto [entry, is_new] = map_.find_or_add(series, now);
  if (entry == nullptr) return Outcome::full;
  State& state = entry->state;
  if (!state.totals) state.totals = std::make_unique<Totals>();
  Totals& totals = *state.totals;
  ExponentialHistogramPoint sum = point;
  if (!is_new) {
    sum.positive = {totals.positive_offset, view_of(totals.positive)};
    sum.negative = {totals.negative_offset, view_of(totals.negative)};
    sum.count = totals.count;
    sum.sum = totals.sum;
    sum.scale = totals.scale;
    sum.zero_count = totals.zero_count;
    sum.zero_threshold = totals.zero_threshold;
    add_distribution(sum, point, arena);
  }
  // Before the state is written that the views are of.
  sum.positive.bucket_counts.own(arena);
  sum.negative.bucket_counts.own(arena);
  totals.positive.assign(sum.positive.bucket_counts.begin(), sum.positive.bucket_counts.end());
  totals.negative.assign(sum.negative.bucket_counts.begin(), sum.negative.bucket_counts.end());
  totals.positive_offset = sum.positive.offset;
  totals.negative_offset = sum.negative.offset;
  totals.count = sum.count;
  totals.sum = sum.sum;
  totals.scale = sum.scale;
  totals.zero_count = sum.zero_count;
  totals.zero_threshold = sum.zero_threshold;
  point = sum;
  const Outcome outcome = step(state, point);
  return keep_size(*entry) ? outcome : Outcome::full;
}

}  // namespace rankwire::series
