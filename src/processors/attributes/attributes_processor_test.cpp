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

TEST_CASE("a value may come from the request that brought the records") {
  testing::ProcessorFixture fixture(attributes_factory());
  auto processor = fixture.make(
      "{actions: [{key: tenant, from_context: metadata.X-Tenant, action: insert}, {key: roles, from_context: role, "
      "action: upsert}, {key: peer, from_context: client.address, action: insert}, {key: absent, from_context: "
      "metadata.other, action: insert}, {key: instead, from_context: metadata.other, default_value: none, action: "
      "insert}, {key: subject, from_context: auth.subject, action: insert}]}");
  REQUIRE(processor);
  const auto client = std::make_shared<Client>();
  client->address = "10.0.0.7";
  client->metadata = {{"x-tenant", "blue"}, {"role", "a"}, {"role", "b"}};
  SignalBatch batch = batch_of_two();
  batch.set_client(client);
  REQUIRE((*processor)->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).attributes) == "{tenant=blue,roles=a;b,peer=10.0.0.7,instead=none}");
  SignalBatch from_a_file = batch_of_two();
  REQUIRE((*processor)->process(from_a_file));
  CHECK(text_of(record_at(from_a_file.logs(), 0).attributes) == "{instead=none}");
}

TEST_CASE("each action does what its name says") {
  CHECK(after("{actions: [{key: level, value: x, action: UPDATE}, {key: b, from_attribute: level, action: upsert}]}") ==
        Texts{"{}", "{level=x,b=x}"});
  CHECK(after("{actions: [{key: level, action: delete}]}") == Texts{"{}", "{}"});
  CHECK(after("{actions: [{pattern: '^le', action: delete}]}") == Texts{"{}", "{}"});
  CHECK(after("{actions: [{key: level, pattern: '^(?P<first>.)(?P<rest>.*)$', action: extract}]}") ==
        Texts{"{}", "{level=error,first=e,rest=rror}"});
  CHECK(
      after("{actions: [{key: n, value: '42', action: insert}, {key: n, converted_type: int, action: convert}]}")[0] ==
      "{n=42}");
  CHECK(after("{actions: [{key: n, value: 7, action: insert}, {key: n, converted_type: string, action: convert}, "
              "{key: d, value: '1.5', action: insert}, {key: d, converted_type: double, action: convert}]}")[0] ==
        "{n=7,d=1.500000}");
}

TEST_CASE("a hash is that of the original: of a text its bytes, of a number eight of them") {
  CHECK(after("{actions: [{key: h, value: abc, action: insert}, {key: h, action: hash}]}")[0] ==
        "{h=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}");
  CHECK(after("{actions: [{key: h, value: 1, action: insert}, {pattern: '^h$', action: hash}]}")[0] ==
        "{h=7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8}");
  CHECK(after("{actions: [{key: h, value: true, action: insert}, {key: h, action: hash}]}")[0] ==
        "{h=4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a}");
}

TEST_CASE("keys that an action does not use are errors") {
  testing::ProcessorFixture f(attributes_factory());
  for (const char* action : {"{key: a, value: 1, from_context: x, action: insert}", "{key: a, action: insert}",
                             "{key: a, value: 1, action: delete}", "{key: a, value: 1, pattern: x, action: insert}",
                             "{key: a, value: 1, converted_type: int, action: insert}", "{action: delete}",
                             "{key: a, action: convert}", "{key: a, action: extract}", "{key: a, value: 1}"})
    CHECK_MESSAGE(!f.refusal("{actions: [" + std::string(action) + "]}").empty(), action);
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
