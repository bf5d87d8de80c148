#include "connectors/service_graph/graph.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::service_graph {
namespace {

using testing::Lines;
using testing::SpanBatchBuilder;

constexpr std::uint32_t server = 2, client = 3, producer = 4, consumer = 5;

ServiceGraphConfig config_of(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  auto config = config::read<ServiceGraphConfig>(node, "service_graph", diagnostics);
  REQUIRE_MESSAGE(!diagnostics.has_errors(), (diagnostics.has_errors() ? diagnostics.as_error().message() : ""));
  return config;
}

struct Fixture {
  explicit Fixture(const std::string& yaml)
      : graph(config_of(yaml), environment.clock, environment.counters, "service_graph") {}

  void add(SpanBatchBuilder& spans) { graph.add(spans.take()); }
  // "total{client=…} 1": without the prefix of names and the times.
  Lines flush() {
    Lines lines;
    for (std::string line : testing::point_lines(graph.flush())) {
      line = line.substr(std::string("traces_service_graph_request_").size());
      lines.push_back(line.substr(0, line.find(" @")));
    }
    return lines;
  }
  std::uint64_t counted(const char* name) { return environment.counters.total(name); }
  void wait(int seconds) {
    environment.clock.advance(std::chrono::seconds(seconds));
    graph.expire_requests();
    graph.expire_series();
  }

  testing::TestEnvironment environment;
  Graph graph;
};

// A request from one service to another, 20 ms and 10 ms long.
SpanBatchBuilder request() {
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "shop"}}).span("out", 20).kind(client).ids(1, 2, 1);
  spans.resource({{"service.name", "stock"}}).span("in", 10).kind(server).ids(1, 3, 2);
  return spans;
}

constexpr const char* short_yaml = "{latency_histogram_buckets: [15ms]}";

TEST_CASE("the spans of both sides are a request") {
  Fixture f(short_yaml);
  SpanBatchBuilder spans = request();
  f.add(spans);
  CHECK(f.flush() == Lines{"total{client=shop,server=stock,connection_type=,failed=false} 1",
                           "server{client=shop,server=stock,connection_type=,failed=false} 1/0.01[1,0]",
                           "client{client=shop,server=stock,connection_type=,failed=false} 1/0.02[0,1]"});
  CHECK(f.counted("rankwire_service_graph_edges_total") == 1);
}

TEST_CASE("whichever side comes first, in whatever batch") {
  Fixture f(short_yaml);
  SpanBatchBuilder in, out;
  f.add(in.resource({{"service.name", "stock"}}).span("in", 10).kind(server).ids(1, 3, 2));
  CHECK(f.flush().empty());
  f.add(out.resource({{"service.name", "shop"}}).span("out", 20).kind(client).ids(1, 2, 1));
  CHECK(f.flush()[0] == "total{client=shop,server=stock,connection_type=,failed=false} 1");
}

TEST_CASE("points are cumulative and begin with their series") {
  Fixture f(short_yaml);
  SpanBatchBuilder one = request(), two = request();
  const std::uint64_t began = f.environment.clock.unix_nanos();
  f.add(one);
  f.wait(60);
  f.add(two);
  const MetricBatch batch = f.graph.flush();
  const MetricScope& scope = batch.resources[0].scopes[0];
  CHECK(scope.scope.name == "traces_service_graph");
  CHECK(scope.records[0].temporality == Temporality::cumulative);
  CHECK(scope.records[0].is_monotonic);
  CHECK(scope.records[1].unit == "s");
  CHECK(scope.records[0].numbers[0].value.integer == 2);
  CHECK(scope.records[0].numbers[0].start_time_unix_nanos == began);
  CHECK(scope.records[0].numbers[0].time_unix_nanos == f.environment.clock.unix_nanos());
}

TEST_CASE("a failure of either side is a failed request") {
  Fixture f(short_yaml);
  SpanBatchBuilder spans = request();
  spans.status(SpanStatusCode::error);
  f.add(spans);
  const Lines lines = f.flush();
  CHECK(lines[0] == "total{client=shop,server=stock,connection_type=,failed=true} 1");
  CHECK(lines[1] == "failed_total{client=shop,server=stock,connection_type=,failed=true} 1");
}

TEST_CASE("producers and consumers are the sides of a messaging system") {
  Fixture f(short_yaml);
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}}).span("out").kind(producer).ids(1, 2);
  spans.resource({{"service.name", "b"}}).span("in").kind(consumer).ids(1, 3, 2);
  f.add(spans);
  CHECK(f.flush()[0] == "total{client=a,server=b,connection_type=messaging_system,failed=false} 1");
}

TEST_CASE("a database needs no span of its own") {
  Fixture f("{latency_histogram_buckets: [15ms], database_name_attributes: [db.namespace, db.name]}");
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}}).span("q", 20, {{"db.name", "old"}, {"db.namespace", "new"}}).kind(client);
  f.add(spans);
  const Lines lines = f.flush();
  CHECK(lines[0] == "total{client=a,server=new,connection_type=database,failed=false} 1");
  CHECK(lines[1] == "server{client=a,server=new,connection_type=database,failed=false} 1/0.02[0,1]");
}

TEST_CASE("who was called and sends no span becomes a virtual node, named by the best attribute") {
  Fixture f("{virtual_node_extra_label: true, store: {ttl: 2s}}");
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}});
  spans.span("x", 1, {{"db.system", "redis"}, {"peer.service", "cache"}}).kind(client).ids(1, 1);
  spans.span("x").kind(client).ids(1, 2);
  f.add(spans);
  f.wait(1);
  CHECK(f.flush().empty());
  f.wait(1);
  const Lines lines = f.flush();
  CHECK(lines[0] == "total{client=a,server=cache,connection_type=virtual_node,failed=false,virtual_node=server} 1");
  CHECK(lines[1] == "total{client=a,server=unknown,connection_type=virtual_node,failed=false,virtual_node=server} 1");
  CHECK(f.counted("rankwire_service_graph_expired_edges_total") == 2);
}

