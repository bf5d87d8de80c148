#include "processors/transform/transform_processor.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "ottl/explain/snapshot.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::transform {
namespace {

SignalBatch two_logs() {
  auto batch = otlp::decode_json(Signal::logs, R"({"resourceLogs": [{
    "resource": {"attributes": [{"key": "service", "value": {"stringValue": "train"}}]},
    "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [
      {"severityNumber": 9, "body": {"stringValue": "one"}},
      {"severityNumber": 17, "body": {"stringValue": "two"}}]}]}]})");
  REQUIRE(batch);
  return std::move(*batch);
}

class Transform {
 public:
  explicit Transform(const std::string& yaml) : made_(fixture_.make(yaml)) {
    REQUIRE_MESSAGE(made_.has_value(), (made_ ? "" : made_.error().message()));
  }
  // What it changes; or "refused: why".
  std::string changes(SignalBatch batch) {
    const ottl::Snapshot before = ottl::snapshot(batch);
    if (const auto done = (*made_)->process(batch); !done)
      return "refused: " + std::string(to_string(done.error().kind())) + ": " + done.error().message();
    std::string lines;
    for (const std::string& line : ottl::changes(before, ottl::snapshot(batch))) lines += line + "\n";
    return lines;
  }
  std::uint64_t failures(const std::string& statement) {
    return fixture_.environment.counters
        .counter("rankwire_ottl_failures_total", "", {{"component", "transform"}, {"statement", statement}})
        .value();
  }

 private:
  testing::ProcessorFixture fixture_{transform_factory()};
  Result<std::unique_ptr<Processor>> made_;
};

std::string changes(const std::string& yaml) { return Transform(yaml).changes(two_logs()); }
std::string refusal(const std::string& yaml) { return testing::ProcessorFixture(transform_factory()).refusal(yaml); }

TEST_CASE("statements run in order over every record") {
  CHECK(changes(R"({log_statements: ['set(log.attributes["a"], log.body)', 'set(log.body, "x")',
                   'set(log.attributes["b"], log.body) where log.severity_number >= SEVERITY_NUMBER_WARN']})") ==
        "log[0].body: \"one\" → \"x\"\nlog[0].attributes[\"a\"]: \"one\"\n"
        "log[1].body: \"two\" → \"x\"\nlog[1].attributes[\"a\"]: \"two\"\nlog[1].attributes[\"b\"]: \"x\"\n");
}

TEST_CASE("plain statements are one group, for the innermost context that they name") {
  CHECK(changes(R"({log_statements: ['set(resource.attributes["n"], log.severity_number)',
                                     'set(log.cache["k"], log.body)', 'set(log.attributes["k"], log.cache["k"])']})") ==
        "resource.attributes[\"n\"]: 17\nlog[0].attributes[\"k\"]: \"one\"\nlog[1].attributes[\"k\"]: \"two\"\n");
}

TEST_CASE("groups run one after the other, each over the whole batch, with their own context and conditions") {
  CHECK(changes(R"({log_statements: [
      {context: resource, statements: ['set(attributes["seen"], 1)']},
      {context: log, conditions: ['body == "no"', 'severity_number > 9'],
       statements: ['set(attributes["late"], resource.attributes["seen"])']},
      {conditions: ['log.body == "one"'], statements: ['set(scope.name, "changed")']}]})") ==
        "resource.attributes[\"seen\"]: 1\nscope.name: \"s\" → \"changed\"\nlog[1].attributes[\"late\"]: 1\n");
  CHECK(changes(R"({log_statements: [{context: log, conditions: ['body == "one"']}]})") == "");
}

TEST_CASE("the cache is empty again for each record and each group") {
  CHECK(changes(R"({log_statements: [
      {context: log, statements: ['set(attributes["left"], cache["x"])', 'set(cache["x"], body)']},
      {context: log, statements: ['set(attributes["left"], cache["x"])']}]})") == "");
}

TEST_CASE("statements of one signal leave the others alone, and without statements nothing happens") {
  CHECK(changes(R"({trace_statements: ['set(span.name, "x")']})") == "");
  CHECK(changes("{}") == "");
}

