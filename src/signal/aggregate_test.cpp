#include "signal/aggregate.hpp"

#include <doctest/doctest.h>

#include "signal/exponential_buckets.hpp"
#include "testing/metric_batches.hpp"

namespace rankwire {
namespace {

using testing::Lines;
using testing::MetricBatchBuilder;
using testing::point_lines;

Lines aggregated(MetricBatchBuilder& builder, Aggregation how) {
  aggregate_points(builder.current(), how, builder.arena());
  return point_lines(builder.take());
}

TEST_CASE("points with equal attributes and times are joined, in the order of the first of each") {
  MetricBatchBuilder b;
  b.gauge("g").point(3, {{"a", "1"}, {"b", "2"}}, 0, 7).point(5, {}, 0, 7).point(4, {{"b", "2"}, {"a", "1"}}, 0, 7);
  b.point(9, {}, 0, 8);
  CHECK(aggregated(b, Aggregation::sum) == Lines{"g{a=1,b=2} 7 @0-7", "g{} 5 @0-7", "g{} 9 @0-8"});
}

TEST_CASE("each aggregation gives what its name says, and integers stay integers") {
  const auto of = [](Aggregation how) {
    MetricBatchBuilder b;
    b.gauge("g").point(7).point(1).point(2).point(8);
    return aggregated(b, how)[0];
  };
  CHECK(of(Aggregation::sum) == "g{} 18 @0-0");
  CHECK(of(Aggregation::mean) == "g{} 4 @0-0");
  CHECK(of(Aggregation::min) == "g{} 1 @0-0");
  CHECK(of(Aggregation::max) == "g{} 8 @0-0");
  CHECK(of(Aggregation::median) == "g{} 4 @0-0");
  CHECK(of(Aggregation::count) == "g{} 4 @0-0");
}

TEST_CASE("an integer and a real make a real; points without a value change nothing") {
  MetricBatchBuilder b;
  b.gauge("g").point(1).point(2.5).point(0);
  b.current().numbers.back().value.type = NumberType::none;
  CHECK(aggregated(b, Aggregation::mean) == Lines{"g{} 1.75r @0-0"});
}

TEST_CASE("deltas of different intervals are not joined, cumulative ones are from the earliest start") {
  MetricBatchBuilder deltas, totals;
  deltas.delta("d").point(1, {}, 5, 9).point(1, {}, 6, 9);
  CHECK(aggregated(deltas, Aggregation::sum) == Lines{"d{} 1 @5-9", "d{} 1 @6-9"});
  totals.counter("c").point(1, {}, 6, 9).point(1, {}, 5, 9);
  CHECK(aggregated(totals, Aggregation::sum) == Lines{"c{} 2 @5-9"});
}

TEST_CASE("histograms are added where their bounds agree") {
  MetricBatchBuilder b;
  b.metric("h", MetricType::histogram, Temporality::cumulative);
  b.histogram({1, 2, 3}, 4).histogram({1, 1, 1}, 2).histogram({5, 5}, 1);
  CHECK(aggregated(b, Aggregation::mean) == Lines{"h{} 9/6[2,3,4] @0-0", "h{} 10/1[5,5] @0-0"});
}

TEST_CASE("exponential histograms are added at the lower of their scales") {
  MetricBatchBuilder b;
  b.metric("e", MetricType::exponential_histogram, Temporality::delta);
  b.exponential(1, 3, {1, 1}, 4).exponential(0, -1, {7, 0, 2}, 3);
  CHECK(aggregated(b, Aggregation::sum) == Lines{"e{} 11/7s0+-1[7,0,3,1] @0-0"});
}

TEST_CASE("buckets far apart do not take more memory than the bound") {
  MetricBatchBuilder b;
  b.metric("e", MetricType::exponential_histogram, Temporality::delta);
  b.exponential(20, INT32_MIN, {1}, 0).exponential(20, INT32_MAX, {1}, 0);
  aggregate_points(b.current(), Aggregation::sum, b.arena());
  REQUIRE(b.current().exponential_histograms.size() == 1);
  const ExponentialHistogramPoint& point = b.current().exponential_histograms[0];
  CHECK(point.positive.bucket_counts.size() <= exponential_buckets_max);
  CHECK(point.scale == 0);
  std::uint64_t total = 0;
  for (const std::uint64_t count : point.positive.bucket_counts) total += count;
  CHECK(total == 2);
}

TEST_CASE("values below a wider zero bucket move into it") {
  MetricBatchBuilder b;
  b.metric("e", MetricType::exponential_histogram, Temporality::delta);
  b.exponential(0, 0, {1, 2, 3}, 0).exponential(0, 2, {5}, 0);
  b.current().exponential_histograms.back().zero_threshold = 4;
  b.current().exponential_histograms.back().zero_count = 1;
  CHECK(aggregated(b, Aggregation::sum) == Lines{"e{} 11/0s0z4+2[8] @0-0"});
}

TEST_CASE("the difference of buckets is trimmed and never below zero") {
  Arena arena;
  const auto make = [&arena](std::int32_t offset, std::initializer_list<std::uint64_t> counts) {
    ExponentialBuckets buckets;
    buckets.offset = offset;
    for (const std::uint64_t count : counts) buckets.bucket_counts.push(arena, count);
    return buckets;
  };
  const ExponentialBuckets left = difference(make(2, {4, 5, 6, 1}), make(1, {9, 4, 2, 9}), arena);
  CHECK(left.offset == 3);
  CHECK(testing::list_text(left.bucket_counts) == "[3,0,1]");
  CHECK(difference(make(2, {4}), make(2, {4}), arena).bucket_counts.empty());
  CHECK(coarsened(make(-3, {1, 2, 4, 8, 16}), 1, arena).offset == -2);
  CHECK(testing::list_text(coarsened(make(-3, {1, 2, 4, 8, 16}), 1, arena).bucket_counts) == "[1,6,24]");
  CHECK(coarsened(make(-3, {1, 2}), 4'000'000'000u, arena).offset == -1);
}

}  // namespace
}  // namespace rankwire
