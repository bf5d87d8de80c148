#include "signal/exponential_buckets.hpp"

#include <algorithm>
#include <cmath>

namespace rankwire {
namespace {

constexpr std::uint32_t shift_max = 40;  // Past this every bucket of a 32-bit index is number 0 or -1.

std::int64_t first_of(const ExponentialBuckets& buckets) { return buckets.offset; }
std::int64_t end_of(const ExponentialBuckets& buckets) {
  return std::int64_t{buckets.offset} + buckets.bucket_counts.size();
}

// How far both must be coarsened so that their union fits.
std::uint32_t shift_to_fit(const ExponentialBuckets& a, const ExponentialBuckets& b) {
  if (a.bucket_counts.empty() || b.bucket_counts.empty()) return 0;
  std::int64_t first = std::min(first_of(a), first_of(b)), last = std::max(end_of(a), end_of(b)) - 1;
  const std::int64_t max =
      std::max<std::int64_t>({exponential_buckets_max, a.bucket_counts.size(), b.bucket_counts.size()});
  std::uint32_t shift = 0;
  while (last - first >= max) {
    first >>= 1;
    last >>= 1;
    ++shift;
  }
  return shift;
}

ExponentialBuckets sum(const ExponentialBuckets& a, const ExponentialBuckets& b, Arena& arena) {
  if (b.bucket_counts.empty()) return a;
  if (a.bucket_counts.empty()) return b;
  const std::int64_t first = std::min(first_of(a), first_of(b)), end = std::max(end_of(a), end_of(b));
  ExponentialBuckets all;
  all.offset = static_cast<std::int32_t>(first);
  const auto size = static_cast<std::uint32_t>(end - first);
  all.bucket_counts.reserve(arena, size);
  for (std::uint32_t i = 0; i < size; ++i) all.bucket_counts.push(arena, 0);
  for (const ExponentialBuckets* part : {&a, &b})
    for (std::uint32_t i = 0; i < part->bucket_counts.size(); ++i)
      all.bucket_counts[static_cast<std::uint32_t>(first_of(*part) - first) + i] += part->bucket_counts[i];
  return all;
}

void coarsen(ExponentialHistogramPoint& point, std::uint32_t by, Arena& arena) {
  if (by == 0) return;
  point.positive = coarsened(point.positive, by, arena);
  point.negative = coarsened(point.negative, by, arena);
  point.scale = static_cast<std::int32_t>(std::max<std::int64_t>(std::int64_t{point.scale} - by, INT32_MIN));
}

void widen_zero(ExponentialHistogramPoint& point, double threshold) {
  if (!(threshold > point.zero_threshold)) return;
  point.zero_count += take_below(point.positive, point.scale, threshold);
  point.zero_count += take_below(point.negative, point.scale, threshold);
  point.zero_threshold = threshold;
}

void add_optional(OptionalReal& into, const OptionalReal& from, double (*combine)(double, double)) {
  into.is_set = into.is_set && from.is_set;
  into.value = into.is_set ? combine(into.value, from.value) : 0;
}

}  // namespace

ExponentialBuckets coarsened(const ExponentialBuckets& buckets, std::uint32_t by, Arena& arena) {
  if (by == 0 || buckets.bucket_counts.empty()) return buckets;
  const std::uint32_t shift = std::min(by, shift_max);
  ExponentialBuckets result;
  result.offset = static_cast<std::int32_t>(first_of(buckets) >> shift);
  const auto size = static_cast<std::uint32_t>(((end_of(buckets) - 1) >> shift) - result.offset + 1);
  result.bucket_counts.reserve(arena, size);
  for (std::uint32_t i = 0; i < size; ++i) result.bucket_counts.push(arena, 0);
  for (std::uint32_t i = 0; i < buckets.bucket_counts.size(); ++i) {
    const auto at = static_cast<std::uint32_t>(((first_of(buckets) + i) >> shift) - result.offset);
    result.bucket_counts[at] += buckets.bucket_counts[i];
  }
  return result;
}

ExponentialBuckets trimmed(const ExponentialBuckets& buckets) {
  const std::uint64_t* begin = buckets.bucket_counts.begin();
  const std::uint64_t* end = buckets.bucket_counts.end();
  while (begin != end && *begin == 0) ++begin;
  while (begin != end && end[-1] == 0) --end;
  if (begin == end) return {};
  ExponentialBuckets result;
  result.offset = static_cast<std::int32_t>(first_of(buckets) + (begin - buckets.bucket_counts.begin()));
  result.bucket_counts = List<std::uint64_t>::shared(begin, static_cast<std::uint32_t>(end - begin));
  return result;
}

ExponentialBuckets difference(const ExponentialBuckets& more, const ExponentialBuckets& less, Arena& arena) {
  ExponentialBuckets result;
  result.offset = more.offset;
  result.bucket_counts.reserve(arena, more.bucket_counts.size());
  const std::int64_t shift = first_of(more) - first_of(less);
  for (std::uint32_t i = 0; i < more.bucket_counts.size(); ++i) {
    const std::int64_t other = shift + i;
    const bool is_there = other >= 0 && other < less.bucket_counts.size();
    const std::uint64_t taken = is_there ? less.bucket_counts[static_cast<std::uint32_t>(other)] : 0;
    const std::uint64_t count = more.bucket_counts[i];
    result.bucket_counts.push(arena, count > taken ? count - taken : 0);
  }
  return trimmed(result);
}

std::uint64_t take_below(ExponentialBuckets& buckets, std::int32_t scale, double threshold) {
  if (buckets.bucket_counts.empty() || !(threshold > 0) || std::isinf(threshold)) return 0;
  // The last bucket that begins below the threshold.
  const double last = std::ceil(std::ldexp(std::log2(threshold), std::clamp(scale, -1100, 1100))) - 1;
  if (!(last >= static_cast<double>(first_of(buckets)))) return 0;
  const std::int64_t wanted =
      last >= static_cast<double>(end_of(buckets)) ? end_of(buckets) : static_cast<std::int64_t>(last) + 1;
  const auto taken = static_cast<std::uint32_t>(wanted - first_of(buckets));
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < taken; ++i) count += std::as_const(buckets.bucket_counts)[i];
  const std::uint32_t left = buckets.bucket_counts.size() - taken;
  buckets.bucket_counts = List<std::uint64_t>::shared(buckets.bucket_counts.data() + taken, left);
  buckets.offset = left == 0 ? 0 : static_cast<std::int32_t>(wanted);
  return count;
}

