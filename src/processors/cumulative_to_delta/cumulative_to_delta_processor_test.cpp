#include "processors/cumulative_to_delta/cumulative_to_delta_processor.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/worker.hpp"
#include "testing/metric_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::cumulative_to_delta {
namespace {

using testing::Lines;
using testing::MetricBatchBuilder;
using testing::point_lines;

struct Fixture {
  testing::ProcessorFixture fixture{cumulative_to_delta_factory()};
  std::unique_ptr<Processor> processor;

  explicit Fixture(const std::string& yaml = "{initial_value: drop}") {
    auto made = fixture.make(yaml);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    processor = std::move(*made);
  }
  Lines through(MetricBatchBuilder& builder) {
    SignalBatch batch = builder.take();
    REQUIRE(processor->process(batch));
    for (const MetricResource& resource : batch.metrics().resources)
      for (const MetricScope& scope : resource.scopes) CHECK(!scope.records.empty());
    return point_lines(batch);
  }
  template <class N>
  Lines count(N value, std::uint64_t time, std::uint64_t start = 1) {
    MetricBatchBuilder b;
    b.counter("c").point(value, {}, start, time);
    return through(b);
  }
  Lines histogram(std::initializer_list<std::uint64_t> buckets, double sum, std::uint64_t time) {
    MetricBatchBuilder b;
    b.metric("h", MetricType::histogram, Temporality::cumulative).histogram(buckets, sum, {}, 1, time);
    b.current().histograms[0].min = b.current().histograms[0].max = {true, 3};
    return through(b);
  }
  Lines exponential(std::int32_t scale, std::int32_t offset, std::initializer_list<std::uint64_t> buckets, double sum,
                    std::uint64_t time, double threshold = 0, std::uint64_t zeros = 0) {
    MetricBatchBuilder b;
    b.metric("e", MetricType::exponential_histogram, Temporality::cumulative);
    b.exponential(scale, offset, buckets, sum, {}, 1, time);
    ExponentialHistogramPoint& point = b.current().exponential_histograms[0];
    point.zero_threshold = threshold;
    point.zero_count = zeros;
    point.count += zeros;
    return through(b);
  }
  std::uint64_t dropped(const char* reason) {
    return fixture.environment.counters.total("rankwire_cumulative_to_delta_dropped_points_total",
                                              {{"reason", reason}});
  }
};

TEST_CASE("the difference to the point before goes out, from its time on") {
  Fixture f;
  CHECK(f.count(5, 10).empty());
  CHECK(f.count(7, 20) == Lines{"c{} 2 @10-20"});
  CHECK(f.count(7, 30) == Lines{"c{} 0 @20-30"});
  CHECK(f.count(7.5, 40) == Lines{"c{} 0.5r @30-40"});
  CHECK(f.dropped("first") == 1);
}

TEST_CASE("series are told apart by resource, attributes, unit and start, whatever the order of keys") {
  Fixture f;
  const auto batch = [](std::int64_t a, std::int64_t b, bool is_turned) {
    MetricBatchBuilder builder;
    builder.resource({{"pod", "one"}}).counter("c");
    if (is_turned)
      builder.point(a, {{"y", "2"}, {"x", "1"}}, 1, 10);
    else
      builder.point(a, {{"x", "1"}, {"y", "2"}}, 1, 10);
    builder.resource({{"pod", "two"}}).counter("c").point(b, {{"x", "1"}, {"y", "2"}}, 1, 10);
    builder.counter("c").unit("s").point(b, {{"x", "1"}, {"y", "2"}}, 1, 10);
    builder.counter("c").point(b, {{"x", "1"}, {"y", "2"}}, 2, 10);
    return builder;
  };
  MetricBatchBuilder first = batch(1, 100, false), second = batch(3, 107, true);
  CHECK(f.through(first).empty());
  CHECK(f.through(second) ==
        Lines{"c{y=2,x=1} 2 @10-10", "c{x=1,y=2} 7 @10-10", "c{x=1,y=2} 7 @10-10", "c{x=1,y=2} 7 @10-10"});
}

TEST_CASE("the metric that goes out is a delta, and what cannot be converted passes as it is") {
  Fixture f("{initial_value: keep}");
  MetricBatchBuilder b;
  b.counter("c").point(5, {}, 1, 2);
  b.metric("up_and_down", MetricType::sum, Temporality::cumulative, false).point(5, {}, 1, 2);
  b.delta("d").point(5, {}, 1, 2).gauge("g").point(5).metric("s", MetricType::summary).summary(1, 2);
  b.metric("empty", MetricType::histogram, Temporality::delta);
  SignalBatch batch = b.take();
  REQUIRE(f.processor->process(batch));
  const auto& records = batch.metrics().resources[0].scopes[0].records;
  REQUIRE(records.size() == 6);
  CHECK(records[0].temporality == Temporality::delta);
  CHECK(records[0].is_monotonic);
  CHECK(records[1].temporality == Temporality::cumulative);
  CHECK(point_lines(batch)[0] == "c{} 5 @1-2");
}

TEST_CASE("the first point passes as initial_value says") {
  Fixture keep("{initial_value: keep}");
  CHECK(keep.count(5, 10) == Lines{"c{} 5 @1-10"});
  Fixture automatic("{}");
  const std::uint64_t made = automatic.fixture.environment.clock.unix_nanos();
  CHECK(automatic.count(1, made + 9, 0).empty());
  CHECK(automatic.count(1, made + 9, made - 1).empty());
  CHECK(automatic.count(1, made + 9, made + 9).empty());
  CHECK(automatic.count(1, made + 9, made + 8).size() == 1);
}

TEST_CASE("after a restart the value itself is what was counted") {
  Fixture f;
  f.count(50, 10);
  CHECK(f.count(3, 20) == Lines{"c{} 3 @10-20"});
  CHECK(f.count(4, 30) == Lines{"c{} 1 @20-30"});
  CHECK(f.fixture.environment.counters.total("rankwire_cumulative_to_delta_restarts_total") == 1);
  f.histogram({1, 2}, 5, 10);
  CHECK(f.histogram({0, 9}, 7, 20) == Lines{"h{} 9/7[0,9] @10-20"});
  f.exponential(2, 0, {5, 5}, 9, 10);
  CHECK(f.exponential(3, 1, {4}, 8, 20) == Lines{"e{} 4/8s3+1[4] @10-20"});
}

TEST_CASE("late and contradicting points are dropped and do not disturb the series") {
  Fixture f;
  f.count(50, 20);
  CHECK(f.count(40, 10).empty());
  CHECK(f.count(49, 20).empty());
  CHECK(f.count(60, 30) == Lines{"c{} 10 @20-30"});
  CHECK(f.dropped("out_of_order") == 2);
}

TEST_CASE("points without a value are dropped, and what is not a number passes untouched") {
  Fixture f;
  f.count(1.5, 10);
  CHECK(f.count(std::nan(""), 20) == Lines{"c{} nanr @1-20"});
  MetricBatchBuilder b;
  b.counter("c").point(0, {}, 1, 25);
  b.current().numbers[0].flags = 1;
  CHECK(f.through(b).empty());
  CHECK(f.dropped("no_value") == 1);
  CHECK(f.count(2.0, 30) == Lines{"c{} 0.5r @10-30"});
}

TEST_CASE("histograms give differences of counts, sum and buckets, and no extremes") {
  Fixture f;
  f.histogram({1, 2, 3}, 10, 10);
  MetricBatchBuilder b;
  b.metric("h", MetricType::histogram, Temporality::cumulative).histogram({2, 2, 5}, 14, {}, 1, 20);
  b.current().histograms[0].min = {true, 1};
  SignalBatch batch = b.take();
  REQUIRE(f.processor->process(batch));
  CHECK(point_lines(batch) == Lines{"h{} 3/4[1,0,2] @10-20"});
  CHECK(!batch.metrics().resources[0].scopes[0].records[0].histograms[0].min.is_set);
}

TEST_CASE("a histogram whose bounds change gives no delta once") {
  Fixture f;
  f.histogram({1, 2, 3}, 10, 10);
  CHECK(f.histogram({4, 5}, 20, 20).empty());
  CHECK(f.histogram({4, 6}, 23, 30) == Lines{"h{} 1/3[0,1] @20-30"});
  CHECK(f.dropped("changed_buckets") == 1);
}

TEST_CASE("exponential histograms are compared at the coarser scale and the wider zero bucket") {
  Fixture f;
  f.exponential(1, 2, {1, 2, 4}, 10, 10);
  CHECK(f.exponential(0, 1, {5, 6, 1}, 15, 20) == Lines{"e{} 5/5s0+1[2,2,1] @10-20"});
  CHECK(f.exponential(0, 2, {7, 2}, 16, 30, 4, 6) == Lines{"e{} 3/1s0z1+2[1,1] @20-30"});
}

TEST_CASE("an exponential histogram that gets finer gives no delta once") {
  Fixture f;
  f.exponential(0, 1, {5}, 15, 10);
  CHECK(f.exponential(1, 2, {6}, 16, 20).empty());
  CHECK(f.exponential(1, 2, {8}, 20, 30) == Lines{"e{} 2/4s1+2[2] @20-30"});
  CHECK(f.dropped("changed_buckets") == 1);
}

TEST_CASE("include and exclude choose by name and type") {
  const auto converted = [](const std::string& filters) {
    Fixture f("{initial_value: keep, " + filters + "}");
    MetricBatchBuilder b;
    b.counter("http.requests").point(1).counter("Http.errors").point(1);
    b.metric("http.time", MetricType::histogram, Temporality::cumulative).histogram({1}, 1);
    SignalBatch batch = b.take();
    REQUIRE(f.processor->process(batch));
    std::string names;
    for (const Metric& metric : batch.metrics().resources[0].scopes[0].records)
      if (metric.temporality == Temporality::delta) names += std::string(metric.name) + " ";
    return names;
  };
  CHECK(converted("include: {}") == "http.requests Http.errors http.time ");
  CHECK(converted("include: {match_type: strict, metrics: [http.requests]}") == "http.requests ");
  CHECK(converted("include: {match_type: regexp, metrics: ['^http']}") == "http.requests http.time ");
  CHECK(converted("include: {metric_types: [Sum]}") == "http.requests Http.errors ");
  CHECK(converted("include: {metric_types: [sum], match_type: regexp, metrics: [http]}") == "http.requests ");
  CHECK(converted("exclude: {match_type: strict, metrics: [http.requests]}") == "Http.errors http.time ");
  CHECK(converted("exclude: {metric_types: [histogram]}") == "http.requests Http.errors ");
}

TEST_CASE("wrong settings are refused with their place and a remedy") {
  testing::ProcessorFixture f(cumulative_to_delta_factory());
  const auto refused = [&f](const char* yaml, const char* part) {
    const std::string message = f.refusal(yaml);
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  };
  refused("{include: {metrics: [a]}}", "match_type");
  refused("{exclude: {match_type: strict}}", "metrics");
  refused("{include: {metric_types: [gauge]}}", "exponentialhistogram");
  refused("{include: {match_type: regexp, metrics: ['(']}}", "not a regular expression");
  refused("{initial_value: first}", "auto");
  refused("{max_staleness: -1s}", "max_staleness");
  refused("{max_state_size: 1KiB}", "max_state_size");
}

TEST_CASE("a series that was not seen for max_staleness begins anew") {
  Fixture f("{initial_value: drop, max_staleness: 10s}");
  f.count(5, 10);
  f.fixture.environment.clock.advance(std::chrono::seconds(9));
  CHECK(f.count(6, 20).size() == 1);
  f.fixture.environment.clock.advance(std::chrono::seconds(10));
  CHECK(f.count(7, 30).empty());
  CHECK(f.fixture.environment.counters.total("rankwire_state_removed_total", {{"reason", "expired"}}) == 1);
}

TEST_CASE("with the state full known series go on and new ones are dropped and counted") {
  Fixture f("{initial_value: keep, max_state_size: 64KiB}");
  MetricBatchBuilder many;
  many.counter("c");
  for (int i = 0; i < 2000; ++i) many.point(1, {{"i", std::to_string(i).c_str()}}, 1, 10);
  const std::size_t kept = f.through(many).size();
  CHECK(kept > 100);
  CHECK(kept < 1000);
  CHECK(f.dropped("state_full") == 2000 - kept);
  MetricBatchBuilder again;
  again.counter("c").point(3, {{"i", "0"}}, 1, 20).point(3, {{"i", "1999"}}, 1, 20);
  CHECK(f.through(again) == Lines{"c{i=0} 2 @10-20"});
  CHECK(f.fixture.environment.counters.total("rankwire_state_bytes") <= 64 * 1024);
}

TEST_CASE("batches from several threads lose and double nothing") {
  Fixture f("{initial_value: keep}");
  std::atomic<std::int64_t> total{0};
  std::mutex order;
  std::int64_t value = 0;
  std::vector<Worker> workers;
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back("test", [&](std::stop_token) {
      for (int i = 0; i < 500; ++i) {
        MetricBatchBuilder b;
        const std::lock_guard lock(order);  // The times of one series must rise; other series need no order.
        ++value;
        b.counter("c").point(value, {}, 1, static_cast<std::uint64_t>(value));
        SignalBatch batch = b.take();
        REQUIRE(f.processor->process(batch));
        for (const NumberPoint& point : batch.metrics().resources[0].scopes[0].records[0].numbers)
          total += point.value.integer;
      }
    });
  }
  workers.clear();
  CHECK(total == 2000);
}

TEST_CASE("an empty batch stays empty") {
  Fixture f;
  MetricBatchBuilder b;
  CHECK(f.through(b).empty());
}

}  // namespace
}  // namespace rankwire::cumulative_to_delta
