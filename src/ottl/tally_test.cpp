#include "ottl/tally.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "testing/fake_clock.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"

namespace rankwire::ottl {
namespace {

using testing::Lines;

struct Fixture {
  template <bool is_sum>
  TallyConfig<is_sum> config_of(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    auto config = config::read<TallyConfig<is_sum>>(node, "count", diagnostics);
    problems = diagnostics.has_errors() ? diagnostics.as_error().message() : "";
    return config;
  }
  Tally::World world() { return {clock, *random, {"count", log, counters}}; }
  // "name{attributes} value @start-end" of what a batch comes to.
  template <bool is_sum = false>
  Lines tally(const std::string& yaml, SignalBatch batch) {
    const auto config = config_of<is_sum>(yaml);
    REQUIRE_MESSAGE(problems.empty(), problems);
    return testing::point_lines(Tally(config, "scope", world()).of(batch));
  }
  template <bool is_sum = false>
  std::string refusal(const std::string& yaml) {
    config_of<is_sum>(yaml);
    return problems;
  }

  testing::FakeClock clock;
  std::unique_ptr<Random> random = make_random(1);
  NullLogger log;
  Counters counters;
  std::string problems;
};

struct Logs {
  Logs& resource(std::initializer_list<KeyValue> attributes) {
    LogResource& group = batch.resources.add(batch.arena());
    add(group.resource.attributes, attributes);
    group.scopes.add(batch.arena());
    return *this;
  }
  Logs& record(std::initializer_list<KeyValue> attributes, std::uint64_t time = 0, std::uint32_t severity = 0) {
    if (batch.resources.empty()) resource({});
    LogRecord& record = batch.resources.back().scopes.back().records.add(batch.arena());
    add(record.attributes, attributes);
    record.time_unix_nanos = time;
    record.severity_number = severity;
    return *this;
  }
  void add(Attributes& to, std::initializer_list<KeyValue> attributes) {
    for (const KeyValue& entry : attributes) to.push(batch.arena(), entry);
  }
  SignalBatch take() { return std::move(batch); }
  LogBatch batch;
};

TEST_CASE("records are counted from the earliest of their times to the latest") {
  Fixture f;
  Logs logs;
  logs.record({}, 30).record({}, 10).record({}, 0).record({}, 20);
  CHECK(f.tally("{logs: {n: {}}}", logs.take()) == Lines{"n{} 4 @10-30"});
}

TEST_CASE("without any time it is now") {
  Fixture f;
  const std::string now = std::to_string(f.clock.unix_nanos());
  Logs logs;
  CHECK(f.tally("{logs: {n: {}}}", logs.record({}).take()) == Lines{"n{} 1 @" + now + "-" + now});
}

TEST_CASE("the metric says what it is, and has the resource of its records") {
  Fixture f;
  Logs logs;
  logs.resource({{"host", Value::of("a")}}).record({}, 1).resource({{"host", Value::of("b")}}).record({}, 1);
  SignalBatch batch = logs.take();
  const auto config = f.config_of<false>("{logs: {n: {description: d}}}");
  const MetricBatch metrics = Tally(config, "scope", f.world()).of(batch);
  REQUIRE(metrics.resources.size() == 2);
  CHECK(testing::text_of(metrics.resources[1].resource.attributes) == "{host=b}");
  CHECK(metrics.resources[0].scopes[0].scope.name == "scope");
  const Metric& metric = metrics.resources[0].scopes[0].records[0];
  CHECK(metric.description == "d");
  CHECK(metric.type == MetricType::sum);
  CHECK(metric.temporality == Temporality::delta);
  CHECK(metric.is_monotonic);
}

TEST_CASE("one of the conditions must hold") {
  Fixture f;
  Logs logs;
  logs.record({}, 1, 17).record({{"a", Value::of("x")}}, 1).record({}, 1, 9);
  CHECK(f.tally("{logs: {n: {conditions: ['severity_number >= SEVERITY_NUMBER_ERROR', 'attributes[\"a\"] == "
                "\"x\"']}, none: {conditions: ['severity_number == 1']}}}",
                logs.take()) == Lines{"n{} 2 @1-1"});
}

TEST_CASE("a condition that fails does not hold, and is counted") {
  Fixture f;
  Logs logs;
  logs.record({{"a", Value::of("x")}}, 1);
  CHECK(f.tally("{logs: {n: {conditions: ['attributes[\"a\"][\"b\"] == 1']}}}", logs.take()).empty());
}

TEST_CASE("a point for each set of attributes: of the record, then its scope, its resource, then the default") {
  Fixture f;
  Logs logs;
  logs.resource({{"a", Value::of("resource")}, {"b", Value::of("resource")}});
  logs.record({{"a", Value::of("record")}}, 1).record({}, 1).record({{"a", Value::of("record")}}, 1);
  logs.batch.resources[0].scopes[0].scope.attributes.push(logs.batch.arena(), {"b", Value::of("scope")});
  CHECK(f.tally("{logs: {n: {attributes: [{key: a}, {key: b}, {key: c, default_value: 5}]}}}", logs.take()) ==
        Lines{"n{a=record,b=scope,c=5} 2 @1-1", "n{a=resource,b=scope,c=5} 1 @1-1"});
}

TEST_CASE("a record without an attribute that has no default does not count") {
  Fixture f;
  Logs logs;
  logs.record({{"a", Value::of("1")}}, 1).record({}, 1);
  CHECK(f.tally("{logs: {n: {attributes: [{key: a}]}}}", logs.take()) == Lines{"n{a=1} 1 @1-1"});
}

TEST_CASE("values of different types are different, a default has its YAML type") {
  Fixture f;
  Logs logs;
  logs.record({{"a", Value::of("1")}}, 1).record({{"a", Value::of(std::int64_t{1})}}, 1).record({}, 1);
  CHECK(f.tally("{logs: {n: {attributes: [{key: a, default_value: 1}]}}}", logs.take()) ==
        Lines{"n{a=1} 1 @1-1", "n{a=1} 2 @1-1"});
  Logs other;
  SignalBatch batch = other.record({}, 1).take();
  const auto config = f.config_of<false>(
      "{logs: {n: {attributes: [{key: t, default_value: '5'}, {key: r, default_value: 0.5}, {key: b, default_value: "
      "true}]}}}");
  const MetricBatch metrics = Tally(config, "", f.world()).of(batch);
  const Attributes& found = metrics.resources[0].scopes[0].records[0].numbers[0].attributes;
  CHECK(find(found, "t")->is_text());
  CHECK(find(found, "r")->real() == 0.5);
  CHECK(find(found, "b")->type() == ValueType::boolean);
}

TEST_CASE("spans count over their whole time, their events by themselves") {
  Fixture f;
  testing::SpanBatchBuilder spans;
  spans.span("a", 2).event("x", {{"kind", "1"}}).event("y").span("b", 1);
  spans.last().kind = 2;
  const std::string start = std::to_string(spans.last().start_time_unix_nanos);
  const std::string end = std::to_string(spans.last().start_time_unix_nanos + 2'000'000);
  const std::string now = std::to_string(f.clock.unix_nanos());
  CHECK(f.tally("{spans: {s: {}, servers: {conditions: ['kind == SPAN_KIND_SERVER']}}, spanevents: {e: {attributes: "
                "[{key: kind, default_value: none}]}, x: {conditions: ['spanevent.name == \"x\"']}}}",
                spans.take()) == Lines{"s{} 2 @" + start + "-" + end, "servers{} 1 @" + start + "-" + end,
                                       "e{kind=1} 1 @" + now + "-" + now, "e{kind=none} 1 @" + now + "-" + now,
                                       "x{} 1 @" + now + "-" + now});
}

TEST_CASE("metrics are counted now, data points of every type by their time") {
  Fixture f;
  testing::MetricBatchBuilder metrics;
  metrics.gauge("g").point(1, {{"a", "1"}}, 0, 7).point(2, {{"a", "2"}}, 0, 8);
  metrics.metric("h", MetricType::histogram).histogram({1}, 1, {{"a", "1"}}, 0, 9);
  metrics.metric("s", MetricType::summary).summary(1, 1, {{"a", "1"}}, 0, 5);
  metrics.metric("e", MetricType::exponential_histogram).exponential(0, 0, {1}, 1, {{"a", "1"}}, 0, 6);
  metrics.metric("nothing", MetricType::empty);
  const std::string now = std::to_string(f.clock.unix_nanos());
  CHECK(f.tally("{metrics: {m: {}, g: {conditions: ['name == \"g\"']}}, datapoints: {d: {attributes: [{key: a}]}, "
                "big: {conditions: ['value_int > 1']}}}",
                metrics.take()) == Lines{"m{} 5 @" + now + "-" + now, "g{} 1 @" + now + "-" + now, "d{a=1} 4 @5-9",
                                         "d{a=2} 1 @5-9", "big{} 1 @5-9"});
}

TEST_CASE("a batch without what is counted comes to nothing") {
  Fixture f;
  Logs logs;
  CHECK(f.tally("{spans: {s: {}}}", logs.record({}, 1).take()).empty());
  CHECK(f.tally("{logs: {s: {}}}", LogBatch()).empty());
}

TEST_CASE("a sum adds up what is a number or reads as one") {
  Fixture f;
  const std::string now = "@0-" + std::to_string(f.clock.unix_nanos());
  Logs logs;
  logs.record({{"n", Value::of(std::int64_t{2})}})
      .record({{"n", Value::of(0.5)}})
      .record({{"n", Value::of("10")}})
      .record({{"n", Value::of("ten")}})
      .record({{"n", Value::of("nan")}})
      .record({{"n", Value::of(true)}})
      .record({});
  CHECK(f.tally<true>("{logs: {total: {source_attribute: n}}}", logs.take()) == Lines{"total{} 12.5r " + now});
}

TEST_CASE("a sum has a point for each set of attributes, as texts, and adds a value once whatever their number") {
  Fixture f;
  const std::string now = "@0-" + std::to_string(f.clock.unix_nanos());
  Logs logs;
  logs.record({{"n", Value::of(std::int64_t{2})}, {"a", Value::of(std::int64_t{7})}, {"b", Value::of("x")}})
      .record({{"n", Value::of(std::int64_t{3})}, {"a", Value::of("7")}, {"b", Value::of("x")}})
      .record({{"n", Value::of(std::int64_t{5})}, {"a", Value::of(0.25)}})
      .record({{"n", Value::of(std::int64_t{9})}});
  CHECK(f.tally<true>("{logs: {t: {source_attribute: n, attributes: [{key: a}, {key: b, default_value: none}], "
                      "conditions: ['attributes[\"n\"] < 9']}}}",
                      logs.take()) == Lines{"t{a=7,b=x} 5r " + now, "t{a=0.25,b=none} 5r " + now});
}

TEST_CASE("what is wrong is said with its place") {
  Fixture f;
  CHECK(f.refusal("{logs: {n: {conditions: ['severity_number >>= 1']}}}").find("test.yaml:1:") != std::string::npos);
  CHECK(f.refusal("{logs: {n: {conditions: ['nothing == 1']}}}").find("nothing") != std::string::npos);
  CHECK(f.refusal("{logs: {n: {condition: ['true']}}}").find("conditions") != std::string::npos);
  CHECK(f.refusal("{logs: {n: {attributes: [{default_value: 1}]}}}").find("key") != std::string::npos);
  CHECK(f.refusal("{logs: {n: {attributes: [{key: a, default_value: [1]}]}}}").find("a text, a number") !=
        std::string::npos);
  CHECK(f.refusal("{metrics: {n: {attributes: [{key: a}]}}}").find("not for metrics") != std::string::npos);
  CHECK(f.refusal("{logs: {'': {}}}").find("without a name") != std::string::npos);
  CHECK(f.refusal("{logs: [n]}").find("a map") != std::string::npos);
  CHECK(f.refusal<true>("{logs: {n: {}}}").find("source_attribute") != std::string::npos);
  CHECK(f.refusal("{logs: {n: {source_attribute: a}}}").find("source_attribute") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::ottl
