// The last point of one cumulative series, and what the next one adds to it. A series begins anew when its start time
// changes, so the start time is part of who it is and two processes that share attributes are kept apart.
#pragma once

#include <memory>
#include <utility>

#include "signal/owned_distribution.hpp"

namespace rankwire::cumulative_to_delta {

// What became of a point.
enum class Outcome : std::uint8_t {
  converted,
  restarted,        // The counter began again: the point itself is what was counted since.
  first,            // The first of its series: whether it passes is the caller's choice.
  out_of_order,     // Older than the one before, or contradicts one of the same time. The state stays.
  changed_buckets,  // Not comparable with the one before; the next will be compared with this one.
};

class DeltaState {
 public:
  // Each changes the point into its delta, unless the outcome says otherwise. Minimum and maximum go, also of the first
  // point: of an interval nobody knows them.
  Outcome advance(NumberPoint& point);
  Outcome advance(HistogramPoint& point, Arena& arena) { return advance_distribution(point, arena); }
  Outcome advance(ExponentialHistogramPoint& point, Arena& arena) { return advance_distribution(point, arena); }
  // Memory beside the object itself.
  Bytes extra_bytes() const;

 private:
  template <class Point>
  Outcome advance_distribution(Point& point, Arena& arena);
  bool is_late(std::uint64_t time) const { return !is_first_ && time < time_; }
  bool is_repeated(std::uint64_t time) const { return time == time_ && time_ != 0; }
  // Remembers the time and sets the start of the delta, which is the end of the one before.
  template <class Point>
  void step(Point& point) {
    point.start_time_unix_nanos = std::exchange(time_, point.time_unix_nanos);
  }

  bool is_first_ = true;
  std::uint64_t time_ = 0;
  Number number_;
  std::unique_ptr<OwnedDistribution> distribution_;
};

}  // namespace rankwire::cumulative_to_delta