TEST_CASE("a request without a parent comes from a user") {
  Fixture f("{virtual_node_extra_label: true}");
  SpanBatchBuilder spans;
  f.add(spans.resource({{"service.name", "a"}}).span("in").kind(server).ids(1, 2));
  f.wait(2);
  CHECK(f.flush()[0] == "total{client=user,server=a,connection_type=virtual_node,failed=false,virtual_node=client} 1");
}

TEST_CASE("a request whose client is not seen does not count, nor without attributes a server that is not") {
  Fixture f("{}"), none("{virtual_node_peer_attributes: []}");
  SpanBatchBuilder in, out;
  f.add(in.resource({{"service.name", "a"}}).span("in").kind(server).ids(1, 3, 2));
  none.add(out.resource({{"service.name", "a"}}).span("out").kind(client).ids(1, 2));
  f.wait(2);
  none.wait(2);
  CHECK(f.flush().empty());
  CHECK(none.flush().empty());
  CHECK(f.environment.counters.total("rankwire_state_entries") == 0);
}

TEST_CASE("dimensions are of the side that has them, of the resource before the span") {
  Fixture f("{dimensions: [zone, pod]}");
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}, {"zone", "z1"}})
      .span("o", 1, {{"zone", "no"}, {"pod", "p"}})
      .kind(client)
      .ids(1, 2);
  spans.resource({{"service.name", "b"}}).span("i", 1, {{"zone", "z2"}}).kind(server).ids(1, 3, 2);
  f.add(spans);
  CHECK(f.flush()[0] ==
        "total{client=a,server=b,connection_type=,failed=false,client_zone=z1,client_pod=p,server_zone=z2} 1");
}

TEST_CASE("spans without a service, and those inside one, are no requests") {
  Fixture f("{}");
  SpanBatchBuilder spans;
  spans.resource({{"zone", "z"}}).span("x").kind(client);
  spans.resource({{"service.name", "a"}}).span("x").kind(1).span("y").kind(0);
  f.add(spans);
  CHECK(f.counted("rankwire_service_graph_edges_total") == 0);
}

TEST_CASE("only so many requests wait; those that waited too long make room") {
  Fixture f("{store: {max_items: 2, ttl: 5s}}");
  SpanBatchBuilder spans, more;
  spans.resource({{"service.name", "a"}});
  for (std::uint8_t id = 1; id <= 3; ++id) spans.span("x").kind(client).ids(1, id);
  f.add(spans);
  CHECK(f.counted("rankwire_service_graph_dropped_spans_total") == 1);
  f.environment.clock.advance(std::chrono::seconds(5));
  f.add(more.resource({{"service.name", "a"}}).span("x").kind(client).ids(1, 9));
  CHECK(f.counted("rankwire_service_graph_dropped_spans_total") == 1);
  CHECK(f.flush()[0] == "total{client=a,server=unknown,connection_type=virtual_node,failed=false} 2");
}

TEST_CASE("what waits is bounded in bytes, and so are series, without losing a request") {
  Fixture f("{max_state_size: 64KiB, store: {max_items: 1000000}}");
  const std::string large(2000, 'x');
  for (int i = 0; i < 100; ++i) {
    SpanBatchBuilder spans;
    const std::string name = large + std::to_string(i);
    f.add(spans.resource({{"service.name", name.c_str()}}).span("q", 1, {{"db.name", "d"}}).kind(client));
    SpanBatchBuilder waiting;
    f.add(waiting.resource({{"service.name", name.c_str()}})
              .span("q")
              .kind(client)
              .ids(7, static_cast<std::uint8_t>(i + 1)));
    CHECK(f.graph.bytes().count <= 65536);
  }
  CHECK(f.counted("rankwire_service_graph_dropped_spans_total") > 0);
  std::int64_t counted = 0;
  const MetricBatch batch = f.graph.flush();
  for (const NumberPoint& point : batch.resources[0].scopes[0].records[0].numbers) counted += point.value.integer;
  CHECK(counted == 100);
}

TEST_CASE("a series without news for a quarter of an hour is forgotten") {
  Fixture f("{}");
  SpanBatchBuilder spans = request();
  f.add(spans);
  f.wait(14 * 60);
  CHECK(f.flush().size() == 3);
  f.wait(60);
  CHECK(f.flush().empty());
}

TEST_CASE("latencies can be exponential, and times in the past") {
  Fixture f("{exponential_histogram_max_size: 8, metrics_timestamp_offset: 10s}");
  SpanBatchBuilder spans = request();
  f.add(spans);
  const MetricBatch batch = f.graph.flush();
  const List<Metric>& metrics = batch.resources[0].scopes[0].records;
  REQUIRE(metrics.size() == 3);
  CHECK(metrics[1].exponential_histograms[0].count == 1);
  CHECK(metrics[0].numbers[0].time_unix_nanos == f.environment.clock.unix_nanos() - 10'000'000'000);
}

TEST_CASE("a span that ends before it begins took no time") {
  Fixture f(short_yaml);
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "a"}}).span("q", 1, {{"db.name", "d"}}).kind(client);
  spans.last().end_time_unix_nanos = 1;
  f.add(spans);
  CHECK(f.flush()[1] == "server{client=a,server=d,connection_type=database,failed=false} 1/0[1,0]");
}

}  // namespace
}  // namespace rankwire::service_graph
