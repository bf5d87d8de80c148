#include "processors/span/span_processor.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::span {
namespace {

using Entries = std::initializer_list<KeyValue>;

// "name{attributes}" and, if it is set, the status of a span that came with these.
std::string after(const std::string& yaml, std::string_view name, Entries attributes = {}) {
  testing::ProcessorFixture fixture(span_factory());
  auto processor = fixture.make(yaml);
  REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
  TraceBatch traces;
  Arena& arena = traces.arena();
  SpanResource& resource = traces.resources.add(arena);
  set(resource.resource.attributes, arena, "service.name", Value::of("banks"));
  Span& span = resource.scopes.add(arena).records.add(arena);
  span.name = name;
  span.status_code = SpanStatusCode::error;
  span.status_message = "before";
  for (const KeyValue& entry : attributes) set(span.attributes, arena, entry.key, entry.value);
  SignalBatch batch = std::move(traces);
  REQUIRE((*processor)->process(batch));
  const Span& changed = batch.traces().resources[0].scopes[0].records[0];
  std::string out = std::string(changed.name) + testing::text_of(changed.attributes);
  if (changed.status_message != "before")
    out += " " + std::to_string(static_cast<int>(changed.status_code)) + ":" + std::string(changed.status_message);
  return out;
}

TEST_CASE("a name is made of attributes, if all of them are there") {
  const std::string yaml = "{name: {from_attributes: [svc, operation, id], separator: '::'}}";
  const Value get = Value::of("get");
  CHECK(after(yaml, "old", {{"svc", Value::of("location")}, {"operation", get}, {"id", Value::of("1234")}}) ==
        "location::get::1234{svc=location,operation=get,id=1234}");
  CHECK(after(yaml, "old", {{"svc", Value::of("location")}, {"id", Value::of("1234")}}) == "old{svc=location,id=1234}");
  CHECK(after(yaml, "old") == "old{}");
  CHECK(after("{name: {from_attributes: [a, b]}}", "old", {{"a", Value::of("x")}, {"b", Value::of("y")}}) ==
        "xy{a=x,b=y}");
}

TEST_CASE("values of every type have a text") {
  const auto named = [](const Value& value) {
    const std::string out = after("{name: {from_attributes: [k]}}", "old", {{"k", value}});
    return out.substr(0, out.find('{'));
  };
  CHECK(named(Value::of(std::int64_t{-5})) == "-5");
  CHECK(named(Value::of(true)) == "true");
  CHECK(named(Value::of(0.25)) == "0.25");
  CHECK(named(Value::of(1e21)) == "1000000000000000000000");
  CHECK(named(Value::of(std::numeric_limits<double>::infinity())) == "+Inf");
  CHECK(named(Value::of(std::numeric_limits<double>::denorm_min())).size() > 300);
  CHECK(named(Value::of_bytes("x")) == "<unknown-attribute-type>");
  CHECK(named(Value()) == "<unknown-attribute-type>");
  CHECK(named(Value::of("")) == "");
}

TEST_CASE("named groups become attributes, and their names stand where they were") {
  CHECK(after(R"({name: {to_attributes: {rules: ['^/api/v1/document/(?P<id>.*)/update$']}}})",
              "/api/v1/document/12345678/update") == "/api/v1/document/{id}/update{id=12345678}");
  CHECK(after(R"({name: {to_attributes: {rules: ['(?P<a>\d+)-(?P<b>\d+)']}}})", "x 1-2 y", {{"a", Value::of("old")}}) ==
        "x {a}-{b} y{a=1,b=2}");
  CHECK(after(R"({name: {to_attributes: {rules: ['(?P<a>\d+)']}}})", "none") == "none{}");
  CHECK(after(R"({name: {to_attributes: {rules: ['(?P<a>.*)']}}})", "") == "{}");
}

TEST_CASE("each rule works on the name that the one before left, unless the first match is the last") {
  const std::string rules = R"(rules: ['v(?P<version>\d+)', '\}/(?P<rest>.*)'])";
  CHECK(after("{name: {to_attributes: {" + rules + "}}}", "/v1/x") == "/v{version}/{rest}{version=1,rest=x}");
  CHECK(after("{name: {to_attributes: {break_after_match: true, " + rules + "}}}", "/v1/x") ==
        "/v{version}/x{version=1}");
  CHECK(after("{name: {to_attributes: {keep_original_name: true, " + rules + "}}}", "/v1/x") == "/v1/x{version=1}");
}

TEST_CASE("groups that are nested, unnamed or took no part do no harm") {
  CHECK(after(R"({name: {to_attributes: {rules: ['(?P<all>a(?P<inner>\d))']}}})", "-a1-") == "-{all}-{all=a1,inner=1}");
  CHECK(after(R"({name: {to_attributes: {rules: ['(x|y)(?P<a>\d)']}}})", "y1") == "y{a}{a=1}");
  CHECK(after(R"({name: {to_attributes: {rules: ['(?P<a>\d)?(?P<b>z)']}}})", "z") == "{b}{b=z}");
}

TEST_CASE("a name from attributes is what the rules then look at") {
  CHECK(after(R"({name: {from_attributes: [route], to_attributes: {rules: ['/(?P<id>\d+)']}}})", "old",
              {{"route", Value::of("/u/7")}}) == "/u/{id}{route=/u/7,id=7}");
}

TEST_CASE("the status is set with its description") {
  CHECK(after("{status: {code: Error, description: broken}}", "n") == "n{} 2:broken");
  CHECK(after("{status: {code: Ok}}", "n") == "n{} 1:");
  CHECK(after("{status: {code: Unset}}", "n") == "n{} 0:");
}

TEST_CASE("only spans that are included and not excluded are changed") {
  const std::string yaml =
      "{include: {match_type: regexp, services: [banks], span_names: ['/']}, exclude: {match_type: strict, "
      "span_names: [donot/change]}, name: {to_attributes: {rules: ['(?P<site>.*?)$']}}}";
  CHECK(after(yaml, "a/b") == "{site}{site=a/b}");
  CHECK(after(yaml, "ab") == "ab{}");
  CHECK(after(yaml, "donot/change") == "donot/change{}");
  CHECK(after("{include: {match_type: strict, attributes: [{key: code, value: 400}]}, status: {code: Ok}}", "n",
              {{"code", Value::of(std::int64_t{400})}}) == "n{code=400} 1:");
}

TEST_CASE("an empty batch and other signals pass") {
  testing::ProcessorFixture fixture(span_factory());
  auto processor = fixture.make("{status: {code: Ok}}");
  REQUIRE(processor);
  SignalBatch none = TraceBatch(), logs = testing::log_batch({"x"});
  CHECK((*processor)->process(none));
  CHECK((*processor)->process(logs));
}

TEST_CASE("configurations that cannot work are refused with a remedy") {
  testing::ProcessorFixture fixture(span_factory());
  const auto refused = [&fixture](const std::string& yaml, const char* word) {
    const std::string message = fixture.refusal(yaml);
    CHECK_MESSAGE(message.find(word) != std::string::npos, yaml, " -> ", message);
  };
  refused("{}", "from_attributes");
  refused("{name: {separator: x}}", "nothing to do");
  refused("{name: {to_attributes: {rules: []}}}", "nothing to do");
  refused("{name: {to_attributes: {rules: ['(']}}}", "not a regular expression");
  refused("{status: {}}", "code");
  refused("{status: {code: Bad}}", "Unset");
  refused("{status: {code: Ok, description: x}}", "Error only");
  refused("{status: {code: Ok}, include: {match_type: strict, log_bodies: [x]}}", "spans");
  refused("{status: {code: Ok}, include: {span_names: [x]}}", "match_type");
}

}  // namespace
}  // namespace rankwire::span
