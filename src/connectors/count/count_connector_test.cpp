#include "connectors/count/count_connector.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"

namespace rankwire::count {
namespace {

struct Fixture : testing::ConnectorFixture {
  Fixture() : ConnectorFixture(count_factory()) {}
  // Names and values of everything that was passed on.
  std::vector<std::string> passed_on() {
    std::vector<std::string> lines;
    for (const auto& taken : metrics.taken())
      for (std::string& line : testing::value_lines(taken.batch)) lines.push_back(std::move(line));
    return lines;
  }
};

using Lines = std::vector<std::string>;

TEST_CASE("without settings everything is counted") {
  Fixture f;
  auto connector = f.connector("{}");
  REQUIRE(connector->consume(testing::log_batch({"a", "b"}), {}));
  testing::SpanBatchBuilder spans;
  REQUIRE(connector->consume(spans.span("a").event("e").event("e").take(), {}));
  testing::MetricBatchBuilder metrics;
  REQUIRE(connector->consume(metrics.gauge("g").point(1).point(2).take(), {}));
  CHECK(f.passed_on() == Lines{"log.record.count{} 2", "trace.span.count{} 1", "trace.span.event.count{} 2",
                               "metric.count{} 1", "metric.datapoint.count{} 2"});
  const MetricScope& scope = f.metrics.taken()[0].batch.metrics().resources[0].scopes[0];
  CHECK(scope.scope.name == "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector");
  CHECK(scope.records[0].description == "The number of log records observed.");
}

TEST_CASE("metrics of one kind replace the default of that kind") {
  Fixture f;
  auto connector = f.connector("{spans: {n: {description: d}}, logs: {}}");
  testing::SpanBatchBuilder spans;
  REQUIRE(connector->consume(spans.span("a").event("e").take(), {}));
  REQUIRE(connector->consume(testing::log_batch({"a"}), {}));
  CHECK(f.passed_on() == Lines{"n{} 1", "trace.span.event.count{} 1", "log.record.count{} 1"});
}

TEST_CASE("profiles are refused by name") {
  Fixture f;
  CHECK(f.refusal("{profiles: {n: {}}}").find("profiles") != std::string::npos);
}

TEST_CASE("batches in wire form are looked into") {
  Fixture f;
  auto connector = f.connector("{}");
  REQUIRE(connector->consume(otlp::encode(testing::log_batch({"a", "b"}), nullptr), {}));
  CHECK(f.passed_on() == Lines{"log.record.count{} 2"});
}

TEST_CASE("the sender's completion is that of the metrics") {
  Fixture f;
  auto connector = f.connector("{}");
  REQUIRE(connector->consume(testing::log_batch({"a", "b"}), f.completion(1)));
  CHECK(!f.listener->end_of(1));
  f.metrics.settle();
  CHECK(f.listener->end_of(1) == true);
}

TEST_CASE("a batch that comes to nothing is settled at once") {
  Fixture f;
  auto connector = f.connector("{}");
  REQUIRE(connector->consume(LogBatch(), f.completion(1)));
  CHECK(f.listener->end_of(1) == true);
  CHECK(f.metrics.taken().empty());
}

TEST_CASE("when the pipeline of metrics is full the batch stays with its sender and is not counted twice") {
  Fixture f;
  auto connector = f.connector("{}");
  f.metrics.set_full(true);
  const auto refused = connector->consume(testing::log_batch({"a", "b"}), {});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  f.metrics.set_full(false);
  REQUIRE(connector->consume(testing::log_batch({"a", "b"}), {}));
  CHECK(f.passed_on() == Lines{"log.record.count{} 2"});
}

TEST_CASE("it needs a pipeline of metrics") {
  Fixture f;
  f.wanted.erase(Signal::metrics);
  CHECK(f.refusal("{}").find("no pipeline of metrics") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::count
