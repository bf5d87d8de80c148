#include "signal/owned_distribution.hpp"

#include "signal/exponential_buckets.hpp"

namespace rankwire {
namespace {

Identity identity_of_bounds(const List<double>& bounds) {
  return identity_of(std::string_view(reinterpret_cast<const char*>(bounds.data()), bounds.size() * sizeof(double)));
}

}  // namespace

void OwnedDistribution::Buckets::assign(std::int32_t new_offset, const List<std::uint64_t>& from) {
  offset = new_offset;
  counts.assign(from.begin(), from.end());
}

ExponentialBuckets OwnedDistribution::Buckets::view() const {
  return {offset, List<std::uint64_t>::shared(counts.data(), static_cast<std::uint32_t>(counts.size()))};
}

bool OwnedDistribution::Buckets::has_more_than(const ExponentialBuckets& other) const {
  const std::int64_t shift = std::int64_t{offset} - other.offset;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int64_t at = shift + static_cast<std::int64_t>(i);
    const bool is_there = at >= 0 && at < other.bucket_counts.size();
    if (counts[i] > (is_there ? other.bucket_counts[static_cast<std::uint32_t>(at)] : 0)) return true;
  }
  return false;
}

void OwnedDistribution::assign_sum(const OptionalReal& sum) {
  if (!has_usable_sum(sum)) return;
  has_sum_ = true;
  sum_ = sum.value;
}

void OwnedDistribution::assign(const HistogramPoint& point) {
  count_ = point.count;
  assign_sum(point.sum);
  bounds_ = identity_of_bounds(point.explicit_bounds);
  positive_.assign(0, point.bucket_counts);
}

void OwnedDistribution::assign(const ExponentialHistogramPoint& point) {
  count_ = point.count;
  assign_sum(point.sum);
  scale_ = point.scale;
  zero_count_ = point.zero_count;
  zero_threshold_ = point.zero_threshold;
  positive_.assign(point.positive.offset, point.positive.bucket_counts);
  negative_.assign(point.negative.offset, point.negative.bucket_counts);
}

Growth OwnedDistribution::growth_to(const HistogramPoint& point) const {
  if (positive_.counts.size() != point.bucket_counts.size() || !(bounds_ == identity_of_bounds(point.explicit_bounds)))
    return Growth::incomparable;
  const bool has_fallen = point.count < count_ || positive_.has_more_than({0, point.bucket_counts});
  return has_fallen ? Growth::fallen : Growth::grown;
}

Growth OwnedDistribution::growth_to(const ExponentialHistogramPoint& point) const {
  if (point.count < count_) return Growth::fallen;
  // Within one life a histogram only gets coarser and its zero bucket only wider.
  if (point.scale > scale_ || point.zero_threshold < zero_threshold_) return Growth::incomparable;
  // Where buckets had to be joined first, values at their borders may move; that is no new beginning.
  const bool is_alike = point.scale == scale_ && point.zero_threshold == zero_threshold_;
  const bool has_fallen = is_alike && (point.zero_count < zero_count_ || positive_.has_more_than(point.positive) ||
                                       negative_.has_more_than(point.negative));
  return has_fallen ? Growth::fallen : Growth::grown;
}

void OwnedDistribution::subtract_from(HistogramPoint& point, Arena& arena) const {
  point.count -= count_;
  if (has_usable_sum(point.sum)) point.sum.value -= sum_;
  point.bucket_counts.own(arena);
  for (std::uint32_t i = 0; i < point.bucket_counts.size(); ++i) point.bucket_counts[i] -= positive_.counts[i];
}

void OwnedDistribution::subtract_from(ExponentialHistogramPoint& point, Arena& arena) const {
  ExponentialBuckets positive = positive_.view(), negative = negative_.view();
  std::uint64_t zeros = zero_count_;
  if (point.zero_threshold > zero_threshold_) {
    zeros += take_below(positive, scale_, point.zero_threshold);
    zeros += take_below(negative, scale_, point.zero_threshold);
  }
  const auto coarser = static_cast<std::uint32_t>(std::int64_t{scale_} - point.scale);
  point.positive = difference(point.positive, coarsened(positive, coarser, arena), arena);
  point.negative = difference(point.negative, coarsened(negative, coarser, arena), arena);
  point.count -= count_;
  point.zero_count = point.zero_count > zeros ? point.zero_count - zeros : 0;
  if (has_usable_sum(point.sum)) point.sum.value -= sum_;
}

}  // namespace rankwire
