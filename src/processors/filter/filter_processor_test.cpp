#include "processors/filter/filter_processor.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "ottl/explain/snapshot.hpp"
#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::filter {
namespace {

using Texts = std::vector<std::string>;

Texts kept(const std::string& yaml) {
  testing::ProcessorFixture fixture(filter_factory());
  auto processor = fixture.make(yaml);
  REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
  LogBatch logs = testing::log_batch({"debug one", "info two", "error three", "unset four"});
  const std::uint32_t severities[] = {5, 9, 17, 0};
  for (std::uint32_t i = 0; i < 4; ++i) testing::record_at(logs, i).severity_number = severities[i];
  set(testing::record_at(logs, 1).attributes, logs.arena(), "team", Value::of("ml"));
  SignalBatch batch = std::move(logs);
  REQUIRE((*processor)->process(batch));
  return testing::bodies_of(batch.logs());
}

TEST_CASE("include by severity keeps what is at least that severe") {
  CHECK(kept("{logs: {include: {severity_number: {min: INFO}}}}") == Texts{"info two", "error three"});
  CHECK(kept("{logs: {include: {severity_number: {min: INFO, match_undefined: true}}}}") ==
        Texts{"info two", "error three", "unset four"});
}

TEST_CASE("exclude drops what matches and keeps the order of the rest") {
  CHECK(kept("{logs: {exclude: {match_type: regexp, bodies: ['o']}}}") == Texts{});
  CHECK(kept("{logs: {exclude: {match_type: regexp, bodies: ['^(debug|error)']}}}") == Texts{"info two", "unset four"});
  CHECK(kept("{logs: {exclude: {match_type: strict, record_attributes: [{key: team, value: ml}]}}}") ==
        Texts{"debug one", "error three", "unset four"});
}

TEST_CASE("a batch of which nothing is kept is empty, without empty groups") {
  testing::ProcessorFixture fixture(filter_factory());
  auto processor = fixture.make("{logs: {exclude: {match_type: regexp, bodies: ['.']}}}");
  REQUIRE(processor);
  SignalBatch batch = testing::log_batch({"x"});
  REQUIRE((*processor)->process(batch));
  CHECK(batch.record_count() == 0);
  CHECK(batch.logs().resources.empty());
}

TEST_CASE("metrics are chosen by name") {
  testing::ProcessorFixture fixture(filter_factory());
  auto processor = fixture.make("{metrics: {include: {match_type: regexp, metric_names: ['^DCGM_']}}}");
  REQUIRE(processor);
  MetricBatch metrics;
  Arena& arena = metrics.arena();
  MetricScope& scope = metrics.resources.push(arena, {}).scopes.push(arena, {});
  for (const char* name : {"DCGM_FI_DEV_GPU_UTIL", "up"}) {
    Metric& metric = scope.records.push(arena, {});
    metric.name = name;
    metric.type = MetricType::gauge;
    metric.numbers.push(arena, {});
  }
  SignalBatch batch = std::move(metrics);
  REQUIRE((*processor)->process(batch));
  CHECK(batch.record_count() == 1);
  CHECK(batch.metrics().resources[0].scopes[0].records[0].name == "DCGM_FI_DEV_GPU_UTIL");
}

SignalBatch decoded(Signal signal, const std::string& json) {
  auto batch = otlp::decode_json(signal, json);
  REQUIRE_MESSAGE(batch.has_value(), (batch ? "" : batch.error().message()));
  return std::move(*batch);
}

// What is left, as JSON; or "refused: why".
std::string left(const std::string& yaml, SignalBatch batch) {
  testing::ProcessorFixture fixture(filter_factory());
  auto processor = fixture.make(yaml);
  REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
  if (const auto done = (*processor)->process(batch); !done)
    return "refused: " + std::string(to_string(done.error().kind())) + ": " + done.error().message();
  std::string names;
  for (const auto& [path, value] : ottl::snapshot(batch))
    if (path.ends_with("name") || path.find("attributes") != std::string::npos) names += value + " ";
  return names;
}

SignalBatch spans() {
  return decoded(Signal::traces, R"({"resourceSpans": [
    {"scopeSpans": [{"spans": [{"name": "a", "events": [{"name": "e"}, {"name": "f"}]},
                               {"name": "b", "events": [{"name": "e"}]}, {"name": "c"}]}]},
    {"resource": {"attributes": [{"key": "x", "value": {"intValue": "2"}}]}, "scopeSpans": [{"spans": [{"name": "d"}]}]}
  ]})");
}

SignalBatch metrics() {
  return decoded(Signal::metrics, R"({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
    {"name": "m", "gauge": {"dataPoints": [{"attributes": [{"key": "a", "value": {"intValue": "1"}}], "asInt": "3"},
                                           {"attributes": [{"key": "a", "value": {"intValue": "2"}}], "asInt": "3"}]}},
    {"name": "n", "sum": {"dataPoints": [{"attributes": [{"key": "a", "value": {"intValue": "1"}}], "asInt": "3"}]}},
    {"name": "o", "gauge": {"dataPoints": [{"asInt": "4"}]}}, {"name": "empty", "gauge": {}}]}]}]})");
}

