#include "processors/interval/interval_processor.hpp"

#include <doctest/doctest.h>

#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"

namespace rankwire::interval {
namespace {

using std::chrono::seconds;
using testing::MetricBatchBuilder;

// What a door got, point by point.
std::vector<std::string> lines_of(testing::RecordingIntake& door) {
  std::vector<std::string> lines;
  for (auto& taken : door.taken())
    for (const std::string& line : testing::point_lines(taken.batch)) lines.push_back(line);
  return lines;
}

struct Fixture : testing::ConnectorFixture {
  explicit Fixture(const std::string& yaml = "{}") : ConnectorFixture(interval_factory()) {
    auto made = make(yaml);
    REQUIRE_MESSAGE(made, made.error().message());
    connector = std::move(*made);
    REQUIRE(connector->start(host));
  }
  std::unique_ptr<Connector> connector;
};

}  // namespace

TEST_CASE("the latest point of each series goes on when the interval is over") {
  Fixture f;
  REQUIRE(f.connector->consume(
      MetricBatchBuilder().counter("requests").point(1, {{"a", "1"}}, 5, 10).point(7, {{"a", "2"}}, 5, 10).take(),
      f.completion(1)));
  REQUIRE(f.connector->consume(MetricBatchBuilder().counter("requests").point(3, {{"a", "1"}}, 5, 30).take(),
                               f.completion(2)));
  // Older than the one before.
  REQUIRE(f.connector->consume(MetricBatchBuilder().counter("requests").point(2, {{"a", "1"}}, 5, 20).take(),
                               f.completion(3)));
  CHECK(f.metrics.taken().empty());
  CHECK(f.ledger.dropped("aggregated") == 2);
  CHECK(f.ledger.held() == 2);
  CHECK(f.connector->held_memory() > Bytes{});
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(1));
  f.connector->stop(Deadline::never());
  CHECK(lines_of(f.metrics) == testing::Lines{"requests{a=1} 3 @5-30", "requests{a=2} 7 @5-10"});
  CHECK(!f.listener->end_of(1));
  f.metrics.settle();
  f.metrics.taken().clear();
  CHECK(f.listener->settled() == 3);
  CHECK(f.ledger.held() == 0);
}

TEST_CASE("deltas and counters that may fall pass at once; gauges and summaries do if asked") {
  Fixture f("{pass_through: {gauge: true, summary: true}}");
  REQUIRE(f.connector->consume(MetricBatchBuilder()
                                   .delta("d")
                                   .point(1)
                                   .metric("updown", MetricType::sum, Temporality::cumulative, false)
                                   .point(2)
                                   .gauge("g")
                                   .point(3)
                                   .metric("s", MetricType::summary)
                                   .summary(1, 4)
                                   .counter("c")
                                   .point(5)
                                   .take(),
                               f.completion(1)));
  REQUIRE(f.metrics.taken().size() == 1);
  CHECK(f.metrics.records() == 4);
  CHECK(f.ledger.held() == 1);
  f.connector->stop(Deadline::never());
  CHECK(f.metrics.records() == 5);
}

TEST_CASE("streams that differ in resource, scope, unit or temporality are kept apart") {
  Fixture f;
  REQUIRE(f.connector->consume(MetricBatchBuilder()
                                   .resource({{"pod", "a"}})
                                   .counter("c")
                                   .point(1)
                                   .counter("c")
                                   .unit("s")
                                   .point(2)
                                   .resource({{"pod", "b"}})
                                   .counter("c")
                                   .point(3)
                                   .take(),
                               {}));
  REQUIRE(f.connector->consume(MetricBatchBuilder().resource({{"pod", "b"}}).counter("c").point(4).take(), {}));
  f.connector->stop(Deadline::never());
  REQUIRE(f.metrics.taken().size() == 1);
  CHECK(f.metrics.taken()[0].batch.metrics().resources.size() == 2);
  CHECK(f.metrics.records() == 3);
}

TEST_CASE("each interval begins anew") {
  Fixture f;
  REQUIRE(f.connector->consume(MetricBatchBuilder().gauge("g").point(1).take(), {}));
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(1));
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.connector->consume(MetricBatchBuilder().gauge("h").point(1).take(), {}));
  f.connector->stop(Deadline::never());
  CHECK(f.metrics.records() == 2);
}

TEST_CASE("what is full refuses, lets the round go early, and loses nothing when nothing takes it") {
  Fixture f("{max_state_size: 64KiB}");
  f.metrics.set_full(true);
  std::uint64_t taken = 0;
  const auto fill = [&] {
    while (taken < 20'000) {
      const std::string name = "metric_" + std::to_string(taken);
      if (!f.connector->consume(MetricBatchBuilder().gauge(name).point(1).take(), f.completion(1))) return true;
      ++taken;
    }
    return false;
  };
  REQUIRE(fill());
  REQUIRE(f.metrics.wait_for_attempts(1));  // The round left early and is not taken; the next one stays.
  REQUIRE(fill());
  CHECK(!f.connector->has_room(Signal::metrics, {}, 1));
  CHECK(f.connector->held_memory() < 1_MiB);
  f.metrics.set_full(false);
  f.connector->stop(Deadline::never());
  CHECK(f.metrics.records() == taken);
  CHECK(f.ledger.held() == 0);
}

TEST_CASE("a stop whose deadline passes gives the data back as lost") {
  Fixture f;
  f.metrics.set_full(true);
  REQUIRE(f.connector->consume(MetricBatchBuilder().gauge("g").point(1).take(), f.completion(1)));
  f.connector->stop(Deadline{f.environment.clock.now()});
  f.connector.reset();
  CHECK(f.listener->end_of(1) == false);
  CHECK(f.ledger.dropped("shutdown") == 1);
}

TEST_CASE("bad settings are told") {
  testing::ConnectorFixture f(interval_factory());
  CHECK(f.refusal("{interval: 0s}").find("interval") != std::string::npos);
  CHECK(f.refusal("{pass_through: {gauges: true}}").find("did you mean \"gauge\"") != std::string::npos);
}

}  // namespace rankwire::interval
