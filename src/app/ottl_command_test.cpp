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
  std::ostringstream out, err;
  const ExitCode code = try_ottl(options, {out, err});
  return {code, out.str(), err.str()};
}

constexpr const char* record =
    R"({"severityNumber": 9, "body": {"stringValue": "user 17"},
        "attributes": [{"key": "team", "value": {"stringValue": "ml"}}]})";

TEST_CASE("rankwire ottl shows what each statement changed") {
  const Tried one = tried(
      {.statements = {R"(set(log.cache["n"], log.severity_number))", R"(set(log.attributes["n"], log.cache["n"]))"}},
      record);
  CHECK(one.code == ExitCode::ok);
  CHECK(one.out ==
        "set(log.cache[\"n\"], log.severity_number)\n  unchanged\n"
        "set(log.attributes[\"n\"], log.cache[\"n\"])\n  log.attributes[\"n\"]: 9\n");
}

TEST_CASE("rankwire ottl says which part of a condition is false, with what it saw") {
  const Tried one = tried({.conditions = {R"(log.attributes["team"] == "ml" and (log.severity_number >= 13 or )"
                                          R"(log.body == "x"))"}},
                          record);
  CHECK(one.code == ExitCode::ok);
  CHECK(one.out.find("  log[0]: false\n    log.severity_number = 9, wanted >= 13\n"
                     "    log.body = \"user 17\", wanted == \"x\"\n") != std::string::npos);
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
  const Tried failing = tried({.statements = {R"(set(log.body, log.body["x"]))"}}, record);
  CHECK(failing.code == ExitCode::failed);
  CHECK(failing.out.find("log[0]: failed: ") != std::string::npos);
  CHECK(tried({}, record).code == ExitCode::usage);
  CHECK(tried({.statements = {"set(body, 1)"}, .context = "span"}, record).code == ExitCode::usage);
  CHECK(tried({.statements = {"set(log.body, 1)"}}, "{").code == ExitCode::usage);
}

TEST_CASE("rankwire ottl takes requests of every signal, and records alone with --signal") {
  CHECK(tried({.statements = {R"(set(span.name, "x"))"}},
              R"({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}]}]}]})")
            .out.find("\"a\" → \"x\"") != std::string::npos);
  CHECK(tried({.statements = {R"(set(name, "x"))"}, .context = "metric", .signal = "metrics"},
              R"({"name": "m", "gauge": {"dataPoints": [{"asInt": "1"}]}})")
            .out.find("\"m\" → \"x\"") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::app
