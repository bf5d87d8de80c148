// The receiver: when it reads, what becomes of it where the pipeline is full, and its configuration.
#include "receivers/host_metrics/host_metrics_receiver.hpp"

#include "receivers/host_metrics/host_fixture.hpp"
#include "testing/connector_test.hpp"

namespace rankwire::host_metrics {
namespace {

using std::chrono::seconds;

struct ReceiverFixture {
  explicit ReceiverFixture(const std::string& more = "") {
    std::filesystem::create_directories(directory.path() + "/proc");
    put_load("1 2 3");
    config::Diagnostics diagnostics;
    const std::string yaml = "{root_path: " + directory.path() + ", scrapers: {load: }" + more + "}";
    const config::Node node = config::parse_yaml(yaml, "test", diagnostics);
    const AnyConfig config = host_metrics_factory().parse(node, "host_metrics", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = host_metrics_factory().create(config, environment.context("host_metrics"), {.metrics = &metrics});
    REQUIRE(made);
    receiver = std::move(*made);
  }
  void put_load(const char* text) const { std::ofstream(directory.file("proc/loadavg")) << text; }
  std::uint64_t total(const std::string& name) const { return environment.counters.total(name); }

  testing::TemporaryDirectory directory;
  testing::TestEnvironment environment;
  testing::NoExtensions host;
  testing::RecordingIntake metrics;
  std::unique_ptr<Receiver> receiver;
};

TEST_CASE("everything is read once after the delay, then every interval") {
  ReceiverFixture f;
  REQUIRE(f.receiver->start(f.host));
  f.environment.clock.advance(seconds(1));
  REQUIRE(f.metrics.wait_for(1));
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(2));
  f.receiver->stop(Deadline::never());
  CHECK(f.metrics.taken().size() == 2);
  const Lines lines = testing::point_lines(f.metrics.taken()[1].batch);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "system.cpu.load_average.1m{} 1r @0-1700000062000000000");
}

TEST_CASE("the interval and the delay are configured") {
  ReceiverFixture f(", collection_interval: 5s, initial_delay: 0s");
  REQUIRE(f.receiver->start(f.host));
  REQUIRE(f.metrics.wait_for(1));
  f.environment.clock.advance(seconds(5));
  REQUIRE(f.metrics.wait_for(2));
  f.receiver->stop(Deadline::never());
}

TEST_CASE("what does not fit the pipeline is counted as dropped, and the next scrape goes on") {
  ReceiverFixture f(", initial_delay: 0s");
  f.metrics.set_failure(Error(ErrorKind::too_large, "larger than a batch may be"));
  REQUIRE(f.receiver->start(f.host));
  REQUIRE(f.metrics.wait_for_attempts(1));
  f.metrics.set_failure({});
  f.environment.clock.advance(seconds(60));
  REQUIRE(f.metrics.wait_for(1));
  f.receiver->stop(Deadline::never());
  CHECK(f.metrics.dropped("undeliverable") == 3);
}

TEST_CASE("what a full pipeline refuses after all is counted as dropped") {
  ReceiverFixture f(", initial_delay: 0s");
  f.metrics.set_failure(Error(ErrorKind::refused, "full"));
  REQUIRE(f.receiver->start(f.host));
  REQUIRE(f.metrics.wait_for_attempts(1));
  f.receiver->stop(Deadline::never());
  CHECK(f.metrics.dropped("pipeline_full") + f.metrics.dropped("shutdown") == 3);
}

TEST_CASE("nothing is read while the pipeline is full, and that is counted") {
  ReceiverFixture f(", initial_delay: 0s, collection_interval: 5s");
  f.metrics.set_full(true);
  REQUIRE(f.receiver->start(f.host));
  while (f.total("rankwire_host_metrics_skipped_scrapes_total") == 0) {
    f.environment.clock.advance(seconds(1));
    std::this_thread::yield();
  }
  CHECK(f.metrics.records() == 0);
  f.metrics.set_full(false);
  while (f.metrics.records() == 0) {
    f.environment.clock.advance(seconds(1));
    std::this_thread::yield();
  }
  f.receiver->stop(Deadline::never());
}

TEST_CASE("what cannot be read is counted by scraper") {
  ReceiverFixture f(", initial_delay: 0s");
  f.put_load("1");
  REQUIRE(f.receiver->start(f.host));
  while (f.total("rankwire_host_metrics_failures_total") == 0) std::this_thread::yield();
  f.receiver->stop(Deadline::never());
  CHECK(f.environment.counters.total("rankwire_host_metrics_failures_total", {{"scraper", "load"}}) == 1);
}

TEST_CASE("a root_path that does not exist fails the start") {
  ReceiverFixture f;
  std::filesystem::remove_all(f.directory.path());
  const Result<void> started = f.receiver->start(f.host);
  REQUIRE(!started);
  CHECK(started.error().message().find("root_path of host_metrics") == 0);
}

std::string refusal(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  (void)host_metrics_factory().parse(node, "host_metrics", diagnostics);
  return diagnostics.has_errors() ? diagnostics.text() : "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("what is wrong with a configuration is said at its place") {
  CHECK(has(refusal("{}"), "must have one scraper or more"));
  CHECK(has(refusal("{scrapers: }"), "must have one scraper or more"));
  CHECK(has(refusal("{scrapers: {gpu: }}"), "gpu"));
  CHECK(has(refusal("{scrapers: {cpu: {metrics: {system.cpu.tim: {enabled: true}}}}}"), "system.cpu.time"));
  CHECK(has(refusal("{scrapers: {cpu: {metrics: {system.cpu.time: {attributes: [gpu]}}}}}"),
            "\"gpu\" is no attribute of this metric"));
  CHECK(has(refusal("{scrapers: {load: {metrics: {system.cpu.load_average.1m: {attributes: []}}}}}"), "attributes"));
  CHECK(has(refusal("{scrapers: {network: {include: {interfaces: [a]}}}}"), "match_type"));
  CHECK(has(refusal("{scrapers: {network: {include: {interfaces: ['('], match_type: regexp}}}}"), "interfaces"));
  CHECK(has(refusal("{root_path: hostfs, scrapers: {load: }}"), "must be an absolute path"));
  CHECK(has(refusal("{collection_interval: 0s, scrapers: {load: }}"), "collection_interval"));
  CHECK(refusal("{root_path: /hostfs/, scrapers: {cpu: , load: {}}}").empty());
}

TEST_CASE("upstream's defaults") {
  const auto config = config_of("{cpu: , memory: , network: }");
  REQUIRE(config);
  CHECK(config->collection_interval == seconds(60));
  CHECK(config->initial_delay == seconds(1));
  CHECK(config->scrapers.cpu->metrics.is_enabled(CpuMetric::time));
  CHECK(!config->scrapers.cpu->metrics.is_enabled(CpuMetric::utilization));
  CHECK(!config->scrapers.load);
}

}  // namespace
}  // namespace rankwire::host_metrics
