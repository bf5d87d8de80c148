#include "connectors/span_metrics/aggregation.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "connectors/span_metrics/sampling_weight.hpp"
#include "testing/log_batches.hpp"
#include "testing/span_batches.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::span_metrics {
namespace {

using testing::SpanBatchBuilder;
using Lines = std::vector<std::string>;

SpanMetricsConfig config_of(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  auto config = config::read<SpanMetricsConfig>(node, "span_metrics", diagnostics);
  REQUIRE_MESSAGE(!diagnostics.has_errors(), (diagnostics.has_errors() ? diagnostics.as_error().message() : ""));
  return config;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string text_of(const NumberPoint& point) { return std::to_string(point.value.integer); }
std::string text_of(const HistogramPoint& point) {
  std::string out = std::to_string(point.count) + "/" + number(point.sum.value) + "[";
  for (const std::uint64_t count : point.bucket_counts) out += std::to_string(count);
  return out + "]";
}
std::string text_of(const ExponentialHistogramPoint& point) {
  return std::to_string(point.count) + "/" + number(point.sum.value) + "z" + std::to_string(point.zero_count) + "b" +
         std::to_string(point.positive.bucket_counts.size());
}

// "calls{span.name=a} 3": the attributes that every metric has are left out.
Lines lines(const MetricBatch& batch) {
  Lines out;
  const auto add = [&](const Metric& metric, const auto& points) {
    for (const auto& point : points) {
      std::string attributes;
      for (const KeyValue& entry : point.attributes) {
        if (entry.key == "service.name" || entry.key == "collector.instance.id") continue;
        if (entry.key == "span.kind" && entry.value.text() == "SPAN_KIND_UNSPECIFIED") continue;
        if (entry.key == "status.code" && entry.value.text() == "STATUS_CODE_UNSET") continue;
        attributes += (attributes.empty() ? "" : ",") + std::string(entry.key) + "=" + testing::text_of(entry.value);
      }
      out.push_back(std::string(metric.name) + "{" + attributes + "} " + text_of(point));
      for (const Exemplar& exemplar : point.exemplars)
        out.back() += " #" + std::to_string(exemplar.span_id.bytes[7]) + "=" + number(exemplar.value.real);
    }
  };
  for (const MetricResource& resource : batch.resources)
    for (const MetricScope& scope : resource.scopes)
      for (const Metric& metric : scope.records) {
        add(metric, metric.numbers);
        add(metric, metric.histograms);
        add(metric, metric.exponential_histograms);
      }
  return out;
}

struct Fixture {
  explicit Fixture(const std::string& yaml)
      : aggregation(config_of(yaml), {environment.clock, *environment.random, environment.counters, "span_metrics"}) {}

  void add(SpanBatchBuilder& builder) { aggregation.add(builder.take()); }
  Lines flush(bool is_last = false) { return lines(aggregation.flush(is_last)); }
  void wait(int seconds) { environment.clock.advance(std::chrono::seconds(seconds)); }

  testing::TestEnvironment environment;
  Aggregation aggregation;
};

// Two bounds, so that points are short.
constexpr const char* short_histogram = "namespace: '', histogram: {explicit: {buckets: [10ms, 100ms]}}";

std::string yaml(const std::string& more = {}) {
  return std::string("{") + short_histogram + (more.empty() ? "" : ", ") + more + "}";
}

TEST_CASE("spans are counted by their name, kind and status, and their durations fall into buckets") {
  Fixture f(yaml("aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA"));
  SpanBatchBuilder spans;
  spans.span("a", 5).span("a", 10).span("a", 11).span("b", 1000).kind(2).status(SpanStatusCode::error);
  f.add(spans);
  CHECK(f.flush() ==
        Lines{"calls{span.name=a} 3", "calls{span.name=b,span.kind=SPAN_KIND_SERVER,status.code=STATUS_CODE_ERROR} 1",
              "duration{span.name=a} 3/26[210]",
              "duration{span.name=b,span.kind=SPAN_KIND_SERVER,status.code=STATUS_CODE_ERROR} 1/1000[001]"});
}

TEST_CASE("every metric says who it is") {
  Fixture f("{}");
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "shop"}, {"zone", "z"}}).span("a", 5).kind(3).status(SpanStatusCode::ok);
  f.add(spans);
  const MetricBatch batch = f.aggregation.flush();
  REQUIRE(batch.resources.size() == 1);
  CHECK(testing::text_of(batch.resources[0].resource.attributes) == "{service.name=shop,zone=z}");
  REQUIRE(batch.resources[0].scopes.size() == 1);
  const MetricScope& scope = batch.resources[0].scopes[0];
  CHECK(scope.scope.name == "spanmetricsconnector");
  REQUIRE(scope.records.size() == 2);
  CHECK(scope.records[0].name == "traces.span.metrics.calls");
  CHECK(scope.records[0].is_monotonic);
  CHECK(scope.records[0].temporality == Temporality::cumulative);
  CHECK(scope.records[1].name == "traces.span.metrics.duration");
  CHECK(scope.records[1].unit == "ms");
  CHECK(scope.records[1].histograms[0].explicit_bounds.size() == 16);
  const Attributes& attributes = scope.records[0].numbers[0].attributes;
  const std::string instance(find(attributes, "collector.instance.id")->text());
  CHECK(instance.size() == 36);
  CHECK(testing::text_of(attributes) ==
        "{service.name=shop,span.name=a,span.kind=SPAN_KIND_CLIENT,status.code=STATUS_CODE_OK,collector.instance.id=" +
            instance + "}");
}

