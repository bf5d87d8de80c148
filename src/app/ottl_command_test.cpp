#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "app/commands.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::app {
namespace {

struct Tried {
  ExitCode code;
  std::string out, err;
};

Tried tried(OttlOptions options, const std::string& input) {
  testing::TemporaryDirectory directory;
  options.input = directory.file("input.json");
  std::ofstream(options.input) << input;
  std::istringstream nothing;
  std::ostringstream out, err;
  const ExitCode code = try_ottl(options, nothing, {out, err});
  return {code, out.str(), err.str()};
}

constexpr const char* span =
    R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a","kind":2})";
constexpr const char* metric = R"({"name": "m", "gauge": {"dataPoints": [{"asInt": "1", "attributes": )"
                               R"([{"key": "a", "value": {"stringValue": "b"}}]}]}})";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* record =
    R"({"severityNumber": 9, "body": {"stringValue": "user 17"},
        "attributes": [{"key": "team", "value": {"stringValue": "ml"}}]})";

TEST_CASE("rankwire ottl shows what each statement changed") {
  const Tried one = tried(
      {.statements = {R"(set(log.cache["n"], log.severity_number))", R"(set(log.attributes["n"], log.cache["n"]))"}},
      record);
  CHECK(one.code == ExitCode::ok);
  CHECK(one.out ==
        "set(log.cache[\"n\"], log.severity_number)\n  log.cache[\"n\"]: 9\n"
        "set(log.attributes[\"n\"], log.cache[\"n\"])\n  log.attributes[\"n\"]: 9\n");
  const Tried other = tried({.statements = {R"(set(cache["n"], body))", R"(set(cache["n"], 1) where body != "b")",
                                            R"(delete_key(cache, "n") where body == "b")"},
                             .context = "log"},
                            R"({"body": {"stringValue": "a"}}
                               {"body": {"stringValue": "b"}})");
  CHECK(has(other.out, "  log[0].cache[\"n\"]: \"a\"\n  log[1].cache[\"n\"]: \"b\"\n"));
  CHECK(has(other.out, "  log[0].cache[\"n\"]: \"a\" → 1\n"));
  CHECK(has(other.out, "  - log[1].cache[\"n\"]: \"b\"\n"));
}

TEST_CASE("rankwire ottl says which part of a condition is false, with what it saw") {
  const Tried one = tried({.conditions = {R"(log.attributes["team"] == "ml" and (log.severity_number >= 13 or )"
                                          R"(log.body == "x"))"}},
                          record);
  CHECK(one.code == ExitCode::ok);
  CHECK(one.out.find("  log[0]: false\n    log.severity_number = 9, wanted >= 13\n"
                     "    log.body = \"user 17\", wanted == \"x\"\n") != std::string::npos);
  const Tried negated =
      tried({.conditions = {R"(not (log.severity_number == 9))", R"(not IsString(log.body))"}}, record);
  CHECK(has(negated.out, "    log.severity_number = 9, wanted not == 9\n"));
  CHECK(has(negated.out, " is false, log.body = \"user 17\"\n"));
  const Tried where = tried({.statements = {R"(set(log.body, "x") where log.severity_number > 9)"}}, record);
  CHECK(where.out.find("the condition is false\n    log.severity_number = 9, wanted > 9\n  unchanged\n") !=
        std::string::npos);
}

TEST_CASE("rankwire ottl puts a caret under what is wrong and tells errors of running from those of writing") {
  const Tried wrong = tried({.statements = {"set(log.body, Qqqqqqqq(1))"}}, record);
  CHECK(wrong.code == ExitCode::usage);
  CHECK(wrong.err ==
        "--statement 1:15: there is no function Qqqqqqqq\n"
        "  set(log.body, Qqqqqqqq(1))\n                ^\n");
  const std::string unread = tried({.statements = {"set(log.body, 'x')"}}, record).err;
  CHECK_MESSAGE(unread.rfind("--statement") == 0, unread);
  CHECK(has(tried({.statements = {"set(body, 1)"}}, record).err, "(resource, scope, log), or give --context\n"));
  const Tried failing = tried({.statements = {R"(set(log.body, log.body["x"]))"}}, record);
  CHECK(failing.code == ExitCode::failed);
  CHECK(failing.out.find("log[0]: failed: ") != std::string::npos);
  CHECK(tried({}, record).code == ExitCode::usage);
  CHECK(tried({.statements = {"set(body, 1)"}, .context = "span"}, record).code == ExitCode::usage);
  CHECK(tried({.statements = {"set(log.body, 1)"}}, "{").code == ExitCode::usage);
}

