#include "otlp/json_pieces.hpp"

#include <doctest/doctest.h>

namespace rankwire::otlp {
namespace {

std::string why(std::string_view text) {
  const auto pieces = json_pieces(text);
  return pieces ? "none" : pieces.error().message();
}

TEST_CASE("what a JSON text holds is one request, with records that follow each other in one scope") {
  const auto pieces = json_pieces(
      "{\"body\":{}}\n[{\"flags\":1},{\"scope_logs\":[]}]\n{\"logRecords\":[]}"
      "{\"resourceLogs\":[{},{}]}{\"resourceLogs\":[]}");
  REQUIRE(pieces);
  CHECK(json_request(Signal::logs, *pieces) ==
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}},{"flags":1}]}]},{"scope_logs":[]},)"
        R"({"scopeLogs":[{"logRecords":[]}]},{},{}]})");
  CHECK((*pieces)[3].line == 3);
  CHECK(json_request(Signal::traces, {}) == R"({"resourceSpans":[]})");
}

TEST_CASE("a byte order mark and line ends of Windows are nothing") {
  const auto pieces = json_pieces("\xEF\xBB\xBF{\"body\":{}}\r\n{\"body\":{}}\r\n");
  REQUIRE(pieces);
  CHECK(pieces->size() == 2);
}

TEST_CASE("numbers and texts of a piece are what they were") {
  const auto pieces = json_pieces(R"({"flags": 18446744073709551615, "body": {"stringValue": "}\"\n{"}, "x": -1.5e3})");
  REQUIRE(pieces);
  REQUIRE(pieces->size() == 1);
  CHECK((*pieces)[0].json == R"({"flags":18446744073709551615,"body":{"stringValue":"}\"\n{"},"x":-1500.0})");
}

TEST_CASE("the signals that a piece may be of are told by its keys, in both spellings") {
  const auto signals = [](const char* text) { return json_pieces(text).value().at(0).signals().to_string(); };
  CHECK(signals(R"({"severity_number": 1})") == "001");
  CHECK(signals(R"({"exponentialHistogram": {}})") == "010");
  CHECK(signals(R"({"traceId": "", "name": ""})") == "100");
  CHECK(signals(R"({"traceId": "", "spanId": ""})") == "101");
  CHECK(signals(R"({"scopeMetrics": []})") == "010");
  CHECK(signals(R"({"body": {}, "kind": 1})") == "000");
  CHECK(signals("{}") == "111");
}

TEST_CASE("what cannot be read is told with its line and what is before it") {
  CHECK(why("").substr(0, 4) == "none");
  CHECK(why("{\"a\": 1}\n{\"b\": [1, 2],\n \"c\" 3}").rfind("line 3: this is not JSON: ", 0) == 0);
  CHECK(why("{\"a\": 1,}").find("(behind {\"a\": 1,)") != std::string::npos);
  CHECK(why("{\"a\": \"x").rfind("line 1: this is not JSON: ", 0) == 0);
  CHECK(why("\n{\"a\": 1").rfind("line 2: this is not JSON: ", 0) == 0);
  CHECK(why("{\"a\": 1}}").rfind("line 1: this is not JSON: ", 0) == 0);
  CHECK(why("hello\nworld").rfind("line 1: this is not JSON: ", 0) == 0);
  CHECK(why("\"text\"") == "line 1: expected an object, with braces around it");
  CHECK(why(std::string(5000, '[')).rfind("line 1: this is not JSON: ", 0) == 0);
}

}  // namespace
}  // namespace rankwire::otlp
