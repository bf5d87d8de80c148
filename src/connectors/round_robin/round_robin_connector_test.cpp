#include "connectors/round_robin/round_robin_connector.hpp"

#include <doctest/doctest.h>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::round_robin {
namespace {

using testing::ConnectorFixture;
using testing::log_batch;

struct ThreeWays : ConnectorFixture {
  ThreeWays() : ConnectorFixture(round_robin_factory()) {
    for (const char* id : {"logs/a", "logs/b", "logs/c"}) doors.add(id);
    connector = std::move(*make("{}"));
  }
  std::vector<std::uint64_t> records() {
    return {doors["logs/a"].records(), doors["logs/b"].records(), doors["logs/c"].records()};
  }
  std::unique_ptr<Connector> connector;
};

using Records = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("each pipeline gets every third batch") {
  ThreeWays f;
  for (std::uint64_t i = 0; i < 6; ++i) REQUIRE(f.connector->consume(log_batch({"a"}), f.completion(i)));
  CHECK(f.records() == Records{2, 2, 2});
  f.doors["logs/a"].settle();
  CHECK(f.listener->settled() == 2);
}

TEST_CASE("a pipeline that is full is left out of its turn") {
  ThreeWays f;
  f.doors["logs/b"].set_full(true);
  for (int i = 0; i < 6; ++i) REQUIRE(f.connector->consume(log_batch({"a"}), {}));
  CHECK(f.records()[1] == 0);
  CHECK(f.records()[0] + f.records()[2] == 6);
  CHECK(f.connector->has_room(Signal::logs, 1_B, 1));
}

TEST_CASE("when all are full the sender hears it, with the delay") {
  ThreeWays f;
  for (const char* id : {"logs/a", "logs/b", "logs/c"}) f.doors[id].set_full(true);
  CHECK_FALSE(f.connector->has_room(Signal::logs, 1_B, 1));
  const auto refused = f.connector->consume(log_batch({"a"}), {});
  REQUIRE(!refused);
  CHECK(refused.error().retry_after() == std::chrono::seconds(3));
}

TEST_CASE("signals take turns by themselves, and one without a pipeline is invalid") {
  ConnectorFixture f(round_robin_factory());
  for (const char* id : {"logs/a", "logs/b", "traces"}) f.doors.add(id);
  const auto connector = std::move(*f.make("{}"));
  REQUIRE(connector->consume(log_batch({"a"}), {}));
  REQUIRE(connector->consume(TraceBatch{}, {}));
  REQUIRE(connector->consume(log_batch({"b"}), {}));
  CHECK(f.doors["logs/a"].records() == 1);
  CHECK(f.doors["logs/b"].records() == 1);
  CHECK(f.doors["traces"].taken().size() == 1);
  CHECK(connector->consume(MetricBatch{}, {}).error().kind() == ErrorKind::invalid);
  CHECK_FALSE(connector->has_room(Signal::metrics, 1_B, 1));
}

}  // namespace rankwire::round_robin
