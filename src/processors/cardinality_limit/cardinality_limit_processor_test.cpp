#include "processors/cardinality_limit/cardinality_limit_processor.hpp"

#include <doctest/doctest.h>

#include "testing/metric_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::cardinality_limit {
namespace {

using testing::Lines;
using testing::MetricBatchBuilder;
using testing::point_lines;

struct Fixture {
  testing::ProcessorFixture fixture{cardinality_limit_factory()};
  std::unique_ptr<Processor> processor;

  explicit Fixture(const std::string& yaml) {
    auto made = fixture.make(yaml);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    processor = std::move(*made);
  }
  SignalBatch batch_of(MetricBatchBuilder& builder) {
    SignalBatch batch = builder.take();
    REQUIRE(processor->process(batch));
    return batch;
  }
  Lines through(MetricBatchBuilder builder) { return point_lines(batch_of(builder)); }
  std::uint64_t overflowed(const char* metric, const char* attribute) {
    return fixture.environment.counters.total("rankwire_cardinality_limit_overflow_points_total",
                                              {{"metric", metric}, {"attribute", attribute}});
  }
};

const std::string over = "{otel.metric.overflow=true}";

TEST_CASE("series within the budget keep their attributes, the excess goes into one overflow series") {
  Fixture f("{max_series: 2}");
  const auto deltas = [] {
    MetricBatchBuilder b;
    b.delta("d").point(1, {{"u", "a"}}, 5, 10).point(2, {{"u", "b"}}, 5, 10).point(3, {{"u", "c"}}, 4, 10);
    b.point(4, {{"u", "d"}}, 5, 11);
    return b;
  };
  const Lines expected{"d{u=a} 1 @5-10", "d{u=b} 2 @5-10", "d" + over + " 7 @4-11"};
  CHECK(f.through(deltas()) == expected);
  CHECK(f.through(deltas()) == expected);
  CHECK(f.overflowed("d", "u") == 4);
}

TEST_CASE("a budget is a metric's own and counts over resources") {
  Fixture f("{max_series: 1}");
  MetricBatchBuilder b;
  b.resource({{"pod", "1"}}).delta("d").point(1).delta("e").point(2);
  b.resource({{"pod", "2"}}).delta("d").point(3);
  CHECK(f.through(std::move(b)) == Lines{"d{} 1 @0-0", "e{} 2 @0-0", "d" + over + " 3 @0-0"});
}

TEST_CASE("of cumulative series the last point of each is added, of gauges the last value stays") {
  Fixture f("{max_series: 1}");
  MetricBatchBuilder b;
  b.counter("c").point(1, {}, 1, 10).point(5, {{"u", "b"}}, 1, 10).point(7, {{"u", "b"}}, 1, 20);
  b.point(100, {{"u", "c"}}, 2, 20);
  b.gauge("g").point(1, {}, 0, 10).point(5, {{"u", "b"}}, 0, 30).point(7, {{"u", "c"}}, 0, 20);
  CHECK(f.through(std::move(b)) ==
        Lines{"c{} 1 @1-10", "c" + over + " 107 @1-20", "g{} 1 @0-10", "g" + over + " 5 @0-30"});
}

TEST_CASE("distributions are added, and where bounds differ only count and sum are") {
  Fixture f("{max_series: 1}");
  MetricBatchBuilder same, other, exponential, summary;
  same.metric("h", MetricType::histogram, Temporality::delta);
  same.histogram({9}, 1).histogram({1, 2}, 3, {{"u", "a"}}).histogram({3, 4}, 5, {{"u", "b"}});
  CHECK(f.through(std::move(same))[1] == "h" + over + " 10/8[4,6] @0-0");
  other.metric("h", MetricType::histogram, Temporality::delta);
  other.histogram({1, 2}, 3, {{"u", "a"}}).histogram({3, 4, 5}, 5, {{"u", "b"}}).histogram({1, 1}, 1, {{"u", "c"}});
  CHECK(f.through(std::move(other)) == Lines{"h" + over + " 17/9[] @0-0"});
  exponential.metric("e", MetricType::exponential_histogram, Temporality::delta).exponential(0, 0, {1}, 1);
  exponential.exponential(0, 1, {2}, 1, {{"u", "a"}}).exponential(0, 3, {3}, 1, {{"u", "b"}});
  CHECK(f.through(std::move(exponential))[1] == "e" + over + " 5/2s0+1[2,0,3] @0-0");
  summary.metric("s", MetricType::summary).summary(1, 1).summary(2, 5, {{"u", "a"}}).summary(3, 6, {{"u", "b"}});
  CHECK(f.through(std::move(summary))[1] == "s" + over + " 5/11 @0-0");
}

TEST_CASE("an attribute has a budget of values, and a refused point takes no place") {
  Fixture f("{max_series: 3, attributes: [{key: user, max_values: 1}]}");
  MetricBatchBuilder b;
  b.delta("d").point(1, {{"user", "a"}, {"x", "1"}}).point(1, {{"user", "b"}, {"x", "1"}});
  b.point(1, {{"user", "a"}, {"x", "2"}}).point(1, {{"x", "3"}}).point(5, {{"x", "4"}});
  CHECK(f.through(std::move(b)) ==
        Lines{"d{user=a,x=1} 1 @0-0", "d{user=a,x=2} 1 @0-0", "d{x=3} 1 @0-0", "d" + over + " 6 @0-0"});
  CHECK(f.overflowed("d", "user") == 1);
  CHECK(f.overflowed("d", "x") == 1);
}

TEST_CASE("the attribute with the most values is blamed") {
  Fixture f("{max_series: 1}");
  MetricBatchBuilder b;
  b.delta("d");
  for (int i = 0; i < 100; ++i)
    b.point(1, {{"method", i % 2 == 0 ? "get" : "post"}, {"id", std::to_string(i).c_str()}});
  f.through(std::move(b));
  CHECK(f.overflowed("d", "id") >= 95);
}

TEST_CASE("limits of single metrics go before the general ones, the first that matches holds") {
  Fixture f(
      "{max_series: 1, max_attribute_values: 9, limits: [{metrics: [a], max_series: 0, max_attribute_values: 0}, "
      "{match_type: regexp, metrics: ['^a', '^b'], max_series: 2}, {metrics: [c], attributes: [{key: u, max_values: "
      "0}], max_series: 100}]}");
  const auto series = [&f](const char* name, int points) {
    MetricBatchBuilder b;
    b.delta(name);
    for (int i = 0; i < points; ++i) b.point(1, {{"u", std::to_string(i).c_str()}});
    std::size_t kept = 0;
    for (const std::string& line : f.through(std::move(b))) kept += line.find("overflow") == std::string::npos ? 1 : 0;
    return kept;
  };
  CHECK(series("a", 50) == 50);
  CHECK(series("ab", 50) == 2);
  CHECK(series("b", 50) == 2);
  CHECK(series("c", 50) == 50);
  CHECK(series("d", 50) == 1);
}

TEST_CASE("a series that is not seen gives its place back") {
  Fixture f("{max_series: 1, max_staleness: 10s, max_attribute_values: 1}");
  const auto one = [&f](const char* user) {
    MetricBatchBuilder b;
    b.delta("d").point(1, {{"u", user}});
    return f.through(std::move(b))[0];
  };
  CHECK(one("a") == "d{u=a} 1 @0-0");
  f.fixture.environment.clock.advance(std::chrono::seconds(9));
  CHECK(one("a") == "d{u=a} 1 @0-0");
  CHECK(one("b") == "d" + over + " 1 @0-0");
  f.fixture.environment.clock.advance(std::chrono::seconds(10));
  CHECK(one("b") == "d{u=b} 1 @0-0");
  CHECK(one("a") == "d" + over + " 1 @0-0");
  CHECK(f.fixture.environment.counters.total("rankwire_state_entries") == 2);
}

TEST_CASE("points without a value and overflow points of others are no new series") {
  Fixture f("{max_series: 1}");
  MetricBatchBuilder b;
  b.delta("d").point(1).point(2, {{"u", "a"}});
  b.current().numbers.back().flags = 1;
  b.point(3);
  set(b.current().numbers.back().attributes, b.arena(), "otel.metric.overflow", Value::of(true));
  CHECK(f.through(std::move(b)) == Lines{"d{} 1 @0-0", "d" + over + " 3 @0-0"});
}

TEST_CASE("the memory stays within its bound, whatever comes, and is given back") {
  Fixture f("{max_series: 0, max_attribute_values: 100000, max_state_size: 128KiB, max_staleness: 10s}");
  for (int m = 0; m < 30; ++m) {
    MetricBatchBuilder b;
    b.delta("metric " + std::to_string(m));
    for (int i = 0; i < 100; ++i) b.point(1, {{"u", std::to_string(i).c_str()}, {std::to_string(i).c_str(), "x"}});
    f.through(std::move(b));
  }
  CHECK(f.fixture.environment.counters.total("rankwire_state_bytes") <= 128 * 1024);
  CHECK(f.fixture.environment.counters.total("rankwire_cardinality_limit_overflow_points_total") > 1000);
  f.fixture.environment.clock.advance(std::chrono::seconds(30));
  MetricBatchBuilder b;
  b.delta("new").point(1, {{"u", "1"}});
  CHECK(f.through(std::move(b)) == Lines{"new{u=1} 1 @0-0"});
  CHECK(f.fixture.environment.counters.total("rankwire_state_entries") == 2);
}

TEST_CASE("wrong settings are refused with their place") {
  testing::ProcessorFixture f(cardinality_limit_factory());
  const auto refused = [&f](const char* yaml, const char* part) {
    const std::string message = f.refusal(yaml);
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  };
  refused("{max_series: -1}", "max_series");
  refused("{attributes: [{max_values: 5}]}", "key");
  refused("{limits: [{max_series: 5}]}", "metrics");
  refused("{limits: [{metrics: ['('], match_type: regexp}]}", "not a regular expression");
  refused("{max_staleness: -1s}", "max_staleness");
  refused("{max_state_size: 1KiB}", "max_state_size");
}

TEST_CASE("an empty batch stays empty") {
  Fixture f("{}");
  CHECK(f.through({}).empty());
}

}  // namespace
}  // namespace rankwire::cardinality_limit
