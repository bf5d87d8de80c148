// What lines become: one collector, a clock that the test advances, a door that records.
#include "receivers/statsd/collector.hpp"

#include <doctest/doctest.h>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"
#include "testing/metric_batches.hpp"

namespace rankwire::statsd {
namespace {

using std::chrono::seconds;
using testing::Lines;

StatsdConfig config_of(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test", diagnostics);
  StatsdConfig config = config::read<StatsdConfig>(node, "statsd", diagnostics);
  REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
  return config;
}

// Of no attributes.
std::string without_braces(std::string line) {
  if (const std::size_t at = line.find("{}"); at != std::string::npos) line.erase(at, 2);
  return line;
}

struct CollectorFixture {
  explicit CollectorFixture(const std::string& yaml = "{}") : config(config_of(yaml)) { REQUIRE(collector.start()); }
  ~CollectorFixture() {
    if (!is_stopped) collector.stop(Deadline{environment.clock.now()});
  }

  void send(const std::string& packet, const Sender& sender = {}) { collector.take(sender, packet); }
  // The values of what the interval gives, batch after batch.
  Lines flushed(std::size_t batches = 1) {
    environment.clock.advance(seconds(60));
    REQUIRE(metrics.wait_for(batches));
    return values();
  }
  Lines values() {
    Lines all;
    for (auto& taken : metrics.taken())
      for (const std::string& line : testing::value_lines(taken.batch)) all.push_back(without_braces(line));
    metrics.taken().clear();
    return all;
  }
  std::uint64_t refused(const std::string& reason) {
    return environment.counters.total("rankwire_statsd_refused_lines_total", {{"reason", reason}});
  }

  testing::TestEnvironment environment;
  const StatsdConfig config;
  testing::RecordingIntake metrics, logs;
  Collector collector{config, environment.context("statsd"), {.logs = &logs, .metrics = &metrics}};
  bool is_stopped = false;
};

TEST_CASE("counters add up, sample rates scale them") {
  CollectorFixture f;
  f.send("a:3000|c|#k:v\na:20|c|@0.25|#k:v\nb:-2|c\na:1|c|#k:other\r\n");
  CHECK(f.flushed() == Lines{"a{k=v} 3080", "a{k=other} 1", "b -2"});
  f.send("a:1|c|#k:v");
  CHECK(f.flushed() == Lines{"a{k=v} 1"});
}

TEST_CASE("a counter's points are delta, from the beginning of the interval to its end") {
  CollectorFixture f("{is_monotonic_counter: true}");
  const std::uint64_t begin = f.environment.clock.unix_nanos();
  f.send("a:1|c");
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(1));
  const MetricBatch& batch = f.metrics.taken()[0].batch.metrics();
  const Metric& metric = batch.resources[0].scopes[0].records[0];
  CHECK(metric.type == MetricType::sum);
  CHECK(metric.temporality == Temporality::delta);
  CHECK(metric.is_monotonic);
  CHECK(metric.numbers[0].start_time_unix_nanos == begin);
  CHECK(metric.numbers[0].time_unix_nanos == begin + 60'000'000'000);
}

TEST_CASE("counters are whole numbers, unless they are wanted as they are") {
  CollectorFixture whole, real("{counter_type: float}"), stochastic("{counter_type: stochastic_int}");
  for (CollectorFixture* f : {&whole, &real, &stochastic}) f->send("a:2.75|c");
  CHECK(whole.flushed() == Lines{"a 2"});
  CHECK(real.flushed() == Lines{"a 2.75r"});
  const Lines drawn = stochastic.flushed();
  CHECK((drawn == Lines{"a 2"} || drawn == Lines{"a 3"}));
}

TEST_CASE("gauges keep the last value; signed ones are added to it") {
  CollectorFixture f;
  f.send("a:500|g\na:400|g\nb:500|g\nb:+2|g\nb:-1|g\nc:+5|g");
  CHECK(f.flushed() == Lines{"a 400r", "b 501r", "c 5r"});
  f.send("c:+5|g");
  CHECK(f.flushed() == Lines{"c 5r"});
}

TEST_CASE("timings, histograms and distributions are gauges by default, each value a point") {
  CollectorFixture f;
  f.send("t:1:2.5|ms\nh:3|h|@0.1\nd:4|d\nt:7|ms");
  CHECK(f.flushed() == Lines{"t 1r", "t 2.5r", "t 7r", "h 3r", "d 4r"});
}

TEST_CASE("summaries have quantiles, weighted by sample rates") {
  CollectorFixture f(
      "{timer_histogram_mapping: [{statsd_type: timer, observer_type: summary, summary: {percentiles: [0, 50, "
      "100]}}]}");
  f.send("t:1|ms\nt:2|ms\nt:10|ms|@0.5");
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(1));
  const Metric& metric = f.metrics.taken()[0].batch.metrics().resources[0].scopes[0].records[0];
  REQUIRE(metric.summaries.size() == 1);
  CHECK(metric.summaries[0].count == 4);
  CHECK(metric.summaries[0].sum == 23);
  REQUIRE(metric.summaries[0].quantiles.size() == 3);
  CHECK(metric.summaries[0].quantiles[0].value == 1);
  CHECK(metric.summaries[0].quantiles[1].value == 2);
  CHECK(metric.summaries[0].quantiles[2].value == 10);
}

TEST_CASE("histograms are exponential, or have the bounds of the first pattern that matches") {
  CollectorFixture f(
      "{timer_histogram_mapping: [{statsd_type: histogram, observer_type: histogram, histogram: {max_size: 4, "
      "explicit_buckets: [{matcher_pattern: '^bytes', buckets: [1, 10]}]}}]}");
  f.send("bytes.in:1:5:50|h\nother:1:2:-4:0|h|@0.5\ntime:1|ms");
  CHECK(f.flushed() == Lines{"bytes.in 3/56[1,1,1]", "other 8/-2s1z2+-1[2,0,2]-3[2]"});
  CHECK(f.refused("unmapped_type") == 1);
}

TEST_CASE("sets count what is different") {
  CollectorFixture f;
  f.send("users:ann|s\nusers:bob|s\nusers:ann|s");
  CHECK(f.flushed() == Lines{"users 2"});
}

TEST_CASE("the order of tags makes no series; of two with one key the last counts; the container is one") {
  CollectorFixture f("{enable_simple_tags: true, enable_metric_type: true}");
  f.send("a:1|c|#x:1,y:2\na:1|c|#y:2,x:1\na:1|c|#y:2,x:0,x:1\nb:1|g|#gpu|c:ci-abc");
  CHECK(f.flushed() == Lines{"a{x=1,y=2,metric_type=counter} 3", "b{gpu=,container.id=abc,metric_type=gauge} 1r"});
}

TEST_CASE("lines with a time of their own keep it") {
  CollectorFixture f;
  f.send("a:1|g|T1656581400\na:2|g|T1656581401\na:3|g");
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(1));
  const Lines lines = testing::point_lines(f.metrics.taken()[0].batch);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "a{} 1r @0-1656581400000000000");
  CHECK(lines[1] == "a{} 2r @0-1656581401000000000");
}