TEST_CASE("the first cumulative point of a sum is 0, so that the step to its value shows") {
  Fixture f(yaml());
  SpanBatchBuilder spans;
  spans.span("a", 5).span("a", 5);
  f.add(spans);
  CHECK(f.flush() == Lines{"calls{span.name=a} 0", "duration{span.name=a} 2/10[200]"});
  CHECK(f.flush() == Lines{"calls{span.name=a} 2", "duration{span.name=a} 2/10[200]"});
  SpanBatchBuilder more;
  f.add(more.span("a", 5));
  CHECK(f.flush() == Lines{"calls{span.name=a} 3", "duration{span.name=a} 3/15[300]"});
}

TEST_CASE("the last flush gives every sum its value") {
  Fixture f(yaml());
  SpanBatchBuilder spans;
  f.add(spans.span("a", 5));
  CHECK(f.flush(true) == Lines{"calls{span.name=a} 1", "duration{span.name=a} 1/5[100]"});
}

TEST_CASE("cumulative points begin where their series began, delta points where the last one ended") {
  for (const bool is_delta : {false, true}) {
    Fixture f(is_delta ? yaml("aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA") : yaml());
    const std::uint64_t began = f.environment.clock.unix_nanos();
    SpanBatchBuilder spans;
    f.add(spans.span("a", 5));
    f.wait(60);
    const std::uint64_t first = f.environment.clock.unix_nanos();
    const MetricBatch one = f.aggregation.flush();
    CHECK(one.resources[0].scopes[0].records[0].numbers[0].start_time_unix_nanos == began);
    CHECK(one.resources[0].scopes[0].records[0].numbers[0].time_unix_nanos == first);
    f.wait(60);
    CHECK(f.flush().size() == (is_delta ? 0 : 2));  // A delta of nothing is not sent.
    SpanBatchBuilder more;
    f.add(more.span("a", 5));
    f.wait(60);
    const MetricBatch two = f.aggregation.flush();
    CHECK(two.resources[0].scopes[0].records[0].numbers[0].start_time_unix_nanos == (is_delta ? first : began));
    CHECK(two.resources[0].scopes[0].records[0].numbers[0].value.integer == (is_delta ? 1 : 2));
  }
}

