// A histogram point of either kind that outlives its batch, to be compared with the next one of its series.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "signal/identity.hpp"

namespace rankwire {

enum class Growth : std::uint8_t {
  grown,
  fallen,        // Some count is lower: the series began again.
  incomparable,  // Other bounds, a finer scale or a narrower zero bucket: no difference can be told.
};

class OwnedDistribution {
 public:
  void assign(const HistogramPoint& point);
  void assign(const ExponentialHistogramPoint& point);
  // From this to a later point of the same kind.
  Growth growth_to(const HistogramPoint& point) const;
  Growth growth_to(const ExponentialHistogramPoint& point) const;
  // Leaves in a point that has grown what it has more than this: count, sum, buckets. An exponential point keeps its
  // scale and zero bucket; this is brought to them first.
  void subtract_from(HistogramPoint& point, Arena& arena) const;
  void subtract_from(ExponentialHistogramPoint& point, Arena& arena) const;

  bool has_sum() const { return has_sum_; }
  double sum() const { return sum_; }
  // Held beside the object itself.
  Bytes extra_bytes() const { return {(positive_.counts.capacity() + negative_.counts.capacity()) * 8}; }

 private:
  struct Buckets {
    std::int32_t offset = 0;
    std::vector<std::uint64_t> counts;

    void assign(std::int32_t new_offset, const List<std::uint64_t>& from);
    ExponentialBuckets view() const;
    bool has_more_than(const ExponentialBuckets& other) const;
  };
  void assign_sum(const OptionalReal& sum);

  std::uint64_t count_ = 0;
  double sum_ = 0;
  bool has_sum_ = false;
  std::int32_t scale_ = 0;
  std::uint64_t zero_count_ = 0;
  double zero_threshold_ = 0;
  Identity bounds_;
  Buckets positive_;  // Also the buckets with explicit bounds.
  Buckets negative_;
};

// A sum that is there and a number.
inline bool has_usable_sum(const OptionalReal& sum) { return sum.is_set && sum.value == sum.value; }

}  // namespace rankwire
