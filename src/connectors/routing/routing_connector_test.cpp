#include "connectors/routing/routing_connector.hpp"

#include <doctest/doctest.h>

#include "connectors/routing/request_condition.hpp"
#include "otlp/otlp.hpp"
#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"

namespace rankwire::routing {
namespace {

using testing::ConnectorFixture;

// Logs of resources "1", "2", … by attribute x; bodies that begin with ! are errors.
LogBatch logs(const std::vector<std::vector<std::string>>& resources) {
  LogBatch batch;
  Arena& arena = batch.arena();
  std::uint32_t x = 0;
  for (const auto& bodies : resources) {
    LogResource& resource = batch.resources.add(arena);
    set(resource.resource.attributes, arena, "x", Value::of(arena.copy(std::to_string(++x))));
    LogScope& scope = resource.scopes.add(arena);
    scope.scope.name = "lib";
    for (const std::string& body : bodies) {
      LogRecord& record = scope.records.add(arena);
      record.body = Value::of(arena.copy(body));
      record.severity_number = body.starts_with('!') ? 17 : 9;
    }
  }
  return batch;
}

// "1:a,b 2:c": the resources and their bodies.
std::string text_of(const SignalBatch& batch) {
  SignalBatch copy = batch.clone();
  if (copy.is_wire()) copy = std::move(*otlp::decode(copy.wire()));
  std::string text;
  for (const LogResource& resource : copy.logs().resources) {
    text += (text.empty() ? "" : " ") + testing::text_of(*find(resource.resource.attributes, "x")) + ":";
    bool is_first = true;
    for (const LogScope& scope : resource.scopes)
      for (const LogRecord& record : scope.records) {
        text += (is_first ? "" : ",") + testing::text_of(record.body);
        is_first = false;
      }
  }
  return text;
}

struct Fixture : ConnectorFixture {
  Fixture() : ConnectorFixture(routing_factory()) {
    for (const char* id : {"logs/a", "logs/b", "logs/c", "traces/a", "metrics/a", "metrics/b"}) doors.add(id);
  }
  std::string at(const std::string& id) {
    std::string text;
    for (const auto& taken : doors[id].taken()) text += (text.empty() ? "" : " | ") + text_of(taken.batch);
    return text;
  }
};

ClientRef client(const std::string& name, const std::string& value) {
  auto made = std::make_shared<Client>();
  made->metadata.emplace_back(name, value);
  return made;
}

TEST_CASE("resources go where the first route that matches says, the rest to the default") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/c], table: [{condition: 'attributes[\"x\"] == \"1\"', pipelines: [logs/a]}, "
      "{statement: 'route() where attributes[\"x\"] != \"3\"', pipelines: [logs/b]}]}");
  REQUIRE(connector->consume(logs({{"a", "b"}, {"c"}, {"d"}, {"e"}}), {}));
  CHECK(f.at("logs/a") == "1:a,b");
  CHECK(f.at("logs/b") == "2:c 4:e");
  CHECK(f.at("logs/c") == "3:d");
}

TEST_CASE("records go one by one and keep their resource and scope") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/b], table: [{context: log, condition: 'severity_number >= SEVERITY_NUMBER_ERROR', "
      "pipelines: [logs/a]}]}");
  REQUIRE(connector->consume(logs({{"a", "!b", "c"}, {"!d"}, {"e"}}), {}));
  CHECK(f.at("logs/a") == "1:!b 2:!d");
  CHECK(f.at("logs/b") == "1:a,c 3:e");
  CHECK(f.doors["logs/a"].taken()[0].batch.logs().resources[0].scopes[0].scope.name == "lib");
}

TEST_CASE("what is copied is still there for the routes behind") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/c], table: [{condition: 'true', action: copy, pipelines: [logs/a]}, "
      "{context: log, condition: 'severity_number >= 17', action: copy, pipelines: [logs/b]}]}");
  REQUIRE(connector->consume(logs({{"a", "!b"}}), {}));
  CHECK(f.at("logs/a") == "1:a,!b");
  CHECK(f.at("logs/b") == "1:!b");
  CHECK(f.at("logs/c") == "1:a,!b");
}