TEST_CASE("dimensions come from the span, then the resource, then the default, and else are left out") {
  Fixture f(yaml("dimensions: [{name: a}, {name: b, default: none}, {name: c}]"));
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "s"}, {"a", "resource"}})
      .span("x", 1, {{"a", "span"}, {"b", "1"}})
      .span("x", 1)
      .span("x", 1, {{"c", "3"}});
  f.add(spans);
  f.flush();
  const Lines found = f.flush();
  CHECK(Lines(found.begin(), found.begin() + 3) == Lines{"calls{span.name=x,a=span,b=1} 1",
                                                         "calls{span.name=x,a=resource,b=none} 1",
                                                         "calls{span.name=x,a=resource,b=none,c=3} 1"});
}

TEST_CASE("calls and durations may have dimensions of their own") {
  Fixture f(
      "{namespace: '', calls_dimensions: [{name: url}], histogram: {dimensions: [{name: method}], explicit: "
      "{buckets: [10ms]}}}");
  SpanBatchBuilder spans;
  spans.span("x", 1, {{"url", "/a"}, {"method", "GET"}}).span("x", 20, {{"url", "/b"}, {"method", "GET"}});
  f.add(spans);
  CHECK(f.flush(true) == Lines{"calls{span.name=x,url=/a} 1", "calls{span.name=x,url=/b} 1",
                               "duration{span.name=x,method=GET} 2/21[11]"});
}

TEST_CASE("a glob takes every attribute whose name matches, of the span before the resource") {
  Fixture f(yaml("dimensions: [{glob: 'k8s.*.name'}, {glob: 'db.**'}]"));
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "s"}, {"k8s.pod.name", "p"}, {"k8s.pod.label.name", "l"}, {"db.a", "resource"}})
      .span("x", 1, {{"db.a", "span"}, {"db.b.c", "deep"}, {"dbx", "no"}});
  f.add(spans);
  const Lines found = f.flush(true);
  CHECK(found[0] == "calls{span.name=x,db.a=span,db.b.c=deep,k8s.pod.name=p} 1");
}

TEST_CASE("globs of the usual forms match what they should, and what is none is refused") {
  const auto matches = [](std::string_view glob, std::string_view name) { return Glob::compile(glob)->matches(name); };
  CHECK(matches("a.?", "a.b"));
  CHECK(!matches("a.?", "a.."));
  CHECK(matches("{a,b}.x", "b.x"));
  CHECK(!matches("{a,b}.x", "c.x"));
  CHECK(matches("[ab]c", "bc"));
  CHECK(matches("[!ab]c", "xc"));
  CHECK(matches("a\\*", "a*"));
  CHECK(!matches("a\\*", "ab"));
  CHECK(matches("**", "any.thing"));
  CHECK(!matches("*", "any.thing"));
  CHECK(!Glob::compile("{a"));
  CHECK(!Glob::compile("[a"));
}

TEST_CASE("attributes that every metric has can be left out, and the spans are then counted together") {
  Fixture f(yaml("exclude_dimensions: [span.name, status.code, service.name, span.kind, collector.instance.id]"));
  SpanBatchBuilder spans;
  spans.span("a", 1).kind(1).span("b", 1).status(SpanStatusCode::error);
  f.add(spans);
  const MetricBatch batch = f.aggregation.flush(true);
  CHECK(lines(batch) == Lines{"calls{} 2", "duration{} 2/2[200]"});
  CHECK(batch.resources[0].scopes[0].records[0].numbers[0].attributes.empty());
}

TEST_CASE("spans of a resource without service.name are ignored and counted") {
  Fixture f(yaml());
  SpanBatchBuilder spans;
  spans.resource({{"zone", "z"}}).span("a", 1).span("b", 1);
  f.add(spans);
  CHECK(f.flush().empty());
  CHECK(f.environment.counters.total("rankwire_span_metrics_ignored_spans_total") == 2);
}

TEST_CASE("a span that ends before it begins has no duration") {
  Fixture f(yaml());
  SpanBatchBuilder spans;
  spans.span("a", 5);
  spans.last().end_time_unix_nanos = 1;
  f.add(spans);
  CHECK(f.flush(true)[1] == "duration{span.name=a} 1/0[100]");
}

