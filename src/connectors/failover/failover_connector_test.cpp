#include "connectors/failover/failover_connector.hpp"

#include <doctest/doctest.h>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::failover {
namespace {

using std::chrono::minutes;
using testing::ConnectorFixture;
using testing::log_batch;

struct Levels : ConnectorFixture {
  explicit Levels(const std::string& yaml = "{priority_levels: [[logs/a, logs/b], [logs/c], [logs/d]]}")
      : ConnectorFixture(failover_factory()) {
    for (const char* id : {"logs/a", "logs/b", "logs/c", "logs/d"}) doors.add(id);
    connector = std::move(*make(yaml));
  }
  Result<void> consume(std::uint64_t token = 1) { return connector->consume(log_batch({"x"}), completion(token)); }
  std::vector<std::uint64_t> records() {
    std::vector<std::uint64_t> all;
    for (const char* id : {"logs/a", "logs/b", "logs/c", "logs/d"}) all.push_back(doors[id].records());
    return all;
  }
  std::uint64_t level() { return environment.counters.total("rankwire_failover_level"); }

  std::unique_ptr<Connector> connector;
};

using Records = std::vector<std::uint64_t>;

void has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CHECK_MESSAGE(text.find(part) != std::string::npos, part);
}

}  // namespace

TEST_CASE("everything goes to all pipelines of the first level while it has room") {
  Levels f;
  REQUIRE(f.consume(1));
  REQUIRE(f.consume(2));
  CHECK(f.records() == Records{2, 2, 0, 0});
  CHECK(f.level() == 1);
  CHECK_FALSE(f.connector->unhealthy());
  f.doors["logs/a"].settle();
  CHECK(f.listener->settled() == 0);
  f.doors["logs/b"].settle();
  CHECK(f.listener->settled() == 2);
}

TEST_CASE("a level of which one pipeline is full is left, and tried again after the interval") {
  Levels f;
  f.doors["logs/b"].set_full(true);
  REQUIRE(f.consume());
  CHECK(f.records() == Records{0, 0, 1, 0});
  CHECK(f.level() == 2);
  has(f.connector->unhealthy().value_or(""), "level 2 is in use");
  f.doors["logs/b"].set_full(false);
  f.environment.clock.advance(minutes(9));
  REQUIRE(f.consume());
  CHECK(f.records() == Records{0, 0, 2, 0});
  f.environment.clock.advance(minutes(1));
  REQUIRE(f.consume());
  CHECK(f.records() == Records{1, 1, 2, 0});
  CHECK(f.level() == 1);
  CHECK_FALSE(f.connector->unhealthy());
}

TEST_CASE("a level that still fails when it is tried again is left alone for another interval") {
  Levels f("{priority_levels: [[logs/a], [logs/c]], retry_interval: 1m}");
  f.doors["logs/a"].set_full(true);
  REQUIRE(f.consume());
  f.environment.clock.advance(minutes(1));
  REQUIRE(f.consume());
  f.doors["logs/a"].set_full(false);
  f.environment.clock.advance(std::chrono::seconds(59));
  REQUIRE(f.consume());
  CHECK(f.records() == Records{0, 0, 3, 0});
  f.environment.clock.advance(std::chrono::seconds(1));
  REQUIRE(f.consume());
  CHECK(f.records() == Records{1, 0, 3, 0});
}

TEST_CASE("the batch goes down as many levels as it takes, and up again before the interval if only there is room") {
  Levels f;
  f.doors["logs/a"].set_full(true);
  f.doors["logs/c"].set_full(true);
  REQUIRE(f.consume());
  CHECK(f.records() == Records{0, 0, 0, 1});
  CHECK(f.level() == 3);
  f.doors["logs/d"].set_full(true);
  f.doors["logs/c"].set_full(false);
  CHECK(f.connector->has_room(Signal::logs, 1_B, 1));
  REQUIRE(f.consume());
  CHECK(f.records() == Records{0, 0, 1, 1});
}

TEST_CASE("when no level has room the sender hears it, with the delay") {
  Levels f("{priority_levels: [[logs/a], [logs/c]]}");
  f.doors["logs/a"].set_full(true);
  f.doors["logs/c"].set_full(true);
  CHECK_FALSE(f.connector->has_room(Signal::logs, 1_B, 1));
  const auto refused = f.consume();
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().retry_after() == std::chrono::seconds(3));
}

TEST_CASE("after a refusal that only delivering shows, the next attempt goes to the next level") {
  Levels f("{priority_levels: [[logs/a], [logs/c]]}");
  f.doors["logs/a"].set_failure(Error(ErrorKind::unavailable, "gone"));
  REQUIRE_FALSE(f.consume());
  REQUIRE(f.consume());
  CHECK(f.records() == Records{0, 0, 1, 0});
}

TEST_CASE("what a level never takes is no reason to leave it") {
  Levels f("{priority_levels: [[logs/a], [logs/c]]}");
  f.doors["logs/a"].set_failure(Error(ErrorKind::invalid, "too large"));
  CHECK(f.consume().error().kind() == ErrorKind::invalid);
  CHECK(f.level() == 1);
}

TEST_CASE("bad settings are told with a remedy") {
  ConnectorFixture f(failover_factory());
  has(f.refusal("{}"), "priority_levels: must be a list of lists of pipelines, at least one; for example");
  has(f.refusal("{priority_levels: []}"), "at least one");
  has(f.refusal("{priority_levels: [logs/a]}"), "each level must be a list of pipeline ids");
  has(f.refusal("{priority_levels: [[]]}"), "each level must be a list of pipeline ids");
  has(f.refusal("{priority_levels: [[logs/a], [logs/a]]}"), "names pipeline \"logs/a\" twice");
  has(f.refusal("{priority_levels: [[logs/a], [traces]]}"), "configure a failover for each signal");
  has(f.refusal("{priority_levels: [[logs/a]], retry_interval: 0s}"), "retry_interval");
  has(f.refusal("{priority_levels: [[logs/a]], sending_queue: {}}"), "set sending_queue there");
}

TEST_CASE("older keys are accepted") {
  ConnectorFixture f(failover_factory());
  f.doors.add("logs/a");
  CHECK(f.refusal("{priority_levels: [[logs/a]], retry_gap: 1m, max_retries: 3}").empty());
}

TEST_CASE("the levels' pipelines are named to the plan") {
  const auto factory = failover_factory();
  config::Diagnostics diagnostics;
  const auto config =
      factory.parse(config::parse_yaml("{priority_levels: [[logs/a, logs/b], [logs/c]]}", "test.yaml", diagnostics),
                    "failover", diagnostics);
  CHECK(factory.named_pipelines(config) == std::vector<std::string>{"logs/a", "logs/b", "logs/c"});
}

}  // namespace rankwire::failover