TEST_CASE("copies can be changed without the others seeing it") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/c], table: [{context: log, condition: 'severity_number >= 17', action: copy, "
      "pipelines: [logs/a]}, {context: log, condition: 'severity_number >= 17', pipelines: [logs/b]}]}");
  LogBatch batch = logs({{"a", "!b"}});
  for (LogRecord& record : batch.resources[0].scopes[0].records)
    set(record.attributes, batch.arena(), "k", Value::of("old"));
  REQUIRE(connector->consume(std::move(batch), {}));
  LogBatch& changed = f.doors["logs/a"].taken()[0].batch.logs();
  set(changed.resources[0].resource.attributes, changed.arena(), "x", Value::of("new"));
  set(changed.resources[0].scopes[0].records[0].attributes, changed.arena(), "k", Value::of("new"));
  CHECK(f.at("logs/c") == "1:a,!b");
  for (const LogRecord& record : f.doors["logs/c"].taken()[0].batch.logs().resources[0].scopes[0].records)
    CHECK(testing::text_of(record.attributes) == "{k=old}");
}

TEST_CASE("a route to several pipelines goes to each") {
  Fixture f;
  auto connector = f.connector("{table: [{condition: 'true', pipelines: [logs/a, logs/b]}]}");
  REQUIRE(connector->consume(logs({{"a"}}), {}));
  CHECK(f.at("logs/a") == "1:a");
  CHECK(f.at("logs/b") == "1:a");
}

TEST_CASE("routes to the same pipelines give one batch, in the order of the routes") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/a], table: [{context: log, condition: 'severity_number >= 17', pipelines: "
      "[logs/a]}, {condition: 'attributes[\"x\"] == \"2\"', pipelines: [logs/a]}]}");
  REQUIRE(connector->consume(logs({{"a", "!b"}, {"c", "!d"}}), {}));
  CHECK(f.at("logs/a") == "1:!b 2:!d 2:c 1:a");
}

TEST_CASE("what no route takes goes nowhere without default pipelines, and is counted") {
  Fixture f;
  auto connector = f.connector("{table: [{condition: 'attributes[\"x\"] == \"1\"', pipelines: [logs/a]}]}");
  REQUIRE(connector->consume(logs({{"a"}, {"b", "c"}}), f.completion(1)));
  CHECK(f.at("logs/a") == "1:a");
  CHECK(f.environment.counters.total("rankwire_routing_unrouted_records_total") == 2);
  REQUIRE(connector->consume(logs({}), f.completion(2)));
  CHECK(f.listener->end_of(2) == true);
}

TEST_CASE("a request goes by its headers, whole and as it came") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/c], table: [{context: request, condition: 'request[\"X-Tenant\"] == \"acme\"', "
      "pipelines: [logs/a]}, {context: request, condition: 'request[\"x-tenant\"] != \"other\"', action: copy, "
      "pipelines: [logs/b]}]}");
  SignalBatch wire = otlp::encode(SignalBatch(logs({{"a"}})), nullptr);
  for (const char* tenant : {"acme", "third", "other"}) {
    SignalBatch batch = wire.clone();
    batch.set_client(client("x-tenant", tenant));
    REQUIRE(connector->consume(std::move(batch), {}));
  }
  REQUIRE(connector->consume(wire.clone(), {}));
  CHECK(f.at("logs/a") == "1:a");
  CHECK(f.doors["logs/a"].taken()[0].batch.is_wire());
  CHECK(f.doors["logs/a"].taken()[0].batch.client()->metadata[0].second == "acme");
  CHECK(f.at("logs/b") == "1:a");
  CHECK(f.at("logs/c") == "1:a | 1:a | 1:a");  // The copied one, "other", and nobody's.
}

