// A histogram that is being filled, value by value, and outlives batches: with fixed bounds, or exponential with at
// most so many buckets on either side of zero, at the finest scale at which all values fit into them.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "signal/metrics.hpp"

namespace rankwire {

// What histograms of one metric have in common; outlives them.
struct HistogramShape {
  std::vector<double> bounds;         // Rising. Of a histogram with fixed bounds.
  std::uint32_t exponential_max = 0;  // 0: fixed bounds; else at least 2.
  bool has_extremes = false;          // Fixed bounds: whether points carry minimum and maximum.

  List<double> copy_bounds(Arena& arena) const;
  // The most that the buckets of one histogram take, if no value is negative; twice that otherwise.
  Bytes bytes_max() const { return {(exponential_max == 0 ? bounds.size() + 1 : exponential_max) * sizeof(double)}; }
};

class RunningHistogram {
 public:
  // A value counts in the first bucket whose bound is not below it. Values are finite.
  void observe(const HistogramShape& shape, double value, std::uint64_t times = 1);
  void reset();

  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  // Adds a point to the list that belongs to the shape. `bounds` are the shape's, where they live as long as the point.
  HistogramPoint& add_explicit(const HistogramShape& shape, const List<double>& bounds, List<HistogramPoint>& to,
                               Arena& arena) const;
  ExponentialHistogramPoint& add_exponential(List<ExponentialHistogramPoint>& to, Arena& arena) const;

  // Held by the buckets.
  Bytes bytes() const { return {(positive_.counts.capacity() + negative_.counts.capacity()) * sizeof(std::uint64_t)}; }

 private:
  // counts[i] is of bucket offset + i.
  struct Buckets {
    std::vector<std::uint64_t> counts;
    std::int32_t offset = 0;

    // By how much the scale must fall so that this bucket is one of at most so many.
    std::uint32_t excess_with(std::int32_t bucket, std::uint32_t buckets_max) const;
    void coarsen(std::uint32_t by);
    void add(std::int32_t bucket, std::uint64_t times);
    void write(ExponentialBuckets& to, Arena& arena) const;
  };
  void observe_exponential(std::uint32_t buckets_max, double value, std::uint64_t times);

  Buckets positive_, negative_;  // Fixed bounds: all counts are in `positive_`.
  std::uint64_t count_ = 0, zero_count_ = 0;
  double sum_ = 0, min_ = 0, max_ = 0;
  std::int32_t scale_ = 0;  // Of exponential ones.
};

}  // namespace rankwire
