#include "processors/metric_start_time/metric_start_time_processor.hpp"

#include <doctest/doctest.h>

#include "testing/metric_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::metric_start_time {
namespace {

using testing::Lines;
using testing::MetricBatchBuilder;
using testing::point_lines;

constexpr std::uint64_t ms = 1'000'000;

struct Fixture {
  testing::ProcessorFixture fixture{metric_start_time_factory()};
  std::unique_ptr<Processor> processor;

  explicit Fixture(const std::string& strategy, const std::string& more = "") {
    auto made = fixture.make("{strategy: " + strategy + more + "}");
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    processor = std::move(*made);
  }
  Lines through(MetricBatchBuilder builder) {
    SignalBatch batch = builder.take();
    REQUIRE(processor->process(batch));
    return point_lines(batch);
  }
  template <class N>
  Lines count(N value, std::uint64_t time, std::uint64_t start = 0) {
    MetricBatchBuilder b;
    b.counter("c").point(value, {}, start, time);
    return through(std::move(b));
  }
  Lines histogram(std::initializer_list<std::uint64_t> buckets, double sum, std::uint64_t time) {
    MetricBatchBuilder b;
    b.metric("h", MetricType::histogram, Temporality::cumulative).histogram(buckets, sum, {}, 0, time);
    return through(std::move(b));
  }
  Lines exponential(std::int32_t scale, std::int32_t offset, std::initializer_list<std::uint64_t> buckets, double sum,
                    std::uint64_t time) {
    MetricBatchBuilder b;
    b.metric("e", MetricType::exponential_histogram, Temporality::cumulative);
    b.exponential(scale, offset, buckets, sum, {}, 0, time);
    return through(std::move(b));
  }
  Lines summary(std::uint64_t count, double sum, std::uint64_t time) {
    MetricBatchBuilder b;
    b.metric("s", MetricType::summary).summary(count, sum, {}, 0, time);
    return through(std::move(b));
  }
};

TEST_CASE("a true reset point starts where it ends, and later points start there too") {
  Fixture f("true_reset_point");
  CHECK(f.count(5, 10 * ms) == Lines{"c{} 5 @10000000-10000000"});
  CHECK(f.count(7, 20 * ms) == Lines{"c{} 7 @10000000-20000000"});
  CHECK(f.histogram({1, 2}, 3, 10 * ms) == Lines{"h{} 3/3[1,2] @10000000-10000000"});
  CHECK(f.histogram({1, 3}, 4, 20 * ms) == Lines{"h{} 4/4[1,3] @10000000-20000000"});
  CHECK(f.exponential(0, 1, {2}, 3, 10 * ms) == Lines{"e{} 2/3s0+1[2] @10000000-10000000"});
  CHECK(f.exponential(0, 0, {1, 2}, 4, 20 * ms) == Lines{"e{} 3/4s0+0[1,2] @10000000-20000000"});
  CHECK(f.summary(1, 2, 10 * ms) == Lines{"s{} 1/2 @10000000-10000000"});
  CHECK(f.summary(3, 4, 20 * ms) == Lines{"s{} 3/4 @10000000-20000000"});
}

TEST_CASE("a series that falls began a millisecond before") {
  Fixture f("true_reset_point");
  f.count(5, 10 * ms);
  CHECK(f.count(2, 20 * ms) == Lines{"c{} 2 @19000000-20000000"});
  CHECK(f.count(3, 30 * ms) == Lines{"c{} 3 @19000000-30000000"});
  f.histogram({1, 2}, 3, 10 * ms);
  CHECK(f.histogram({0, 9}, 9, 20 * ms) == Lines{"h{} 9/9[0,9] @19000000-20000000"});
  CHECK(f.histogram({1, 2, 9}, 10, 30 * ms) == Lines{"h{} 12/10[1,2,9] @29000000-30000000"});
  f.exponential(2, 1, {2}, 3, 10 * ms);
  CHECK(f.exponential(3, 1, {2}, 3, 20 * ms) == Lines{"e{} 2/3s3+1[2] @19000000-20000000"});
  f.summary(5, 5, 10 * ms);
  CHECK(f.summary(6, 1, 20 * ms) == Lines{"s{} 6/1 @19000000-20000000"});
  CHECK(f.fixture.environment.counters.total("rankwire_metric_start_time_restarts_total") == 5);
}

TEST_CASE("the first point is subtracted from later ones and dropped") {
  Fixture f("subtract_initial_point");
  CHECK(f.count(5, 10 * ms).empty());
  CHECK(f.count(7, 20 * ms) == Lines{"c{} 2 @10000000-20000000"});
  CHECK(f.count(9, 30 * ms) == Lines{"c{} 4 @10000000-30000000"});
  CHECK(f.count(3, 40 * ms) == Lines{"c{} 3 @39000000-40000000"});
  CHECK(f.count(4, 50 * ms) == Lines{"c{} 4 @39000000-50000000"});
  CHECK(f.histogram({1, 2}, 3, 10 * ms).empty());
  CHECK(f.histogram({2, 2}, 4, 20 * ms) == Lines{"h{} 1/1[1,0] @10000000-20000000"});
  CHECK(f.exponential(1, 2, {1, 2}, 3, 10 * ms).empty());
  CHECK(f.exponential(0, 1, {4, 1}, 9, 20 * ms) == Lines{"e{} 2/6s0+1[1,1] @10000000-20000000"});
  CHECK(f.summary(1, 2, 10 * ms).empty());
  CHECK(f.summary(3, 5, 20 * ms) == Lines{"s{} 2/3 @10000000-20000000"});
}

TEST_CASE("the start time comes from a metric of the resource, else of the batch, else it is when we began") {
  Fixture f("start_time_metric");
  const auto batch = [](bool has_one) {
    MetricBatchBuilder b;
    b.resource({{"pod", "1"}}).counter("c").point(1, {}, 0, 9'000'000'000);
    if (has_one) b.gauge("process_start_time_seconds").point(5.5);
    b.resource({{"pod", "2"}}).counter("c").point(1, {}, 0, 9'000'000'000);
    b.resource({{"pod", "3"}}).counter("c").point(1, {}, 0, 9'000'000'000);
    if (has_one) b.gauge("process_start_time_seconds").point(6);
    return b;
  };
  const Lines lines = f.through(batch(true));
  CHECK(lines[0] == "c{} 1 @5500000000-9000000000");
  CHECK(lines[2] == "c{} 1 @5500000000-9000000000");
  CHECK(lines[3] == "c{} 1 @6000000000-9000000000");
  Fixture other("start_time_metric", ", start_time_metric_regex: '^start'");
  const std::uint64_t began = other.fixture.environment.clock.unix_nanos() / 1'000'000'000 * 1'000'000'000;
  MetricBatchBuilder fallback, found;
  fallback.counter("c").point(1, {}, 0, began + 5);
  CHECK(other.through(std::move(fallback)) ==
        Lines{"c{} 1 @" + std::to_string(began) + "-" + std::to_string(began + 5)});
  found.counter("d").point(1, {}, 0, 9'000'000'000).gauge("start").point(2);
  CHECK(other.through(std::move(found))[0] == "d{} 1 @2000000000-9000000000");
}

TEST_CASE("what has a start time or needs none passes unchanged") {
  Fixture f("subtract_initial_point");
  CHECK(f.count(5, 10, 7) == Lines{"c{} 5 @7-10"});
  MetricBatchBuilder b;
  b.gauge("g").point(1, {}, 0, 9).delta("d").point(1, {}, 0, 9);
  b.metric("h", MetricType::histogram, Temporality::delta).histogram({1}, 1, {}, 0, 9);
  CHECK(f.through(std::move(b)) == Lines{"g{} 1 @0-9", "d{} 1 @0-9", "h{} 1/1[1] @0-9"});
}

TEST_CASE("a sum that goes up and down neither begins again nor loses its value") {
  for (const char* strategy : {"true_reset_point", "subtract_initial_point"}) {
    Fixture f(strategy);
    for (const auto& [value, time] : {std::pair(5, 10), {3, 20}}) {
      MetricBatchBuilder b;
      b.metric("u", MetricType::sum, Temporality::cumulative, false);
      b.point(value, {}, 0, static_cast<std::uint64_t>(time));
      CHECK(f.through(std::move(b)) == Lines{"u{} " + std::to_string(value) + " @10-" + std::to_string(time)});
    }
  }
}

TEST_CASE("a point without a value gets the start time of its series and is no new beginning") {
  Fixture f("true_reset_point");
  f.count(5, 10 * ms);
  MetricBatchBuilder b;
  b.counter("c").point(0, {}, 0, 20 * ms).point(0, {{"other", "one"}}, 0, 20 * ms);
  for (NumberPoint& point : b.current().numbers) point.flags = 1;
  CHECK(f.through(std::move(b)) == Lines{"c{} 0 @10000000-20000000", "c{other=one} 0 @0-20000000"});
  CHECK(f.count(6, 30 * ms) == Lines{"c{} 6 @10000000-30000000"});
}

TEST_CASE("a series that was not seen for gc_interval begins anew, and the state is bounded") {
  Fixture f("true_reset_point", ", gc_interval: 10s, max_state_size: 64KiB");
  f.count(5, 10 * ms);
  f.fixture.environment.clock.advance(std::chrono::seconds(10));
  CHECK(f.count(7, 20 * ms) == Lines{"c{} 7 @20000000-20000000"});
  MetricBatchBuilder many;
  many.counter("m");
  for (int i = 0; i < 2000; ++i) many.point(1, {{"i", std::to_string(i).c_str()}}, 0, 10);
  CHECK(f.through(std::move(many)).back() == "m{i=1999} 1 @0-10");
  CHECK(f.fixture.environment.counters.total("rankwire_state_bytes") <= 64 * 1024);
}

TEST_CASE("wrong settings are refused with their place and a remedy") {
  testing::ProcessorFixture f(metric_start_time_factory());
  const auto refused = [&f](const char* yaml, const char* part) {
    const std::string message = f.refusal(yaml);
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  };
  refused("{strategy: guess}", "subtract_initial_point");
  refused("{gc_interval: 0s}", "gc_interval");
  refused("{start_time_metric_regex: a}", "start_time_metric");
  refused("{strategy: start_time_metric, start_time_metric_regex: '('}", "start_time_metric_regex");
}

TEST_CASE("an empty batch stays empty") {
  Fixture f("subtract_initial_point");
  CHECK(f.through({}).empty());
}

}  // namespace
}  // namespace rankwire::metric_start_time