TEST_CASE("error_mode ignore and silent go on with the next statement, propagate refuses the batch for good") {
  const std::string statements = R"(log_statements: ['set(log.attributes["a"], 1)',
                                    'set(log.attributes["b"], log.body["x"])', 'set(log.attributes["c"], 3)']})";
  const std::string others =
      "log[0].attributes[\"a\"]: 1\nlog[0].attributes[\"c\"]: 3\n"
      "log[1].attributes[\"a\"]: 1\nlog[1].attributes[\"c\"]: 3\n";
  const std::string refused =
      "refused: invalid: transform: log_statements[1] (set(log.attributes[\"b\"], log.body[\"x\"])): a text has no "
      "keys";
  CHECK(changes("{" + statements) == others);
  CHECK(changes("{error_mode: silent, " + statements) == others);
  CHECK(changes("{error_mode: propagate, " + statements) == refused);
}

TEST_CASE("a group's own error_mode comes before the component's, for its conditions too") {
  const std::string group =
      R"(, context: log, conditions: ['body["x"] == 1'], statements: ['set(attributes["a"], 1)']}]})";
  CHECK(changes("{error_mode: propagate, log_statements: [{error_mode: silent" + group) == "");
  CHECK(changes("{log_statements: [{error_mode: propagate" + group) ==
        "refused: invalid: transform: log_statements[0]::conditions[0] (body[\"x\"] == 1): a text has no keys");
}

TEST_CASE("what always fails is a warning with its place at start, and fails where it is met") {
  const std::string yaml =
      "error_mode: ignore\n"
      "log_statements:\n"
      "- set(log.attributes[\"a\"], ParseJSON(\"x\")) where log.body == \"two\"\n"
      "- set(log.attributes[\"b\"], 1 / 0)\n"
      "- set(log.attributes[\"c\"], Decode(log.body, \"no-such\"))\n"
      "- set(log.attributes[\"d\"], 1)\n";
  CHECK(testing::ProcessorFixture(transform_factory()).problems(yaml) ==
        "test.yaml:3:28: warning: transform::log_statements[0]: this always fails: ParseJSON: not a JSON object or "
        "array\n"
        "test.yaml:4:30: warning: transform::log_statements[1]: this always fails: division by zero\n"
        "test.yaml:5:28: warning: transform::log_statements[2]: this always fails: Decode: there is no encoding "
        "\"no-such\"\n");
  Transform transform(yaml);
  CHECK(transform.changes(two_logs()) == "log[0].attributes[\"d\"]: 1\nlog[1].attributes[\"d\"]: 1\n");
  CHECK(transform.failures("set(log.attributes[\"a\"], ParseJSON(\"x\")) where log.body == \"two\"") == 1);
  CHECK(transform.failures("set(log.attributes[\"b\"], 1 / 0)") == 2);
}

TEST_CASE("types that can never go together are warnings with their place and what to write") {
  const std::string yaml =
      "error_mode: silent\n"
      "log_statements:\n"
      "- set(log.severity_number, \"WARN\")\n"
      "- set(log.attributes[\"d\"], Duration(\"1s\"))\n"
      "- set(log.attributes[\"w\"], true) where log.severity_number >= \"WARN\"\n"
      "- set(log.attributes[\"x\"], nil)\n"
      "- |\n"
      "  set(log.attributes[\"t\"], true)\n"
      "    where log.span_id != nil\n";
  CHECK(testing::ProcessorFixture(transform_factory()).problems(yaml) ==
        "test.yaml:3:28: warning: transform::log_statements[0]: this never works: log.severity_number is an integer, "
        "this is a text; write SEVERITY_NUMBER_WARN\n"
        "test.yaml:4:28: warning: transform::log_statements[1]: a duration cannot be kept in log.attributes[\"d\"]; "
        "write "
        "Seconds(…), Milliseconds(…) or Nanoseconds(…)\n"
        "test.yaml:5:63: warning: transform::log_statements[2]: this comparison never holds: log.severity_number is an "
        "integer, this is a text; write SEVERITY_NUMBER_WARN\n"
        "test.yaml:6:28: warning: transform::log_statements[3]: setting nil does nothing; to remove it, write "
        "delete_key(log.attributes, \"x\")\n"
        "test.yaml:9:26: warning: transform::log_statements[4]: this comparison always holds: log.span_id is never "
        "nil; what is not set is SpanID(0x0000000000000000)\n");
  CHECK(Transform(yaml).changes(two_logs()) ==
        "log[0].attributes[\"d\"]: nil\nlog[0].attributes[\"t\"]: true\n"
        "log[1].attributes[\"d\"]: nil\nlog[1].attributes[\"t\"]: true\n");
}

