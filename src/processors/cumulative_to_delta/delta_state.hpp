// The last point of one cumulative series, and what the next one adds to it. A series begins anew when its start time
// changes, so the start time is part of who it is and two processes that share attributes are kept apart.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "signal/identity.hpp"

namespace rankwire::cumulative_to_delta {

// What became of a point.
enum class Outcome : std::uint8_t {
  converted,
  restarted,        // The counter began again: the point itself is what was counted since.
  first,            // The first of its series: whether it passes is the caller's choice; it is unchanged.
  out_of_order,     // Older than the one before. The state stays.
  changed_buckets,  // Not comparable with the one before; the next will be compared with this one.
};

struct OwnedBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts;

  void assign(std::int32_t new_offset, const List<std::uint64_t>& from);
  ExponentialBuckets view() const;
};

struct Distribution {
  std::uint64_t count = 0;
  double sum = 0;
  std::uint64_t zero_count = 0;
  double zero_threshold = 0;
  std::int32_t scale = 0;
  Identity bounds;
  OwnedBuckets positive;  // Also the buckets of a histogram with explicit bounds.
  OwnedBuckets negative;
};

class DeltaState {
 public:
  // Each changes the point into its delta, unless the outcome says otherwise.
  Outcome advance(NumberPoint& point);
  Outcome advance(HistogramPoint& point, Arena& arena);
  Outcome advance(ExponentialHistogramPoint& point, Arena& arena);
  // Memory beside the object itself.
  Bytes extra_bytes() const;

 private:
  bool is_late(std::uint64_t time) const { return !is_first_ && time < time_; }
  // Remembers the time and sets the start of the delta, which is the end of the one before.
  template <class Point>
  void step(Point& point) {
    const std::uint64_t start = std::exchange(time_, point.time_unix_nanos);
    point.start_time_unix_nanos = start;
  }
  void remember(const HistogramPoint& point, const Identity& bounds);
  void remember(const ExponentialHistogramPoint& point);

  bool is_first_ = true;
  std::uint64_t time_ = 0;
  Number number_;
  std::unique_ptr<Distribution> distribution_;
};

}  // namespace rankwire::cumulative_to_delta