TEST_CASE("durations can be in seconds, exponential, or left out") {
  SpanBatchBuilder one, two, three;
  Fixture seconds("{namespace: '', histogram: {unit: s}}");
  seconds.add(one.span("a", 1500));
  const MetricBatch batch = seconds.aggregation.flush(true);
  CHECK(batch.resources[0].scopes[0].records[1].unit == "s");
  CHECK(batch.resources[0].scopes[0].records[1].histograms[0].sum.value == 1.5);
  CHECK(batch.resources[0].scopes[0].records[1].histograms[0].explicit_bounds[0] == 0.002);

  Fixture exponential("{namespace: '', histogram: {exponential: {max_size: 4}}}");
  exponential.add(two.span("a", 1).span("a", 100).span("a", 0));
  CHECK(exponential.flush(true)[1].starts_with("duration{span.name=a} 3/101z1b"));

  Fixture none("{namespace: '', histogram: {disable: true}}");
  none.add(three.span("a", 1));
  CHECK(none.flush(true) == Lines{"calls{span.name=a} 1"});
}

TEST_CASE("events are counted by their attributes, and by the dimensions of all metrics") {
  Fixture f(yaml("dimensions: [{name: d}], events: {enabled: true, dimensions: [{name: exception.type}]}"));
  SpanBatchBuilder spans;
  spans.span("a", 1, {{"d", "1"}})
      .event("exception", {{"exception.type", "X"}})
      .event("exception", {{"exception.type", "X"}})
      .event("exception", {{"exception.type", "Y"}});
  f.add(spans);
  const Lines found = f.flush(true);
  CHECK(Lines(found.begin() + 2, found.end()) ==
        Lines{"events{span.name=a,d=1,exception.type=X} 2", "events{span.name=a,d=1,exception.type=Y} 1"});
}

TEST_CASE("exemplars are of one interval, and not more than wanted") {
  Fixture f(yaml("exemplars: {enabled: true, max_per_data_point: 2}"));
  SpanBatchBuilder spans;
  spans.span("a", 1).span("a", 2).span("a", 3);
  f.add(spans);
  CHECK(f.flush() == Lines{"calls{span.name=a} 0 #1=1 #2=2", "duration{span.name=a} 3/6[300] #1=1 #2=2"});
  CHECK(f.flush() == Lines{"calls{span.name=a} 3", "duration{span.name=a} 3/6[300]"});
}

TEST_CASE("a span without a trace id is no exemplar") {
  Fixture f(yaml("exemplars: {enabled: true}"));
  SpanBatchBuilder spans;
  spans.span("a", 1).last().trace_id = {};
  f.add(spans);
  CHECK(f.flush(true)[0] == "calls{span.name=a} 1");
}

TEST_CASE("scopes become attributes if they are included") {
  Fixture f(yaml("include_instrumentation_scope: [express, bare]"));
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "s"}});
  spans.scope("express", "1.2").span("a").scope("bare").span("a").scope("other").span("a");
  f.add(spans);
  const Lines found = f.flush(true);
  CHECK(found[0] ==
        "calls{span.name=a,span.instrumentation.scope.name=express,span.instrumentation.scope.version=1.2} 1");
  CHECK(found[1] == "calls{span.name=a,span.instrumentation.scope.name=bare} 1");
  CHECK(found[2] == "calls{span.name=a} 1");
}

TEST_CASE("a sampled span counts for those that were not sampled") {
  CHECK(!sampling_weight("vendor=1"));
  CHECK(!sampling_weight("ot=rv:123"));
  CHECK(!sampling_weight("ot=th:xyz"));
  CHECK(!sampling_weight("ot=th:"));
  CHECK(!sampling_weight("ot=th:000000000000000"));
  CHECK(sampling_weight("ot=th:0") == 1);
  CHECK(sampling_weight("ot=th:8") == 2);
  CHECK(sampling_weight("a=b, ot=rv:00000000000000;th:c") == 4);

  Fixture f(yaml("enable_metrics_sampling_method: true"));
  SpanBatchBuilder spans;
  spans.span("a", 1).trace_state("ot=th:c").span("a", 1).trace_state("ot=th:c").span("a", 1);
  f.add(spans);
  const Lines found = f.flush(true);
  CHECK(found[0] == "calls{span.name=a,sampling.method=extrapolated} 8");
  CHECK(found[1] == "calls{span.name=a,sampling.method=counted} 1");
}

