// Exponential histograms as Prometheus stores them: spans of buckets and the difference of each to the one before.
#include <limits>

#include "series/native_histogram.hpp"
#include "signal/exponential_buckets.hpp"

namespace rankwire::series {
namespace {

constexpr std::int32_t schema_min = -4, schema_max = 8;
constexpr double zero_threshold_default = 1e-128;
// So many empty buckets between others cost less as buckets than as a new span.
constexpr std::uint32_t gap_max = 2;

NativeBuckets native_buckets(const ExponentialBuckets& from, Arena& arena) {
  NativeBuckets to;
  const ExponentialBuckets buckets = trimmed(from);
  std::int64_t before = 0;
  std::uint32_t empty = 0;
  for (const std::uint64_t count : buckets.bucket_counts) {
    if (count == 0) {
      ++empty;
      continue;
    }
    if (to.spans.empty() || empty > gap_max) {
      // A bucket here is named by its upper bound, in OTLP by its lower one.
      const std::int32_t offset = to.spans.empty() ? buckets.offset + 1 : static_cast<std::int32_t>(empty);
      to.spans.push(arena, {.offset = offset, .length = 0});
    } else {
      for (; empty > 0; --empty) {
        to.deltas.push(arena, -before);
        before = 0;
        ++to.spans.back().length;
      }
    }
    empty = 0;
    to.deltas.push(arena, static_cast<std::int64_t>(count) - before);
    before = static_cast<std::int64_t>(count);
    ++to.spans.back().length;
  }
  return to;
}

}  // namespace

const NativeHistogram* native_histogram(const ExponentialHistogramPoint& point, Arena& arena) {
  if (point.scale < schema_min) return nullptr;
  ExponentialBuckets positive = point.positive, negative = point.negative;
  std::int32_t schema = point.scale;
  if (schema > schema_max) {
    const auto by = static_cast<std::uint32_t>(schema - schema_max);
    positive = coarsened(positive, by, arena);
    negative = coarsened(negative, by, arena);
    schema = schema_max;
  }
  // The last bucket's number here is one more than there.
  const auto fits = [](const ExponentialBuckets& buckets) {
    const std::int64_t end = std::int64_t{buckets.offset} + buckets.bucket_counts.size();
    return buckets.bucket_counts.empty() || end < std::numeric_limits<std::int32_t>::max();
  };
  if (!fits(positive) || !fits(negative)) return nullptr;
  NativeHistogram* histogram = new (arena.allocate(sizeof(NativeHistogram), alignof(NativeHistogram))) NativeHistogram;
  histogram->count = point.count;
  histogram->sum = point.sum.is_set ? point.sum.value : 0;
  histogram->zero_count = point.zero_count;
  histogram->schema = schema;
  histogram->zero_threshold = point.zero_threshold != 0 ? point.zero_threshold : zero_threshold_default;
  histogram->positive = native_buckets(positive, arena);
  histogram->negative = native_buckets(negative, arena);
  return histogram;
}

}  // namespace rankwire::series
