#include "exporters/debug/debug_exporter.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "config/load.hpp"
#include "exporters/debug/sampler.hpp"
#include "exporters/debug/text.hpp"
#include "otlp/otlp.hpp"
#include "testing/log_batches.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::debug {

namespace {

struct NoHost final : Host {
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

// An exporter that prints to a file.
struct Fixture {
  Fixture(const std::string& settings) {
    exporter = make("{use_internal_logger: false, output_paths: [" + directory.file("out") + "]" + settings + "}");
    REQUIRE(exporter != nullptr);
    REQUIRE(exporter->start(host).has_value());
  }
  std::unique_ptr<Exporter> make(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const ExporterFactory factory = debug_factory();
    const AnyConfig config =
        factory.parse(config::parse_yaml(yaml, "test.yaml", diagnostics), "exporters::debug", diagnostics);
    refusal = diagnostics.text();
    if (diagnostics.has_errors()) return nullptr;
    return std::move(*factory.create(config, environment.context("debug")));
  }
  void send(const SignalBatch& batch) {
    OutgoingBatch outgoing(batch);
    REQUIRE(exporter->send(outgoing, {}).has_value());
  }
  std::string printed() {
    std::stringstream text;
    text << std::ifstream(directory.file("out")).rdbuf();
    return text.str();
  }
  std::size_t lines() {
    const std::string text = printed();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  testing::TemporaryDirectory directory;
  testing::TestEnvironment environment;
  NoHost host;
  std::unique_ptr<Exporter> exporter;
  std::string refusal;
};

LogBatch example_logs() {
  LogBatch batch = testing::log_batch({"step 41 loss 2.31"});
  Arena& arena = batch.arena();
  set(batch.resources[0].resource.attributes, arena, "host.name", Value::of("node-4"));
  batch.resources[0].scopes[0].scope.name = "lib";
  batch.resources[0].scopes[0].scope.version = "1.2";
  LogRecord& record = testing::record_at(batch, 0);
  record.time_unix_nanos = 1'581'452'773'000'000'789u;
  record.severity_number = 10;
  record.severity_text = "INFO2";
  set(record.attributes, arena, "rank", Value::of(std::int64_t{13}));
  return batch;
}

template <class Batch>
std::string detailed(const Batch& batch) {
  Buffer buffer;
  Text text(buffer);
  write_detailed(batch, text);
  return std::string(buffer.view());
}

template <class Batch>
std::string normal(const Batch& batch) {
  Buffer buffer;
  Text text(buffer);
  write_normal(batch, text);
  return std::string(buffer.view());
}

SignalBatch from_json(Signal signal, std::string_view text) {
  auto batch = otlp::decode_json(signal, text);
  REQUIRE_MESSAGE(batch.has_value(), batch.error().message());
  return std::move(*batch);
}

SignalBatch example_metrics() {
  return from_json(
      Signal::metrics,
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)"
      R"({"name":"steps","sum":{"dataPoints":[{"asInt":"7","attributes":[{"key":"rank","value":{"intValue":"1"}}]}],)"
      R"("aggregationTemporality":2,"isMonotonic":true}},)"
      R"({"name":"lat","histogram":{"dataPoints":[{"count":"3","sum":5,"bucketCounts":["1","2"],)"
      R"("explicitBounds":[0.5]}],)"
      R"("aggregationTemporality":1}},)"
      R"({"name":"exp","exponentialHistogram":{"dataPoints":[{"count":"2","positive":{"bucketCounts":["2"]}}]}},)"
      R"({"name":"q","summary":{"dataPoints":[{"count":"1","sum":2,)"
      R"("quantileValues":[{"quantile":0.5,"value":2}]}]}}]}]}]})");
}

SignalBatch example_traces() {
  return from_json(
      Signal::traces,
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"allreduce","kind":1,)"
      R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
      R"("status":{"code":2,"message":"stuck"},)"
      R"("events":[{"name":"e","timeUnixNano":"1000000000"}],"links":[{"spanId":"eee19b7ec3c1b175"}]}]}]}]})");
}

}  // namespace

TEST_CASE("basic prints one line with the counts and no contents") {
  Fixture f("");
  f.send(example_logs());
  const std::string text = f.printed();
  CHECK(text.find("\tinfo\tLogs\t{\"otelcol.component.id\": \"debug\"") != std::string::npos);
  CHECK(text.find("\"resource logs\": 1, \"log records\": 1}\n") != std::string::npos);
  CHECK(text.find("loss") == std::string::npos);
  f.send(example_metrics());
  CHECK(f.printed().find("\"resource metrics\": 1, \"metrics\": 4, \"data points\": 4}\n") != std::string::npos);
}

