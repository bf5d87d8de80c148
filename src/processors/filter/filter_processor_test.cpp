#include "processors/filter/filter_processor.hpp"

#include <doctest/doctest.h>

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

TEST_CASE("conditions in OTTL are refused with a word about why") {
  testing::ProcessorFixture fixture(filter_factory());
  CHECK(fixture.refusal("{log_conditions: ['body == \"x\"']}").find("OTTL") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::filter