TEST_CASE("a weight between two whole numbers is right on average") {
  Fixture f(yaml());
  for (int i = 0; i < 400; ++i) {
    SpanBatchBuilder spans;
    f.add(spans.span("a", 1).trace_state("ot=th:5555"));  // 1.5 within one part in ten thousand.
  }
  const MetricBatch batch = f.aggregation.flush(true);
  const std::int64_t count = batch.resources[0].scopes[0].records[0].numbers[0].value.integer;
  CHECK(count > 560);
  CHECK(count < 640);
}

TEST_CASE("beyond the cardinality limit spans are counted together, each once") {
  for (const bool is_delta : {false, true}) {
    Fixture f(yaml("aggregation_cardinality_limit: 2") + "");
    Fixture d(yaml("aggregation_cardinality_limit: 2, aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA"));
    Fixture& fixture = is_delta ? d : f;
    SpanBatchBuilder spans;
    spans.span("a", 1).span("b", 1).span("c", 1).span("d", 1).span("a", 1);
    fixture.add(spans);
    CHECK(fixture.flush(true) == Lines{"calls{span.name=a} 2", "calls{span.name=b} 1",
                                       "calls{otel.metric.overflow=true} 2", "duration{span.name=a} 2/2[200]",
                                       "duration{span.name=b} 1/1[100]",
                                       "duration{otel.metric.overflow=true} 2/2[200]"});
    CHECK(fixture.environment.counters.total("rankwire_span_metrics_overflow_spans_total") == 2);
    // The limit of deltas is on each interval.
    SpanBatchBuilder more;
    fixture.add(more.span("c", 1));
    const Lines next = fixture.flush(true);
    CHECK(next.front() == (is_delta ? "calls{span.name=c} 1" : "calls{span.name=a} 2"));
  }
}

TEST_CASE("a series is forgotten when no span of it came for so long, and begins again") {
  Fixture f(yaml("series_expiration: 5m"));
  SpanBatchBuilder spans, more, again;
  f.add(spans.span("a", 1).span("b", 1));
  f.flush();
  f.wait(200);
  f.add(more.span("b", 1));
  f.flush();
  f.wait(150);
  CHECK(f.flush().size() == 4);  // Said for the last time.
  CHECK(f.flush() == Lines{"calls{span.name=b} 2", "duration{span.name=b} 2/2[200]"});
  f.add(again.span("a", 1));
  f.flush();
  CHECK(f.flush()[1] == "calls{span.name=a} 1");
}

TEST_CASE("a resource is forgotten when no span of it came for so long") {
  Fixture f(yaml("metrics_expiration: 5m"));
  SpanBatchBuilder spans, more;
  f.add(spans.resource({{"service.name", "one"}}).span("a", 1).resource({{"service.name", "two"}}).span("b", 1));
  f.flush();
  f.wait(299);
  f.add(more.resource({{"service.name", "two"}}).span("b", 1));
  f.flush();
  f.wait(1);
  f.flush();
  CHECK(f.flush() == Lines{"calls{span.name=b} 2", "duration{span.name=b} 2/2[200]"});
  CHECK(f.environment.counters.total("rankwire_state_entries", {{"state", "resources"}}) == 1);
}

TEST_CASE("what no point has said yet is not forgotten for its age") {
  Fixture f(yaml("series_expiration: 1s, metrics_expiration: 1s"));
  SpanBatchBuilder spans;
  f.add(spans.span("a", 1));
  f.wait(100);
  CHECK(f.flush()[0] == "calls{span.name=a} 0");
  f.wait(100);
  CHECK(f.flush()[0] == "calls{span.name=a} 1");
  CHECK(f.flush().empty());
}

