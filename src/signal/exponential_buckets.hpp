// Arithmetic on the buckets of exponential histograms. Offsets and scales come from outside: every result is bounded by
// `exponential_buckets_max`, whatever they say. Bucket i of scale s covers (2^(i * 2^-s), 2^((i + 1) * 2^-s)].
#pragma once

#include "signal/metrics.hpp"

namespace rankwire {

inline constexpr std::uint32_t exponential_buckets_max = 4096;

// The buckets at a scale that is lower by `by`.
ExponentialBuckets coarsened(const ExponentialBuckets& buckets, std::uint32_t by, Arena& arena);
// Without empty buckets at either end; offset 0 if nothing is left.
ExponentialBuckets trimmed(const ExponentialBuckets& buckets);
// `more` minus `less`, of the same scale; what would be negative is 0. Trimmed.
ExponentialBuckets difference(const ExponentialBuckets& more, const ExponentialBuckets& less, Arena& arena);
// Takes out the buckets that begin below `threshold` (at `scale`) and returns how many values they held.
std::uint64_t take_below(ExponentialBuckets& buckets, std::int32_t scale, double threshold);
// Adds `from` to `into`, at the lower of their scales, or a lower one where the sum would have too many buckets.
// Attributes, times and exemplars of `into` stay.
void add_distribution(ExponentialHistogramPoint& into, const ExponentialHistogramPoint& from, Arena& arena);

}  // namespace rankwire