TEST_CASE("log records that a condition is true for are dropped, in either style") {
  CHECK(kept("{log_conditions: ['log.severity_number < SEVERITY_NUMBER_WARN']}") == Texts{"error three"});
  CHECK(kept("{log_conditions: ['log.body == \"info two\"', 'log.severity_number == 0']}") ==
        Texts{"debug one", "error three"});
  CHECK(kept("{log_conditions: [{context: log, conditions: ['severity_number == 5', 'attributes[\"team\"] == "
             "\"ml\"']}]}") == Texts{"error three", "unset four"});
  CHECK(kept("{logs: {log_record: ['severity_number > 9', 'log.severity_number == 0']}}") ==
        Texts{"debug one", "info two"});
  CHECK(kept("{logs: {resource: ['attributes[\"x\"] == nil']}}") == Texts{});
  CHECK(kept("{log_conditions: ['scope.name == \"nobody\"']}") ==
        Texts{"debug one", "info two", "error three", "unset four"});
  CHECK(kept("{trace_conditions: ['span.name == \"x\"']}") ==
        Texts{"debug one", "info two", "error three", "unset four"});
}

TEST_CASE("a span without events that are left is kept, a metric without points is dropped") {
  CHECK(left("{trace_conditions: ['spanevent.name == \"e\"', 'span.name == \"c\"', 'resource.attributes[\"x\"] == 2']}",
             spans()) == "\"a\" \"f\" \"b\" ");
  CHECK(left("{traces: {spanevent: ['name == \"e\"'], span: ['name == \"c\"'], resource: ['attributes[\"x\"] == 2']}}",
             spans()) == "\"a\" \"f\" \"b\" ");
  CHECK(left("{metric_conditions: ['datapoint.attributes[\"a\"] == 1']}", metrics()) == "\"m\" 2 \"o\" ");
  CHECK(left("{metrics: {datapoint: ['attributes[\"a\"] == 1'], metric: ['name == \"o\"']}}", metrics()) == "\"m\" 2 ");
  CHECK(left("{metric_conditions: ['metric.name == \"m\"', 'metric.name == \"n\"', 'metric.name == \"o\"']}",
             metrics()) == "\"empty\" ");
}

TEST_CASE("a condition that fails drops nothing, unless it propagates: then the batch is refused for good") {
  const std::string condition = "['log.body[\"x\"] == 1']";
  const auto refused = [](const std::string& key) {
    return "refused: invalid: filter: " + key + " (log.body[\"x\"] == 1): a text has no keys";
  };
  CHECK(left("{error_mode: propagate, log_conditions: " + condition + "}", testing::log_batch({"a"})) ==
        refused("log_conditions[0]"));
  const std::string two = "['log.body[\"x\"] == 1', 'log.severity_number == 9']";
  CHECK(kept("{log_conditions: " + two + "}") == Texts{"debug one", "error three", "unset four"});
  CHECK(left("{log_conditions: [{error_mode: propagate, conditions: " + condition + "}]}", testing::log_batch({"a"})) ==
        refused("log_conditions[0]::conditions[0]"));
  CHECK(kept("{error_mode: propagate, log_conditions: [{error_mode: silent, conditions: " + two + "}]}") ==
        Texts{"debug one", "error three", "unset four"});
}

void check_refusal(const std::string& yaml, const std::string& wanted) {
  testing::ProcessorFixture fixture(filter_factory());
  const std::string found = fixture.refusal(yaml);
  CHECK_MESSAGE(found.find(wanted) != std::string::npos, found);
}

TEST_CASE("styles that cannot be mixed and conditions that are wrong are told with their places") {
  check_refusal("{log_conditions: ['log.body == 1'], logs: {log_record: ['body == 2']}}",
                "logs: cannot stand beside log_conditions; use one of them");
  check_refusal("{logs: {log_record: ['body == 2'], include: {match_type: strict, bodies: [x]}}}",
                "include and exclude cannot stand beside conditions");
  check_refusal("{spans: {include: {match_type: strict, span_names: [x]}}, traces: {span: ['name == \"x\"']}}",
                "spans: cannot stand beside conditions on traces");
  check_refusal("{log_conditions: ['log.body == 1', {conditions: ['log.body == 1']}]}",
                "has both plain texts and groups");
  check_refusal("logs:\n  log_record:\n  - 'severity_numberr < 9'\n",
                "test.yaml:3:6: error: filter::logs::log_record[0]: there is no path severity_numberr");
  check_refusal("metric_conditions:\n- metric.name = 1\n", "test.yaml:2:15: error: filter::metric_conditions[0]");
  check_refusal("{profile_conditions: ['profile.name == 1']}", "there is no signal for profiles");
}

}  // namespace
}  // namespace rankwire::filter