TEST_CASE("routes about requests and records mix, also through one door") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/a], table: [{context: request, condition: 'request[\"t\"] == \"1\"', action: copy, "
      "pipelines: [logs/a]}, {context: log, condition: 'severity_number >= 17', pipelines: [logs/a]}, {context: "
      "request, condition: 'request[\"t\"] != \"2\"', action: copy, pipelines: [logs/a]}]}");
  SignalBatch batch = otlp::encode(SignalBatch(logs({{"a", "!b"}})), nullptr);
  batch.set_client(client("t", "1"));
  REQUIRE(connector->consume(std::move(batch), {}));
  CHECK(f.at("logs/a") == "1:a,!b 1:!b 1:a 1:a");
}

TEST_CASE("spans, metrics and data points have their contexts") {
  Fixture f;
  auto spans = f.connector("{table: [{context: span, condition: 'name == \"a\"', pipelines: [traces/a]}]}");
  testing::SpanBatchBuilder builder;
  REQUIRE(spans->consume(builder.span("a").span("b").take(), {}));
  CHECK(f.doors["traces/a"].records() == 1);

  auto metrics = f.connector(
      "{default_pipelines: [metrics/b], table: [{context: metric, condition: 'name == \"g\"', pipelines: "
      "[metrics/a]}]}");
  testing::MetricBatchBuilder some;
  REQUIRE(metrics->consume(some.gauge("g").point(1).counter("c").point(2).take(), {}));
  CHECK(testing::point_lines(f.doors["metrics/a"].taken()[0].batch) == testing::Lines{"g{} 1 @0-0"});
  CHECK(testing::point_lines(f.doors["metrics/b"].taken()[0].batch) == testing::Lines{"c{} 2 @0-0"});
}

TEST_CASE("points of a metric part, and both halves are the metric") {
  for (const bool is_copy : {false, true}) {
    Fixture f;
    auto connector = f.connector(
        std::string("{default_pipelines: [metrics/b], table: [{context: datapoint, condition: 'attributes[\"k\"] == "
                    "\"1\"', action: ") +
        (is_copy ? "copy" : "move") + ", pipelines: [metrics/a]}]}");
    testing::MetricBatchBuilder some;
    some.counter("c").unit("By").point(1, {{"k", "1"}}).point(2, {{"k", "2"}});
    some.metric("h", MetricType::histogram, Temporality::delta).histogram({1, 2}, 3, {{"k", "1"}});
    REQUIRE(connector->consume(some.take(), {}));
    CHECK(testing::point_lines(f.doors["metrics/a"].taken()[0].batch) ==
          testing::Lines{"c{k=1} 1 @0-0", "h{k=1} 3/3[1,2] @0-0"});
    const Metric& metric = f.doors["metrics/a"].taken()[0].batch.metrics().resources[0].scopes[0].records[0];
    CHECK(metric.unit == "By");
    CHECK(metric.is_monotonic);
    CHECK(testing::point_lines(f.doors["metrics/b"].taken()[0].batch) ==
          (is_copy ? testing::Lines{"c{k=1} 1 @0-0", "c{k=2} 2 @0-0", "h{k=1} 3/3[1,2] @0-0"}
                   : testing::Lines{"c{k=2} 2 @0-0"}));
  }
}

TEST_CASE("a statement may take keys away from what matches") {
  Fixture f;
  auto connector = f.connector(
      "{table: [{statement: 'delete_key(attributes, \"secret\") where attributes[\"secret\"] == \"s\"', pipelines: "
      "[logs/a]}]}");
  LogBatch batch = logs({{"a"}});
  set(batch.resources[0].resource.attributes, batch.arena(), "secret", Value::of("s"));
  REQUIRE(connector->consume(std::move(batch), {}));
  CHECK(find(f.doors["logs/a"].taken()[0].batch.logs().resources[0].resource.attributes, "secret") == nullptr);
}

