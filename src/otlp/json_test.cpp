// OTLP/JSON and the answers to requests.
#include <doctest/doctest.h>

#include "otlp/otlp.hpp"

namespace rankwire::otlp {

namespace {

std::string json_of(const SignalBatch& batch) {
  Buffer buffer;
  encode_json(batch, buffer);
  return std::string(buffer.view());
}

std::string round_trip(Signal signal, std::string_view text) {
  const auto batch = decode_json(signal, text);
  REQUIRE_MESSAGE(batch.has_value(), batch.error().message());
  return json_of(*batch);
}

const LogRecord& first(const SignalBatch& batch) { return batch.logs().resources[0].scopes[0].records[0]; }

std::string log_json(std::string_view members) {
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{)" + std::string(members) + "}]}]}]}";
}

void check_refused(std::string_view members, std::string_view reason) {
  const auto batch = decode_json(Signal::logs, log_json(members));
  REQUIRE_FALSE(batch.has_value());
  CHECK(batch.error().kind() == ErrorKind::invalid);
  CHECK_MESSAGE(batch.error().message().find(reason) != std::string::npos, batch.error().message());
}

}  // namespace

TEST_CASE("a log record in JSON is written as the protocol demands") {
  const std::string text =
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"host","value":{"stringValue":"node-4"}}]},)"
      R"("scopeLogs":[{"scope":{"name":"lib"},"logRecords":[{"timeUnixNano":"1700000000000000001",)"
      R"("severityNumber":9,"severityText":"INFO","body":{"stringValue":"a\"b\\c\n\u0001"},)"
      R"("attributes":[{"key":"n","value":{"intValue":"-7"}},{"key":"l","value":{"arrayValue":{"values":[)"
      R"({"doubleValue":0.5},{"bytesValue":"/wA="},{}]}}}],"flags":1,"traceId":"5b8efff798038103d269b633813fc60c",)"
      R"("spanId":"eee19b7ec3c1b174"}]}]}]})";
  CHECK(round_trip(Signal::logs, text) == text);
}

TEST_CASE("both spellings of names, and numbers as numbers or strings, are accepted") {
  const auto batch = decode_json(
      Signal::logs,
      log_json(
          R"("time_unix_nano":5,"observedTimeUnixNano":"6","severity_number":"SEVERITY_NUMBER_WARN",)"
          R"("trace_id":"5B8EFFF798038103D269B633813FC60C","body":{"int_value":3},"unknown":{"x":[1]},"flags":null)"));
  REQUIRE(batch.has_value());
  CHECK(first(*batch).time_unix_nanos == 5);
  CHECK(first(*batch).observed_time_unix_nanos == 6);
  CHECK(first(*batch).severity_number == 13);
  CHECK(first(*batch).trace_id.bytes[0] == 0x5b);
  CHECK(first(*batch).body.integer() == 3);
}

TEST_CASE("what is not OTLP/JSON is refused and says why") {
  check_refused(R"("timeUnixNano":-5)", "unsigned 64-bit integer");
  check_refused(R"("timeUnixNano":"5x")", "unsigned 64-bit integer");
  check_refused(R"("severityText":5)", "expected a string");
  check_refused(R"("traceId":"abcd")", "hex digits");
  check_refused(R"("spanId":"gggggggggggggggg")", "not hex");
  check_refused(R"("body":{"bytesValue":"!"})", "bad base64");
  check_refused(R"("attributes":{})", "expected an array");
  check_refused(R"("body":[])", "expected an object");
  CHECK_FALSE(decode_json(Signal::logs, "").has_value());
  CHECK_FALSE(decode_json(Signal::logs, R"({"resourceLogs":[)").has_value());
  CHECK_FALSE(decode_json(Signal::logs, "[1]").has_value());
}

TEST_CASE("text that is not UTF-8 still gives valid JSON") {
  LogBatch batch;
  LogRecord& record =
      batch.resources.push(batch.arena(), {}).scopes.push(batch.arena(), {}).records.push(batch.arena(), {});
  record.body = Value::of("a\xff\xe4\xbd\xa0\xc3");
  CHECK(json_of(std::move(batch)).find("\"a\xef\xbf\xbd\xe4\xbd\xa0\xef\xbf\xbd\"") != std::string::npos);
}

TEST_CASE("metrics of every kind survive JSON") {
  const std::string points =
      R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[)"
      R"({"name":"g","gauge":{"dataPoints":[{"asInt":"0"},{"asDouble":-0.0},{"flags":1}]}},)"
      R"({"name":"s","sum":{"dataPoints":[{"asDouble":"NaN","exemplars":[{"asInt":"4","spanId":"eee19b7ec3c1b174"}]}],)"
      R"("aggregationTemporality":2,"isMonotonic":true}},)"
      R"({"name":"h","histogram":{"dataPoints":[{"count":"3","sum":1.5,"min":0,"bucketCounts":["1","2"],)"
      R"("explicitBounds":[10]}],"aggregationTemporality":1}},)"
      R"({"name":"e","exponentialHistogram":{"dataPoints":[{"count":"3","scale":-3,"zeroCount":"1",)"
      R"("zeroThreshold":0.25,)"
      R"("positive":{"offset":-2,"bucketCounts":["1"]}}],"aggregationTemporality":1}},)"
      R"({"name":"q","unit":"s","summary":{"dataPoints":[{"count":"1","sum":2,)"
      R"("quantileValues":[{"quantile":0.5,"value":2}]}]},)"
      R"("metadata":[{"key":"k","value":{"boolValue":true}}]}]}]}]})";
  CHECK(round_trip(Signal::metrics, points) == points);
}

TEST_CASE("JSON is bounded in memory when asked to") {
  std::string records = "{}";
  for (int i = 0; i < 50'000; ++i) records += ",{}";
  const std::string text = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" + records + "]}]}]}";
  CHECK(decode_json(Signal::logs, text).has_value());
  const auto bounded = decode_json(Signal::logs, text, {.memory_max = 1_MiB});
  REQUIRE_FALSE(bounded.has_value());
  CHECK(bounded.error().kind() == ErrorKind::refused);
}

TEST_CASE("answers of both encodings say what was rejected, and nothing when nothing was") {
  for (const Signal signal : all_signals) {
    CHECK(encode_response({}, signal).empty());
    CHECK(encode_response_json({}, signal) == "{}");
    const ExportResponse partial{.rejected = 300, .message = "too old"};
    const auto decoded = decode_response(encode_response(partial, signal), signal);
    REQUIRE(decoded.has_value());
    CHECK(decoded->rejected == 300);
    CHECK(decoded->message == "too old");
    const auto from_json = decode_response_json(encode_response_json(partial, signal), signal);
    REQUIRE(from_json.has_value());
    CHECK(from_json->rejected == 300);
    CHECK(from_json->message == "too old");
  }
  CHECK(encode_response_json({.rejected = 1, .message = ""}, Signal::metrics) ==
        R"({"partialSuccess":{"rejectedDataPoints":"1"}})");
  CHECK_FALSE(decode_response("\x0a\x7f", Signal::logs).has_value());
  CHECK_FALSE(decode_response_json("<html>", Signal::logs).has_value());
  CHECK(decode_response_json("{}", Signal::logs)->rejected == 0);
}

}  // namespace rankwire::otlp
