#include "connectors/service_graph/service_graph_connector.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"

namespace rankwire::service_graph {
namespace {

struct Fixture : testing::ConnectorFixture {
  Fixture() : ConnectorFixture(service_graph_factory()) {}
  std::string line(std::size_t batch) { return testing::value_lines(metrics.taken().at(batch).batch).at(0); }
};

SignalBatch database_call() {
  testing::SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}}).span("q", 1, {{"db.name", "d"}}).kind(3);
  return spans.take();
}

constexpr const char* expected =
    "traces_service_graph_request_total{client=a,server=d,connection_type=database,failed=false} ";

TEST_CASE("metrics are passed on at each interval, spans are settled when they are taken") {
  Fixture f;
  auto connector = f.connector("{metrics_flush_interval: 10s}");
  REQUIRE(connector->start(f.host));
  REQUIRE(connector->consume(database_call(), f.completion(1)));
  CHECK(f.listener->end_of(1) == true);
  CHECK(connector->held_memory().count > 0);
  f.environment.clock.advance(std::chrono::seconds(10));
  REQUIRE(f.metrics.wait_for(1));
  REQUIRE(connector->consume(otlp::encode(database_call(), nullptr), {}));
  connector->stop(f.soon());
  CHECK(f.line(0) == std::string(expected) + "1");
  CHECK(f.line(1) == std::string(expected) + "2");
}

TEST_CASE("without an interval every batch is followed by its metrics") {
  Fixture f;
  auto connector = f.connector("{metrics_flush_interval: 0s}");
  REQUIRE(connector->start(f.host));
  REQUIRE(connector->consume(database_call(), {}));
  REQUIRE(f.metrics.wait_for(1));
  connector->stop(f.soon());
  CHECK(f.line(0) == std::string(expected) + "1");
}

TEST_CASE("requests of which one side is missing end their wait by themselves") {
  Fixture f;
  auto connector = f.connector("{metrics_flush_interval: 3s}");
  REQUIRE(connector->start(f.host));
  testing::SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}}).span("x", 1, {{"peer.service", "p"}}).kind(3);
  REQUIRE(connector->consume(spans.take(), {}));
  f.environment.clock.advance(std::chrono::seconds(4));
  REQUIRE(f.metrics.wait_for(1));
  connector->stop(f.soon());
  CHECK(f.line(0).find("server=p,connection_type=virtual_node") != std::string::npos);
}

TEST_CASE("every key of the configuration is read") {
  Fixture f;
  CHECK(f.refusal("{latency_histogram_buckets: [1ms, 2ms], dimensions: [a], store: {ttl: 1s, max_items: 10}, "
                  "cache_loop: 1m, store_expiration_loop: 2s, virtual_node_peer_attributes: [], "
                  "virtual_node_extra_label: true, metrics_flush_interval: 0s, database_name_attributes: [x], "
                  "metrics_timestamp_offset: 1s, max_state_size: 1MiB}")
            .empty());
  CHECK(f.refusal("{exponential_histogram_max_size: 100, database_name_attribute: db.name}").empty());
}

TEST_CASE("what is wrong is said with its key") {
  Fixture f;
  f.check_refused("{latency_histogram_buckets: [1s], exponential_histogram_max_size: 10}", "cannot stand beside");
  f.check_refused("{exponential_histogram_max_size: -1}", "exponential_histogram_max_size");
  f.check_refused("{exponential_histogram_max_size: 1}", "2 or more");
  f.check_refused("{latency_histogram_buckets: [2s, 1s]}", "latency_histogram_buckets[1]");
  f.check_refused("{latency_histogram_buckets: [slow]}", "latency_histogram_buckets[0]");
  f.check_refused("{store: {max_items: 0}}", "max_items");
  f.check_refused("{metrics_flush_interval: -1s}", "metrics_flush_interval");
}

TEST_CASE("it needs a pipeline of metrics") {
  Fixture f;
  f.wanted.erase(Signal::metrics);
  CHECK(f.refusal("{}").find("no pipeline of metrics") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::service_graph