void add_distribution(ExponentialHistogramPoint& into, const ExponentialHistogramPoint& from, Arena& arena) {
  ExponentialHistogramPoint other = from;
  const std::int64_t into_scale = into.scale, from_scale = from.scale;
  if (into_scale > from_scale) coarsen(into, static_cast<std::uint32_t>(into_scale - from_scale), arena);
  if (from_scale > into_scale) coarsen(other, static_cast<std::uint32_t>(from_scale - into_scale), arena);
  const double threshold = std::max(into.zero_threshold, other.zero_threshold);
  widen_zero(into, threshold);
  widen_zero(other, threshold);
  const std::uint32_t shift =
      std::max(shift_to_fit(into.positive, other.positive), shift_to_fit(into.negative, other.negative));
  coarsen(into, shift, arena);
  coarsen(other, shift, arena);
  into.positive = sum(into.positive, other.positive, arena);
  into.negative = sum(into.negative, other.negative, arena);
  into.count += other.count;
  into.zero_count += other.zero_count;
  add_optional(into.sum, other.sum, [](double a, double b) { return a + b; });
  add_optional(into.min, other.min, [](double a, double b) { return std::min(a, b); });
  add_optional(into.max, other.max, [](double a, double b) { return std::max(a, b); });
}

}  // namespace rankwire
