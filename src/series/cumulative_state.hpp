// Deltas added up to what Prometheus stores. The state is one entry for each series, bounded; whoever is forgotten
// begins again at zero, which Prometheus takes for a restarted counter.
#pragma once

#include <optional>

#include "signal/expiring_map.hpp"

namespace rankwire::series {

class CumulativeState {
 public:
  enum class Outcome : std::uint8_t {
    added,
    late,  // Added, but a later total has gone out already: it shows with the next point.
    full,  // No room for a new series.
  };

  CumulativeState(Counters& counters, const std::string& id);
  // Each makes the point the total so far and its start that of the first; lists of it lie in `arena`.
  Outcome add(const Identity& series, NumberPoint& point, Instant now);
  Outcome add(const Identity& series, HistogramPoint& point, Instant now, Arena& arena);
  Outcome add(const Identity& series, ExponentialHistogramPoint& point, Instant now, Arena& arena);

  static constexpr Bytes bytes_max = 64_MiB;

 private:
  struct Totals {
    std::vector<double> bounds;
    std::vector<std::uint64_t> positive, negative;  // With bounds: all are in `positive`.
    std::int32_t positive_offset = 0, negative_offset = 0, scale = 0;
    std::uint64_t count = 0, zero_count = 0;
    double zero_threshold = 0;
    OptionalReal sum;
    bool is_exponential = false;
  };
  struct State {
    std::uint64_t start = 0, time = 0;
    Number number;
    std::unique_ptr<Totals> totals;
  };
  using Map = ExpiringMap<State>;

  template <class Point>
  Outcome step(State& state, Point& point);
  bool keep_size(Map::Entry& entry);

  Map map_;
};

}  // namespace rankwire::series
