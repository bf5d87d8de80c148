#include "connectors/span_metrics/span_metrics_connector.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"

namespace rankwire::span_metrics {
namespace {

using testing::ConnectorFixture;
using testing::SpanBatchBuilder;

constexpr const char* small =
    "{namespace: '', exclude_dimensions: [collector.instance.id, span.kind, status.code, service.name], histogram: "
    "{disable: true}, metrics_flush_interval: 10s, aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA}";

SignalBatch spans(int count) {
  SpanBatchBuilder builder;
  for (int i = 0; i < count; ++i) builder.span("a");
  return builder.take();
}

struct Fixture : ConnectorFixture {
  Fixture() : ConnectorFixture(span_metrics_factory()) {}
};

TEST_CASE("metrics are passed on at each interval, spans are settled when they are counted") {
  Fixture f;
  auto connector = f.connector(small);
  REQUIRE(connector->start(f.host));
  REQUIRE(connector->consume(spans(2), f.completion(1)));
  CHECK(f.listener->end_of(1) == true);
  CHECK(connector->held_memory().count > 0);
  f.environment.clock.advance(std::chrono::seconds(10));
  REQUIRE(f.metrics.wait_for(1));
  REQUIRE(connector->consume(spans(1), {}));
  f.environment.clock.advance(std::chrono::seconds(10));
  REQUIRE(f.metrics.wait_for(2));
  connector->stop(f.soon());
  CHECK(testing::value_lines(f.metrics.taken()[0].batch).at(0) == "calls{span.name=a} 2");
  CHECK(testing::value_lines(f.metrics.taken()[1].batch).at(0) == "calls{span.name=a} 1");
  CHECK(f.metrics.taken().size() == 2);
}

TEST_CASE("spans in wire form are counted too") {
  Fixture f;
  auto connector = f.connector(small);
  REQUIRE(connector->start(f.host));
  REQUIRE(connector->consume(otlp::encode(spans(3), nullptr), {}));
  connector->stop(f.soon());
  REQUIRE(f.metrics.taken().size() == 1);
  CHECK(testing::value_lines(f.metrics.taken()[0].batch).at(0) == "calls{span.name=a} 3");
}

TEST_CASE("a stop passes on what was counted") {
  Fixture f;
  auto connector = f.connector(small);
  REQUIRE(connector->start(f.host));
  REQUIRE(connector->consume(spans(1), {}));
  connector->stop(f.soon());
  REQUIRE(f.metrics.taken().size() == 1);
}

TEST_CASE("a flush waits for room and is not lost by a stop") {
  Fixture f;
  auto connector = f.connector(small);
  REQUIRE(connector->start(f.host));
  f.metrics.set_full(true);
  REQUIRE(connector->consume(spans(1), {}));
  f.environment.clock.advance(std::chrono::seconds(10));
  REQUIRE(f.metrics.wait_for_attempts(1));
  REQUIRE(connector->consume(spans(2), {}));  // Counted meanwhile.
  f.metrics.set_full(false);
  connector->stop(f.soon());
  std::vector<std::string> values;
  for (const auto& taken : f.metrics.taken()) values.push_back(testing::value_lines(taken.batch).at(0));
  CHECK(values == std::vector<std::string>{"calls{span.name=a} 1", "calls{span.name=a} 2"});
}

TEST_CASE("every key of the configuration is read") {
  Fixture f;
  CHECK(f.refusal("{dimensions: [{name: a, default: b}, {glob: 'x.*'}], calls_dimensions: [{name: c}], "
                  "exclude_dimensions: [span.name], histogram: {unit: s, dimensions: [{name: d}], explicit: {buckets: "
                  "[1ms, 2s]}}, exemplars: {enabled: true, max_per_data_point: 3}, events: {enabled: true, "
                  "dimensions: [{name: e}]}, dimensions_cache_size: 1000, resource_metrics_cache_size: 10, "
                  "resource_metrics_key_attributes: [service.name], aggregation_temporality: "
                  "AGGREGATION_TEMPORALITY_DELTA, metrics_flush_interval: 15s, metrics_expiration: 5m, "
                  "series_expiration: 1m, metric_timestamp_cache_size: 5, namespace: n, "
                  "include_instrumentation_scope: [x], aggregation_cardinality_limit: 7, add_resource_attributes: "
                  "true, enable_metrics_sampling_method: true, max_state_size: 1MiB}")
            .empty());
  CHECK(f.refusal("{histogram: {exponential: {max_size: 20}}}").empty());
  CHECK(f.refusal("{histogram: {explicit: }}").empty());
}

TEST_CASE("what is wrong is said with its key") {
  Fixture f;
  f.check_refused("{dimensions: [{name: span.name}]}", "dimensions[0].name");
  f.check_refused("{dimensions: [{name: a}, {name: a}]}", "dimensions[1].name");
  f.check_refused("{dimensions: [{default: a}]}", "`name` or `glob`");
  f.check_refused("{dimensions: [{name: a, glob: b}]}", "glob");
  f.check_refused("{dimensions: [{glob: b, default: x}]}", "default");
  f.check_refused("{dimensions: [{glob: 'span.*'}]}", "is there already");
  f.check_refused("{dimensions: [{glob: '{a'}]}", "glob");
  f.check_refused("{calls_dimensions: [{name: span.kind}]}", "calls_dimensions[0].name");
  f.check_refused("{histogram: {unit: h}}", "unit");
  f.check_refused("{histogram: {explicit: {buckets: [1s, 1ms]}}}", "buckets[1]");
  f.check_refused("{histogram: {explicit: {buckets: [fast]}}}", "buckets[0]");
  f.check_refused("{histogram: {explicit: {buckets: [1s]}, exponential: {max_size: 10}}}", "explicit");
  f.check_refused("{histogram: {exponential: {max_size: 1}}}", "max_size");
  f.check_refused("{events: {enabled: true}}", "dimensions");
  f.check_refused("{metrics_flush_interval: -1s}", "metrics_flush_interval");
  f.check_refused("{metrics_flush_interval: 0s}", "metrics_flush_interval");
  f.check_refused("{metrics_expiration: -20s}", "metrics_expiration");
  f.check_refused("{series_expiration: -20s}", "series_expiration");
  f.check_refused("{metric_timestamp_cache_size: 0}", "metric_timestamp_cache_size");
  f.check_refused("{resource_metrics_cache_size: 0}", "resource_metrics_cache_size");
  f.check_refused("{aggregation_cardinality_limit: -1}", "aggregation_cardinality_limit");
  f.check_refused("{aggregation_temporality: delta}", "AGGREGATION_TEMPORALITY_DELTA");
  f.check_refused("{latency: 1s}", "latency");
}

TEST_CASE("it needs a pipeline of metrics") {
  Fixture f;
  f.wanted.erase(Signal::metrics);
  CHECK(f.refusal("{}").find("no pipeline of metrics") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::span_metrics