TEST_CASE("detailed prints every field of a log record") {
  CHECK(detailed(example_logs()) ==
        "ResourceLog #0\nResource SchemaURL: \nResource attributes:\n     -> host.name: Str(node-4)\n"
        "ScopeLogs #0\nScopeLogs SchemaURL: \nInstrumentationScope lib 1.2\n"
        "LogRecord #0\nObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC\n"
        "Timestamp: 2020-02-11 20:26:13.000000789 +0000 UTC\nSeverityText: INFO2\nSeverityNumber: Info2(10)\n"
        "Body: Str(step 41 loss 2.31)\nAttributes:\n     -> rank: Int(13)\nTrace ID: \nSpan ID: \nFlags: 0\n");
}

TEST_CASE("normal prints a line for each record, below its resource and scope") {
  CHECK(normal(example_logs()) == "ResourceLog #0 host.name=node-4\nScopeLog #0 lib@1.2\nstep 41 loss 2.31 rank=13\n");
  CHECK(normal(example_metrics().metrics()) ==
        "ResourceMetrics #0\nScopeMetrics #0\nsteps{rank=1} 7\nlat{} count=3 sum=5 le0.5=1 le+Inf=2\n"
        "exp{} count=2\nq{} count=1 sum=2 q0.5=2\n");
  CHECK(normal(example_traces().traces()) ==
        "ResourceTraces #0\nScopeTraces #0\nallreduce 5b8efff798038103d269b633813fc60c eee19b7ec3c1b174\n");
}

TEST_CASE("detailed prints metrics and spans with what lies inside them") {
  const std::string metrics = detailed(example_metrics().metrics());
  for (const char* expected :
       {"     -> Name: steps\n", "     -> IsMonotonic: true\n     -> AggregationTemporality: Cumulative\n",
        "NumberDataPoints #0\nData point attributes:\n     -> rank: Int(1)\n", "Value: 7\n",
        "Count: 3\nSum: 5.000000\nExplicitBounds #0: 0.500000\nBuckets #0, Count: 1\nBuckets #1, Count: 2\n",
        "Bucket (1.000000, 2.000000], Count: 2\n", "QuantileValue #0: Quantile 0.500000, Value 2.000000\n"})
    CHECK_MESSAGE(metrics.find(expected) != std::string::npos, expected);
  const std::string traces = detailed(example_traces().traces());
  for (const char* expected :
       {"    ID             : eee19b7ec3c1b174\n    Name           : allreduce\n    Kind           : Internal\n",
        "    Status code    : Error\n    Status message : stuck\n", "SpanEvent #0\n     -> Name: e\n",
        "     -> Timestamp: 1970-01-01 00:00:01 +0000 UTC\n",
        "SpanLink #0\n     -> Trace ID: \n     -> ID: eee19b7ec3c1b175"})
    CHECK_MESSAGE(traces.find(expected) != std::string::npos, expected);
}

TEST_CASE("nested values are shown as JSON and control characters are escaped") {
  LogBatch batch = testing::log_batch({"red \x1b[31m text"});
  Attributes map;
  set(map, batch.arena(), "k", Value::of(true));
  set(testing::record_at(batch, 0).attributes, batch.arena(), "m", Value::of(map));
  const std::string text = detailed(batch);
  CHECK(text.find("Str(red \\x1b[31m text)") != std::string::npos);
  CHECK(text.find("-> m: Map({\"k\":true})") != std::string::npos);
}

TEST_CASE("beyond the initial batches of a second only every n-th is shown") {
  Fixture f(", sampling_initial: 2, sampling_thereafter: 3");
  for (int i = 0; i < 8; ++i) f.send(example_logs());
  CHECK(f.lines() == 4);  // 1, 2, 5, 8.
  f.environment.clock.advance(std::chrono::seconds(1));
  f.send(example_logs());
  CHECK(f.lines() == 5);
}

TEST_CASE("each signal is sampled on its own, and 0 shows nothing more") {
  Fixture f(", sampling_initial: 1, sampling_thereafter: 0");
  for (int i = 0; i < 3; ++i) {
    f.send(example_logs());
    f.send(example_traces());
  }
  CHECK(f.lines() == 2);
}

TEST_CASE("an output path needs use_internal_logger: false, and a queue is only there when configured") {
  Fixture f("");
  CHECK(f.make("{output_paths: [stderr]}") == nullptr);
  CHECK(f.refusal.find("use_internal_logger") != std::string::npos);
  CHECK(f.make("{verbosity: loud}") == nullptr);
  CHECK_FALSE(f.make("{}")->delivery().queue.has_value());
  CHECK(f.make("{sending_queue: {enabled: true}}")->delivery().queue.has_value());
}

}  // namespace rankwire::debug