TEST_CASE("failures are counted by statement") {
  Transform transform(R"({error_mode: silent, log_statements: ['set(log.attributes["b"], log.body["x"])']})");
  transform.changes(two_logs());
  CHECK(transform.failures("set(log.attributes[\"b\"], log.body[\"x\"])") == 2);
}

TEST_CASE("with flatten_data the resource is changed for one record alone, and equal ones stand together again") {
  const std::string statement = R"(log_statements: ['set(resource.attributes["n"], 1) where log.body == "one"']})";
  CHECK(changes("{" + statement) == "resource.attributes[\"n\"]: 1\n");
  const std::string flat = changes("{flatten_data: true, " + statement);
  for (const char* line : {"resource[0].attributes[\"n\"]: 1\n", "resource[0] log.body: \"one\"\n",
                           "resource[1] log.body: \"two\"\n", "resource[1] scope.name: \"s\"\n"})
    CHECK_MESSAGE(flat.find(line) != std::string::npos, flat);
  CHECK(flat.find("resource[1].attributes[\"n\"]") == std::string::npos);
  CHECK(changes(R"({flatten_data: true, log_statements: ['set(log.attributes["a"], 1)']})") ==
        "log[0].attributes[\"a\"]: 1\nlog[1].attributes[\"a\"]: 1\n");
}

TEST_CASE("every problem of every statement is told at once, with its place and a remedy") {
  CHECK(
      refusal("log_statements:\n"
              "- set(log.attributes[\"a\"], Qqqqqqqq(log.body))\n"
              "- 'set(log.bodyy, ''x'')'\n"
              "- |\n"
              "  set(log.body, \"x\")\n"
              "    where log.severity_number = 9\n"
              "trace_statements:\n"
              "- context: span\n"
              "  conditions: [\"name == \\\"x\\\" and kindd == 1\"]\n"
              "  statements: ['set(name, 1)']\n")
          .starts_with(
              "test.yaml:2:28: error: transform::log_statements[0]: there is no function Qqqqqqqq\n"
              "test.yaml:3:19: error: transform::log_statements[1]: found \"'\"; text stands in double quotes: \"…\"\n"
              "test.yaml:6:31: error: transform::log_statements[2]: found \"=\", expected a comparison (== != < <= > "
              ">=); to compare, write ==\n"
              "test.yaml:9:35: error: transform::trace_statements[0]::conditions[0]: there is no path kindd in the "
              "context span; did you mean \"kind\"?\n"));
}

void check_refusal(const std::string& yaml, const std::string& wanted) {
  const std::string found = refusal(yaml);
  CHECK_MESSAGE(found.find(wanted) != std::string::npos, found);
}

TEST_CASE("what cannot be read as a group is refused with what to write") {
  check_refusal(R"({log_statements: ['set(log.body, 1)', {statements: ['set(log.body, 1)']}]})",
                "log_statements: has both plain texts and groups; put the texts into a group: {statements: […]}");
  check_refusal(R"({log_statements: [{context: span, statements: ['set(name, "x")']}]})",
                "1:20: error: transform::log_statements[0]::context: there is no context span here; allowed are "
                "resource, scope, log");
  check_refusal(R"({log_statements: [{context: profile, statements: ['set(name, "x")']}]})",
                "profile: profiles are not supported");
  check_refusal("{log_statements: ['set(body, 1)']}",
                "1:20: error: transform::log_statements[0]: the path body does not say which context it means; write "
                "one in front (resource, scope, log), or set \"context\"");
  check_refusal(R"({log_statements: ['set(log.body, 1)', 'set(span.name, "x")']})",
                "1:40: error: transform::log_statements[1]: there is no context span here");
  check_refusal("{log_statements: [{statement: ['set(body, 1)']}]}", "unknown key; did you mean \"statements\"?");
  check_refusal("{profile_statements: ['set(profile.name, 1)']}", "there is no signal for profiles");
  check_refusal("{error_mode: ignored}", "did you mean \"ignore\"?");
}

}  // namespace
}  // namespace rankwire::transform