TEST_CASE("only so many resources are kept over a flush, those used last") {
  Fixture f(yaml("resource_metrics_cache_size: 1"));
  SpanBatchBuilder spans;
  f.add(spans.resource({{"service.name", "one"}}).span("a", 1).resource({{"service.name", "two"}}).span("b", 1));
  CHECK(f.flush().size() == 4);
  CHECK(f.flush().size() == 4);  // Their values had not been said.
  CHECK(f.flush() == Lines{"calls{span.name=b} 1", "duration{span.name=b} 1/1[100]"});
}

TEST_CASE("resources are told apart by the attributes that are named") {
  Fixture f(yaml("resource_metrics_key_attributes: [zone]"));
  SpanBatchBuilder spans;
  spans.resource({{"service.name", "s"}, {"zone", "z"}, {"pid", "1"}})
      .span("a", 1)
      .resource({{"pid", "2"}, {"zone", "z"}, {"service.name", "s"}})
      .span("a", 1);
  f.add(spans);
  const MetricBatch batch = f.aggregation.flush(true);
  CHECK(batch.resources.size() == 1);
  CHECK(lines(batch)[0] == "calls{span.name=a} 2");
}

TEST_CASE("of delta temporality only so many series are remembered, the others begin anew") {
  Fixture f(yaml("metric_timestamp_cache_size: 1, aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA"));
  SpanBatchBuilder spans, more;
  f.add(spans.span("a", 1).span("b", 1));
  const std::uint64_t first = f.environment.clock.unix_nanos();
  f.flush();
  f.wait(10);
  const std::uint64_t second = f.environment.clock.unix_nanos();
  f.add(more.span("a", 1).span("b", 1));
  f.wait(10);
  const MetricBatch batch = f.aggregation.flush();
  for (const NumberPoint& point : batch.resources[0].scopes[0].records[0].numbers)
    CHECK(point.start_time_unix_nanos == (find(point.attributes, "span.name")->text() == "a" ? second : first));
}

TEST_CASE("when the memory is used up, series that have been said give way, and no span goes uncounted") {
  Fixture f(yaml("max_state_size: 64KiB"));
  std::uint64_t sent = 0;
  const auto send = [&](const std::string& prefix, int spans) {
    SpanBatchBuilder builder;
    for (int i = 0; i < spans; ++i) builder.span(prefix + std::to_string(i), 1);
    sent += static_cast<std::uint64_t>(spans);
    f.add(builder);
  };
  send("a", 1000);
  CHECK(f.aggregation.bytes().count <= 65536);
  std::int64_t counted = 0;
  const MetricBatch batch = f.aggregation.flush(true);
  for (const NumberPoint& point : batch.resources[0].scopes[0].records[0].numbers) counted += point.value.integer;
  CHECK(counted == static_cast<std::int64_t>(sent));
  CHECK(f.environment.counters.total("rankwire_span_metrics_overflow_spans_total") > 0);
  send("b", 20);
  const Lines next = f.flush(true);
  CHECK(std::count(next.begin(), next.end(), "calls{span.name=b19} 1") == 1);
  CHECK(f.environment.counters.total("rankwire_state_removed_total", {{"reason", "full"}}) > 0);
}

TEST_CASE("when there is no room for a resource its spans are counted without it") {
  Fixture f(yaml("max_state_size: 64KiB"));
  for (int i = 0; i < 200; ++i) {
    SpanBatchBuilder spans;
    const std::string name = "service" + std::to_string(i);
    f.add(spans.resource({{"service.name", name.c_str()}}).span("a", 1));
  }
  CHECK(f.aggregation.bytes().count <= 65536);
  std::int64_t counted = 0;
  const MetricBatch batch = f.aggregation.flush(true);
  bool has_nameless = false;
  for (const MetricResource& resource : batch.resources) {
    has_nameless |= resource.resource.attributes.empty();
    for (const NumberPoint& point : resource.scopes[0].records[0].numbers) counted += point.value.integer;
  }
  CHECK(counted == 200);
  CHECK(has_nameless);
}

}  // namespace
}  // namespace rankwire::span_metrics