TEST_CASE("a condition that fails refuses the batch for good, or does not hold") {
  const std::string table =
      "default_pipelines: [logs/b], table: [{context: log, condition: 'body[\"a\"][\"b\"] == 1', pipelines: "
      "[logs/a]}]}";
  for (const char* mode : {"propagate", "ignore", "silent"}) {
    Fixture f;
    auto connector = f.connector(std::string("{error_mode: ") + mode + ", " + table);
    const auto consumed = connector->consume(logs({{"a"}}), {});
    const bool is_refused = std::string_view(mode) == "propagate";
    CHECK(consumed.has_value() == !is_refused);
    if (is_refused) {
      CHECK(consumed.error().is_final());
      CHECK(consumed.error().message() == "routing: table[0]::condition (body[\"a\"][\"b\"] == 1): a text has no keys");
    }
    CHECK(f.at("logs/b") == (is_refused ? "" : "1:a"));
  }
}

TEST_CASE("when one of the pipelines is full nothing goes anywhere, and the batch is asked for when it has room") {
  Fixture f;
  auto connector = f.connector(
      "{default_pipelines: [logs/b], table: [{condition: 'attributes[\"x\"] == \"1\"', pipelines: [logs/a]}]}");
  CHECK(connector->has_room(Signal::logs, {1}, 1));
  f.doors["logs/b"].set_full(true);
  CHECK(connector->has_room(Signal::logs, {1}, 1));  // Nobody has wanted to go there yet.
  const auto refused = connector->consume(logs({{"a"}, {"b"}}), {});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(f.at("logs/a").empty());
  CHECK(!connector->has_room(Signal::logs, {1}, 1));
  f.doors["logs/b"].set_full(false);
  CHECK(connector->has_room(Signal::logs, {1}, 1));
  REQUIRE(connector->consume(logs({{"a"}, {"b"}}), f.completion(1)));
  CHECK(f.at("logs/a") == "1:a");
  CHECK(f.at("logs/b") == "2:b");
  CHECK(!f.listener->end_of(1));
  f.doors["logs/a"].settle();
  CHECK(!f.listener->end_of(1));
  f.doors["logs/b"].settle();
  CHECK(f.listener->end_of(1) == true);
}

TEST_CASE("conditions about requests have one form") {
  CHECK(RequestCondition::parse("request[\"a\"] == \"b\""));
  CHECK(RequestCondition::parse("  request[\"a\"]!=\"\"  "));
  for (const char* text : {"", "request[\"\"] == \"b\"", "request[a] == \"b\"", "request[\"a\"] = \"b\"",
                           "request[\"a\"] == b", "request[\"a\"] == \"b\" or true", "request[\"a\"] == \"b\"c\""})
    CHECK(!RequestCondition::parse(text));
}

TEST_CASE("what is wrong with a table is said with its place") {
  Fixture f;
  const auto refusal = [&](const std::string& route) { return f.refusal("{table: [" + route + "]}"); };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  CHECK(has(f.refusal("{}"), "at least one route"));
  CHECK(has(refusal("{condition: 'true'}"), "at least one pipeline"));
  CHECK(has(refusal("{pipelines: [logs/a]}"), "must have `condition` or `statement`"));
  CHECK(has(refusal("{condition: 'true', statement: 'route()', pipelines: [logs/a]}"), "cannot stand beside"));
  CHECK(has(refusal("{condition: 'attributes[', pipelines: [logs/a]}"), "test.yaml:1:"));
  CHECK(has(refusal("{statement: 'set(attributes[\"a\"], 1)', pipelines: [logs/a]}"), "set"));
  CHECK(has(refusal("{context: request, condition: 'true', pipelines: [logs/a]}"), "must have the form"));
  CHECK(has(refusal("{context: request, statement: 'route()', pipelines: [logs/a]}"), "not for requests"));
  CHECK(has(refusal("{context: profile, condition: 'true', pipelines: [logs/a]}"), "resource"));
  CHECK(has(refusal("{action: drop, condition: 'true', pipelines: [logs/a]}"), "move"));
  CHECK(has(refusal("{condition: 'true', pipelines: [logs/a, traces/a]}"), "different signals"));
  CHECK(has(refusal("{condition: 'true', pipelines: [logs/none]}"), "logs/none"));
}

}  // namespace
}  // namespace rankwire::routing