TEST_CASE("a line that is not taken leaves the others of its packet") {
  CollectorFixture f;
  f.send("nonsense\na:x|c\na:1:y|c\nb:1|c|#k\n\nc:1|c");
  CHECK(f.flushed() == Lines{"c 1"});
  CHECK(f.refused("no_type") == 1);
  CHECK(f.refused("bad_value") == 2);
  CHECK(f.refused("bad_tag") == 1);
}

TEST_CASE("senders have batches of their own, which say where they come from") {
  CollectorFixture f;
  const Sender one{.key = "10.0.0.1:4000", .address = "10.0.0.1", .container = {}};
  const Sender two{.key = "17", .address = {}, .container = "c0ffee", .process = 17};
  f.send("a:1|c", one);
  f.send("a:2|c", two);
  f.send("a:3|c", one);
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(2));
  auto& taken = f.metrics.taken();
  REQUIRE(taken[0].batch.client() != nullptr);
  CHECK(taken[0].batch.client()->address == "10.0.0.1");
  CHECK(testing::text_of(taken[1].batch.metrics().resources[0].resource.attributes) ==
        "{container.id=c0ffee,process.pid=17}");
  CHECK(f.values() == Lines{"a 4", "a 2"});
}

TEST_CASE("memory is bounded: the interval ends early, and while nothing goes on new series are refused") {
  CollectorFixture f("{max_state_size: 64KiB}");
  f.metrics.set_failure(Error(ErrorKind::cancelled, "closed"));
  for (int i = 0; i < 2000; ++i) f.send("metric." + std::to_string(i) + ":1|c");
  CHECK(f.refused("state_full") > 0);
}

TEST_CASE("what is left when the receiver stops goes on") {
  CollectorFixture f;
  f.send("a:1|c");
  f.collector.stop(Deadline::never());
  f.is_stopped = true;
  CHECK(f.values() == Lines{"a 1"});
}

TEST_CASE("events and service checks are log records, at once") {
  CollectorFixture f;
  f.send("_e{5,9}:title|a\\nb text|t:error|d:1656581400|#env:prod|h:node-1\n_sc|redis.up|2|m:refused");
  REQUIRE(f.logs.wait_for(1));
  const LogBatch& batch = f.logs.taken()[0].batch.logs();
  const auto& records = batch.resources[0].scopes[0].records;
  REQUIRE(records.size() == 2);
  CHECK(records[0].body.text() == "a\nb text");
  CHECK(records[0].severity_number == 17);
  CHECK(records[0].time_unix_nanos == 1656581400000000000);
  CHECK(testing::text_of(records[0].attributes) == "{event.title=title,env=prod,host.name=node-1}");
  CHECK(records[1].body.text() == "refused");
  CHECK(records[1].severity_number == 17);
  CHECK(testing::text_of(records[1].attributes) == "{service_check.name=redis.up,service_check.status=critical}");
}

}  // namespace
}  // namespace rankwire::statsd
