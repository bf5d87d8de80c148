#include "signal/running_histogram.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.hpp"

namespace rankwire {
namespace {

ExponentialHistogramPoint point_of(const RunningHistogram& histogram, Arena& arena) {
  List<ExponentialHistogramPoint> points;
  return histogram.add_exponential(points, arena);
}

TEST_CASE("a value counts in the first bucket whose bound is not below it") {
  const HistogramShape shape{.bounds = {1, 2, 4}};
  RunningHistogram histogram;
  for (const double value : {0.0, 1.0, 1.5, 2.0, 4.0, 4.5, 1e9}) histogram.observe(shape, value);
  Arena arena;
  List<HistogramPoint> points;
  const HistogramPoint& point = histogram.add_explicit(shape, shape.copy_bounds(arena), points, arena);
  CHECK(point.count == 7);
  CHECK(point.sum.value == 1e9 + 13);
  CHECK(!point.min.is_set);
  REQUIRE(point.bucket_counts.size() == 4);
  CHECK(point.bucket_counts[0] == 2);
  CHECK(point.bucket_counts[1] == 2);
  CHECK(point.bucket_counts[2] == 1);
  CHECK(point.bucket_counts[3] == 2);
  CHECK(point.explicit_bounds.size() == 3);
}

TEST_CASE("a histogram without values has empty buckets, also after a reset") {
  const HistogramShape shape{.bounds = {1}};
  RunningHistogram histogram;
  Arena arena;
  List<HistogramPoint> points;
  CHECK(histogram.add_explicit(shape, shape.copy_bounds(arena), points, arena).bucket_counts.size() == 2);
  histogram.observe(shape, 5, 3);
  histogram.reset();
  const HistogramPoint& point = histogram.add_explicit(shape, shape.copy_bounds(arena), points, arena);
  CHECK(point.count == 0);
  CHECK(point.sum.value == 0);
  CHECK(point.bucket_counts[1] == 0);
}

TEST_CASE("negative values have buckets of their own, at the same scale") {
  const HistogramShape shape{.exponential_max = 4};
  RunningHistogram histogram;
  for (const double value : {-4.0, -1.0, 0.0, 3.0}) histogram.observe(shape, value);
  Arena arena;
  const auto point = point_of(histogram, arena);
  CHECK(point.count == 4);
  CHECK(point.sum.value == -2);
  CHECK(point.zero_count == 1);
  CHECK(point.min.value == -4);
  CHECK(point.scale == 0);
  CHECK(point.positive.offset == 1);
  REQUIRE(point.negative.bucket_counts.size() == 3);
  CHECK(point.negative.offset == -1);
  CHECK(point.negative.bucket_counts[0] == 1);
  CHECK(point.negative.bucket_counts[2] == 1);
}

TEST_CASE("one value of an exponential histogram has the finest scale") {
  const HistogramShape shape{.exponential_max = 160};
  RunningHistogram histogram;
  histogram.observe(shape, 4);
  Arena arena;
  const auto point = point_of(histogram, arena);
  CHECK(point.scale == 20);
  CHECK(point.positive.offset == 2 * (1 << 20) - 1);  // A power of two is the upper bound of its bucket.
  CHECK(point.positive.bucket_counts.size() == 1);
  CHECK(point.min.value == 4);
  CHECK(point.max.value == 4);
}

TEST_CASE("zeros have their own count and no buckets") {
  const HistogramShape shape{.exponential_max = 2};
  RunningHistogram histogram;
  histogram.observe(shape, 0, 5);
  Arena arena;
  const auto point = point_of(histogram, arena);
  CHECK(point.zero_count == 5);
  CHECK(point.count == 5);
  CHECK(point.scale == 0);
  CHECK(point.positive.bucket_counts.empty());
}

TEST_CASE("powers of two at scale 0 lie in the bucket below them") {
  const HistogramShape shape{.exponential_max = 4};
  RunningHistogram histogram;
  for (const double value : {1.0, 2.0, 4.0, 8.0}) histogram.observe(shape, value);
  Arena arena;
  const auto point = point_of(histogram, arena);
  CHECK(point.scale == 0);
  CHECK(point.positive.offset == -1);
  REQUIRE(point.positive.bucket_counts.size() == 4);
  for (const std::uint64_t count : point.positive.bucket_counts) CHECK(count == 1);
}

TEST_CASE("whatever the values, every one is in the bucket that covers it, and there are not too many buckets") {
  const auto random = make_random(7);
  for (const std::uint32_t buckets_max : {2u, 7u, 160u}) {
    const HistogramShape shape{.exponential_max = buckets_max};
    RunningHistogram histogram;
    std::vector<double> values;
    for (int i = 0; i < 300; ++i) {
      values.push_back(std::ldexp(random->unit() + 0.01, static_cast<int>(random->below(i < 100 ? 8 : 600)) - 300));
      histogram.observe(shape, values.back(), 2);
    }
    Arena arena;
    const auto point = point_of(histogram, arena);
    REQUIRE(point.positive.bucket_counts.size() <= buckets_max);
    std::vector<std::uint64_t> expected(point.positive.bucket_counts.size());
    for (const double value : values) {
      const double at = std::ceil(std::ldexp(std::log2(value), point.scale)) - 1 - point.positive.offset;
      REQUIRE(at >= 0);
      REQUIRE(at < static_cast<double>(expected.size()));
      expected[static_cast<std::size_t>(at)] += 2;
    }
    for (std::uint32_t i = 0; i < expected.size(); ++i) CHECK(point.positive.bucket_counts[i] == expected[i]);
    CHECK(point.count == 600);
  }
}

TEST_CASE("a reset exponential histogram starts at the finest scale again") {
  const HistogramShape shape{.exponential_max = 2};
  RunningHistogram histogram;
  histogram.observe(shape, 1);
  histogram.observe(shape, 1000);
  histogram.reset();
  histogram.observe(shape, 3);
  Arena arena;
  CHECK(point_of(histogram, arena).scale == 20);
  CHECK(point_of(histogram, arena).count == 1);
}

}  // namespace
}  // namespace rankwire