TEST_CASE("rankwire ottl sees of what signal requests, their parts and records are") {
  CHECK(has(tried({.statements = {R"(set(span.name, "x"))"}},
                  R"({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}]}]}]})")
                .out,
            "\"a\" → \"x\""));
  CHECK(has(tried({.conditions = {R"(span.name == "a")"}}, span).out, "span[0]: true"));
  CHECK(has(tried({.conditions = {R"(metric.name == "m")"}}, metric).out, "metric[0]: true"));
  CHECK(has(tried({.conditions = {"log.severity_number == 9"}}, std::string("[") + record + "]").out, "log[0]: true"));
  const std::string several = R"({"scopeLogs": [{"logRecords": [{}, {}]}]} {"logRecords": [{}]} {"body": {}})";
  CHECK(has(tried({.conditions = {"log.body == nil"}}, several).out, "log[3]: true"));
  CHECK(tried({.conditions = {"span.kind == 2"}, .signal = "traces"}, span).err.empty());
}

TEST_CASE("rankwire ottl says what it assumes of an input, and what cannot be") {
  const auto said = [](const std::string& input, const std::string& signal = "") {
    return tried({.conditions = {R"(resource.attributes["a"] == nil)"}, .signal = signal}, input).err;
  };
  const auto refused = [](const std::string& input, const std::string& signal = "") {
    const Tried one = tried({.conditions = {R"(resource.attributes["a"] == nil)"}, .signal = signal}, input);
    CHECK(one.code == ExitCode::usage);
    CHECK(one.out.empty());
    return one.err;
  };
  CHECK(has(said(R"({"attributes": []})"), "cannot be seen whether this is a log record or span; taken as a log"));
  CHECK(said(R"({"attributes": []})", "traces").empty());
  CHECK(has(said(R"({"body": {}, "kind": 2, "msg": 1})", "logs"),
            R"(line 1: ignored, as a log record has no "kind", "msg")"));
  CHECK(has(said(R"({"resourceLogs": []})"), "there is no record in it"));
  CHECK(has(refused(R"({"name": "x"})"), "whether this is a metric or span; say --signal metrics or --signal traces"));
  CHECK(has(refused(span, "logs"), R"(--signal logs is wrong: this is a span, as it has "kind"; leave --signal away)"));
  CHECK(has(refused(R"({"resourceLogs": []})", "metrics"), R"(this is a log record, as it has "resourceLogs")"));
  CHECK(has(refused(std::string(span) + "\n" + record), "line 2: this is a log record, and what is before it a span"));
  CHECK(has(refused(R"({"msg": "x"})"), R"(this is no OTLP/JSON: no record has a field "msg"; write {"body")"));
  CHECK(has(refused(R"({"body": "x"})"), R"(texts are {"stringValue": "x"})"));
  CHECK(has(refused(""), "there is nothing in it"));
  CHECK(has(refused("{\"body\":\n {},}"), "line 2: this is not JSON"));
  CHECK(has(refused("[1]"), "line 1: expected an object"));
}

TEST_CASE("rankwire ottl offers conditions what only the filter processor has, and says so of statements") {
  CHECK(has(
      tried({.conditions = {R"(HasAttrOnDatapoint("a", "b"))", R"(HasAttrKeyOnDatapoint("x"))"}, .context = "metric"},
            metric)
          .out,
      "metric[0]: true\nHasAttrKeyOnDatapoint(\"x\")\n  metric[0]: false"));
  const Tried wrong = tried({.statements = {R"(set(metric.name, "x") where HasAttrOnDatapoint("a", "b"))"}}, metric);
  CHECK(has(wrong.err, "only the filter processor has HasAttrOnDatapoint: try it with --condition"));
  CHECK(has(tried({.statements = {R"(copy_metric(name="n") where metric.name == "m")"}}, metric).out, ": \"n\""));
}

TEST_CASE("rankwire ottl reads statements from a file and records from the standard input") {
  testing::TemporaryDirectory directory;
  const std::string file = directory.file("statements");
  const auto run = [&](const std::string& text) {
    std::ofstream(file) << text;
    std::istringstream in(record);
    std::ostringstream out, err;
    const ExitCode code =
        try_ottl({.statements = {"set(log.body, 1)"}, .statements_file = file, .input = "-"}, in, {out, err});
    return Tried{code, out.str(), err.str()};
  };
  const Tried good = run("# A comment.\n\n  set(log.severity_number, 10)  \n");
  CHECK(good.code == ExitCode::ok);
  CHECK(good.out ==
        "set(log.body, 1)\n  log.body: \"user 17\" → 1\n"
        "set(log.severity_number, 10)\n  log.severity_number: 9 → 10\n");
  const Tried wrong = run("# A comment.\nset(log.body, Qqqqqqqq(1))\n");
  CHECK(wrong.code == ExitCode::usage);
  CHECK(has(wrong.err, "statements, line 2: 1:15: there is no function Qqqqqqqq"));
}

TEST_CASE("rankwire ottl explains only the first conditions that are false, and counts the rest") {
  std::string input;
  for (int i = 0; i < 8; ++i) input += std::string(record) + "\n";
  const Tried one = tried({.statements = {"set(log.body, 1) where log.severity_number > 9"}}, input);
  CHECK(has(one.out, "log[4]: the condition is false"));
  CHECK_FALSE(has(one.out, "log[5]"));
  CHECK(has(one.out, "  the condition is false for 3 more\n"));
}

}  // namespace
}  // namespace rankwire::app
