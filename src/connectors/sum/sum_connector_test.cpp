#include "connectors/sum/sum_connector.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"

namespace rankwire::sum {
namespace {

struct Fixture : testing::ConnectorFixture {
  Fixture() : ConnectorFixture(sum_factory()) {}
  // Names and values of everything that was passed on.
  std::vector<std::string> passed_on() {
    std::vector<std::string> lines;
    for (const auto& taken : metrics.taken())
      for (std::string& line : testing::value_lines(taken.batch)) lines.push_back(std::move(line));
    return lines;
  }
};

using Lines = std::vector<std::string>;

constexpr const char* yaml = "{logs: {total: {source_attribute: n}}}";

LogBatch numbers() {
  LogBatch batch = testing::log_batch({"a", "b"});
  for (LogRecord& record : batch.resources[0].scopes[0].records)
    set(record.attributes, batch.arena(), "n", Value::of(std::int64_t{2}));
  return batch;
}

TEST_CASE("the attribute of every kind of record is added up") {
  Fixture f;
  auto connector = f.connector(
      "{spans: {s: {source_attribute: n}}, spanevents: {e: {source_attribute: n}}, metrics: {m: {source_attribute: "
      "n}}, datapoints: {d: {source_attribute: n}}, logs: {l: {source_attribute: n, description: d}}}");
  REQUIRE(connector->consume(numbers(), {}));
  testing::SpanBatchBuilder spans;
  REQUIRE(connector->consume(spans.span("a", 1, {{"n", "5"}}).event("e", {{"n", "1.5"}}).take(), {}));
  testing::MetricBatchBuilder metrics;
  REQUIRE(connector->consume(metrics.gauge("g").point(1, {{"n", "7"}}).take(), {}));
  CHECK(f.passed_on() == Lines{"l{} 4r", "s{} 5r", "e{} 1.5r", "m{} 0r", "d{} 7r"});
}

TEST_CASE("nothing is added up without settings") {
  Fixture f;
  auto connector = f.connector("{}");
  REQUIRE(connector->consume(numbers(), {}));
  CHECK(f.metrics.taken().empty());
}

TEST_CASE("batches in wire form are looked into") {
  Fixture f;
  auto connector = f.connector(yaml);
  REQUIRE(connector->consume(otlp::encode(SignalBatch(numbers()), nullptr), {}));
  CHECK(f.passed_on() == Lines{"total{} 4r"});
}

TEST_CASE("the sender's completion is that of the metrics") {
  Fixture f;
  auto connector = f.connector(yaml);
  REQUIRE(connector->consume(numbers(), f.completion(1)));
  CHECK(!f.listener->end_of(1));
  f.metrics.settle();
  CHECK(f.listener->end_of(1) == true);
}

TEST_CASE("a batch that comes to nothing is settled at once") {
  Fixture f;
  auto connector = f.connector(yaml);
  REQUIRE(connector->consume(LogBatch(), f.completion(1)));
  CHECK(f.listener->end_of(1) == true);
  CHECK(f.metrics.taken().empty());
}

TEST_CASE("when the pipeline of metrics is full the batch stays with its sender and is not counted twice") {
  Fixture f;
  auto connector = f.connector(yaml);
  f.metrics.set_full(true);
  const auto refused = connector->consume(numbers(), {});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  f.metrics.set_full(false);
  REQUIRE(connector->consume(numbers(), {}));
  CHECK(f.passed_on() == Lines{"total{} 4r"});
}

TEST_CASE("it needs a pipeline of metrics") {
  Fixture f;
  f.wanted.erase(Signal::metrics);
  CHECK(f.refusal("{}").find("no pipeline of metrics") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::sum
