#include "processors/resource/resource_processor.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::resource {
namespace {

std::string after(const std::string& actions, std::initializer_list<KeyValue> before) {
  testing::ProcessorFixture fixture(resource_factory());
  auto processor = fixture.make("{attributes: [" + actions + "]}");
  REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
  LogBatch batch = testing::log_batch({"x"});
  for (const KeyValue& entry : before)
    set(batch.resources[0].resource.attributes, batch.arena(), entry.key, entry.value);
  SignalBatch signal = std::move(batch);
  REQUIRE((*processor)->process(signal));
  return testing::text_of(signal.logs().resources[0].resource.attributes);
}

TEST_CASE("insert adds only what is absent, update changes only what is there, upsert does both") {
  const std::initializer_list<KeyValue> before = {{"a", Value::of("old")}};
  CHECK(after("{key: a, value: new, action: insert}, {key: b, value: new, action: insert}", before) == "{a=old,b=new}");
  CHECK(after("{key: a, value: new, action: update}, {key: b, value: new, action: update}", before) == "{a=new}");
  CHECK(after("{key: a, value: new, action: upsert}, {key: b, value: new, action: upsert}", before) == "{a=new,b=new}");
}

TEST_CASE("a value keeps its YAML type") {
  CHECK(after("{key: a, value: 5, action: insert}, {key: b, value: true, action: insert}, {key: c, value: '5', action: "
              "insert}, {key: d, value: 0.5, action: insert}",
              {}) == "{a=5,b=true,c=5,d=0.500000}");
}

TEST_CASE("a value can be taken from another attribute, with a default") {
  CHECK(after("{key: b, from_attribute: a, action: insert}", {{"a", Value::of("1")}}) == "{a=1,b=1}");
  CHECK(after("{key: b, from_attribute: a, action: insert}", {}) == "{}");
  CHECK(after("{key: b, from_attribute: a, default_value: none, action: insert}", {}) == "{b=none}");
}

TEST_CASE("delete removes a key, or every key that matches a pattern") {
  CHECK(after("{key: a, action: delete}", {{"a", Value::of("1")}, {"b", Value::of("2")}}) == "{b=2}");
  CHECK(after("{pattern: '^k8s\\.', action: delete}",
              {{"k8s.a", Value::of("1")}, {"b", Value::of("2")}, {"k8s.c", Value::of("3")}}) == "{b=2}");
}

TEST_CASE("hash is SHA-256 in hex") {
  CHECK(after("{key: a, action: hash}", {{"a", Value::of("abc")}}) ==
        "{a=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}");
}

TEST_CASE("extract makes attributes of named groups and keeps the source") {
  CHECK(after("{key: url, pattern: '^(?P<scheme>\\w+)://(?P<host>[^/]+)', action: extract}",
              {{"url", Value::of("https://a.example/x")}}) == "{url=https://a.example/x,scheme=https,host=a.example}");
}

TEST_CASE("convert changes the type and leaves what it cannot convert") {
  CHECK(after("{key: a, converted_type: int, action: convert}", {{"a", Value::of("12")}}) == "{a=12}");
  CHECK(after("{key: a, converted_type: int, action: convert}", {{"a", Value::of("12x")}}) == "{a=12x}");
  CHECK(after("{key: a, converted_type: string, action: convert}", {{"a", Value::of(true)}}) == "{a=true}");
}

TEST_CASE("wrong actions are refused with the key that is wrong") {
  testing::ProcessorFixture fixture(resource_factory());
  CHECK(fixture.refusal("{attributes: [{key: a, value: 1, action: insret}]}").find("insert") != std::string::npos);
  CHECK(fixture.refusal("{attributes: [{key: a, action: insert}]}").find("from_attribute") != std::string::npos);
  CHECK(fixture.refusal("{attributes: [{key: a, action: extract, pattern: 'a(b)'}]}").find("group") !=
        std::string::npos);
  CHECK(fixture.refusal("{}").find("at least one action") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::resource
