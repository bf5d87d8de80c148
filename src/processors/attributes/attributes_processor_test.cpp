#include "processors/attributes/attributes_processor.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::attributes {
namespace {

using testing::record_at;
using testing::text_of;

SignalBatch batch_of_two() {
  LogBatch batch = testing::log_batch({"first", "second"});
  Arena& arena = batch.arena();
  record_at(batch, 0).severity_number = 9;
  record_at(batch, 1).severity_number = 17;
  set(record_at(batch, 1).attributes, arena, "level", Value::of("error"));
  return batch;
}

std::vector<std::string> after(const std::string& yaml) {
  testing::ProcessorFixture fixture(attributes_factory());
  auto processor = fixture.make(yaml);
  REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
  SignalBatch batch = batch_of_two();
  REQUIRE((*processor)->process(batch));
  return {text_of(record_at(batch.logs(), 0).attributes), text_of(record_at(batch.logs(), 1).attributes)};
}

using Texts = std::vector<std::string>;

TEST_CASE("actions change the attributes of every record") {
  CHECK(after("{actions: [{key: a, value: 1, action: insert}]}") == Texts{"{a=1}", "{level=error,a=1}"});
}

TEST_CASE("include and exclude choose the records") {
  const std::string action = "actions: [{key: a, value: 1, action: insert}]";
  CHECK(after("{" + action + ", include: {match_type: strict, log_bodies: [first]}}") ==
        Texts{"{a=1}", "{level=error}"});
  CHECK(after("{" + action + ", exclude: {match_type: regexp, log_bodies: ['^f']}}") ==
        Texts{"{}", "{level=error,a=1}"});
  CHECK(after("{" + action + ", include: {match_type: strict, log_severity_number: {min: WARN}}}") ==
        Texts{"{}", "{level=error,a=1}"});
  CHECK(after("{" + action + ", include: {match_type: strict, attributes: [{key: level, value: error}]}}") ==
        Texts{"{}", "{level=error,a=1}"});
}

TEST_CASE("the data points of every kind of metric are changed") {
  testing::ProcessorFixture fixture(attributes_factory());
  auto processor = fixture.make("{actions: [{key: a, value: x, action: upsert}]}");
  REQUIRE(processor);
  MetricBatch metrics;
  Arena& arena = metrics.arena();
  MetricScope& scope = metrics.resources.push(arena, {}).scopes.push(arena, {});
  Metric& metric = scope.records.push(arena, {});
  metric.numbers.push(arena, {});
  metric.histograms.push(arena, {});
  metric.exponential_histograms.push(arena, {});
  metric.summaries.push(arena, {});
  SignalBatch batch = std::move(metrics);
  REQUIRE((*processor)->process(batch));
  const Metric& changed = batch.metrics().resources[0].scopes[0].records[0];
  CHECK(text_of(changed.numbers[0].attributes) == "{a=x}");
  CHECK(text_of(changed.histograms[0].attributes) == "{a=x}");
  CHECK(text_of(changed.exponential_histograms[0].attributes) == "{a=x}");
  CHECK(text_of(changed.summaries[0].attributes) == "{a=x}");
}

TEST_CASE("records that share one attribute list each see the change") {
  testing::ProcessorFixture fixture(attributes_factory());
  auto processor = fixture.make("{actions: [{key: a, value: new, action: upsert}]}");
  REQUIRE(processor);
  LogBatch logs = testing::log_batch({"1", "2"});
  Attributes shared;
  set(shared, logs.arena(), "a", Value::of("old"));
  for (std::uint32_t i = 0; i < 2; ++i) record_at(logs, i).attributes = Attributes::shared(shared.data(), 1);
  SignalBatch batch = std::move(logs);
  REQUIRE((*processor)->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).attributes) == "{a=new}");
  CHECK(text_of(record_at(batch.logs(), 1).attributes) == "{a=new}");
}

TEST_CASE("a match section needs a match type and a condition") {
  testing::ProcessorFixture fixture(attributes_factory());
  const std::string action = "actions: [{key: a, value: 1, action: insert}]";
  CHECK(fixture.refusal("{" + action + ", include: {log_bodies: [x]}}").find("match_type") != std::string::npos);
  CHECK(fixture.refusal("{" + action + ", include: {match_type: strict}}").find("condition") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::attributes
