#include "processors/resource_detection/resource_detection_processor.hpp"

#include <cstdlib>

#include "processors/resource_detection/detection.hpp"
#include "processors/resource_detection/detection_fixture.hpp"
#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::resource_detection {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NoExtensions final : public Host {
 public:
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

// A variable of this process, for as long as a test runs.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

struct Running {
  DetectorFixture fixture;
  std::unique_ptr<Processor> processor;
  NoExtensions host;

  Result<void> start(const std::string& yaml) {
    const ProcessorFactory factory = resource_detection_factory();
    config::Diagnostics diagnostics;
    const AnyConfig config = factory.parse(config::parse_yaml(yaml, "test.yaml", diagnostics), "x", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    processor = std::move(*factory.create(config, {{"resource_detection", ""}, fixture.environment}));
    return processor->start(host);
  }
  ~Running() {
    if (processor) processor->stop(Deadline::never());
  }
  // The attributes and the schema of a resource that came with these.
  std::string after(std::initializer_list<KeyValue> attributes, std::string_view schema_url = {}) {
    LogBatch logs = testing::log_batch({"x"});
    for (const KeyValue& entry : attributes)
      set(logs.resources[0].resource.attributes, logs.arena(), entry.key, entry.value);
    logs.resources[0].schema_url = schema_url;
    SignalBatch batch = std::move(logs);
    REQUIRE(processor->process(batch));
    const LogResource& resource = batch.logs().resources[0];
    return testing::text_of(resource.resource.attributes) + std::string(resource.schema_url);
  }
};

TEST_CASE("what is detected replaces what a resource has, or does not") {
  const Variable attributes("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=2");
  Running replacing, keeping;
  REQUIRE(replacing.start("{detectors: [env]}"));
  CHECK(replacing.after({}) == "{a=1,b=2}");
  CHECK(replacing.after({{"b", Value::of("old")}, {"c", Value::of("3")}}) == "{b=2,c=3,a=1}");
  REQUIRE(keeping.start("{override: false}"));
  CHECK(keeping.after({{"b", Value::of("old")}, {"c", Value::of("3")}}) == "{b=old,c=3,a=1}");
}

TEST_CASE("what was detected and is no UTF-8 is made valid, so that no batch is refused for it") {
  const Variable attributes("OTEL_RESOURCE_ATTRIBUTES", "a=x%FFy%C3%BC");
  Running running;
  REQUIRE(running.start("{detectors: [env]}"));
  CHECK(running.after({}) == "{a=x\xEF\xBF\xBDy\xC3\xBC}");
}

TEST_CASE("of an attribute that several detectors give, the first one's value counts") {
  const Variable attributes("OTEL_RESOURCE_ATTRIBUTES", "os.type=mine");
  Running first, second;
  REQUIRE(first.start("{detectors: [env, system]}"));
  CHECK(first.after({}).find("os.type=mine") != std::string::npos);
  REQUIRE(second.start("{detectors: [system, env]}"));
  CHECK(second.after({}).find("os.type=linux") != std::string::npos);
}

TEST_CASE("the schema is the detector's where the resource has none") {
  Running test;
  REQUIRE(test.start("{detectors: [system], system: {resource_attributes: {host.name: {enabled: false}}}}"));
  CHECK(test.after({}) == "{os.type=linux}https://opentelemetry.io/schemas/1.39.0");
  CHECK(test.after({}, "https://mine") == "{os.type=linux}https://mine");
}

TEST_CASE("metrics and traces get the same, and an empty batch stays empty") {
  const Variable attributes("OTEL_RESOURCE_ATTRIBUTES", "a=1");
  Running test;
  REQUIRE(test.start("{}"));
  TraceBatch traces;
  traces.resources.add(traces.arena());
  MetricBatch metrics;
  metrics.resources.add(metrics.arena());
  SignalBatch trace = std::move(traces), metric = std::move(metrics), none = LogBatch();
  for (SignalBatch* batch : {&trace, &metric, &none}) CHECK(test.processor->process(*batch));
  CHECK(testing::text_of(trace.traces().resources[0].resource.attributes) == "{a=1}");
  CHECK(testing::text_of(metric.metrics().resources[0].resource.attributes) == "{a=1}");
}

TEST_CASE("a metadata service that is silent delays the start by the timeout only") {
  testing::RawServer silent([](testing::RawConnection& connection) { connection.drain(); });
  const Variable endpoint("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.url());
  const Variable attributes("OTEL_RESOURCE_ATTRIBUTES", "a=1");
  Running test;
  const Instant begin = test.fixture.clock.now();
  REQUIRE(test.start("{detectors: [env, ec2], timeout: 200ms}"));
  CHECK(test.fixture.clock.now() - begin < seconds(5));
  CHECK(test.after({}) == "{a=1}");
}

TEST_CASE("the start fails without metadata that must be there, and without the name of the node") {
  const Variable endpoint("AWS_EC2_METADATA_DISABLED", "true");
  Running needed, optional, node;
  const auto refused = needed.start("{detectors: [ec2], ec2: {fail_on_missing_metadata: true}, timeout: 5s}");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("ec2") != std::string::npos);
  CHECK(optional.start("{detectors: [ec2]}"));
  const auto nameless = node.start("{detectors: [k8snode], k8snode: {node_from_env_var: NO_SUCH_VARIABLE}}");
  REQUIRE_FALSE(nameless);
  CHECK(nameless.error().message().find("NO_SUCH_VARIABLE") != std::string::npos);
}

// Finds nothing as often as it is told, then what it is told.
class Scripted final : public Detector {
 public:
  Scripted(std::shared_ptr<std::atomic<int>> asked, int failures) : asked_(std::move(asked)), failures_(failures) {}
  Result<Found> detect(Deadline, std::stop_token) override {
    const int time = ++*asked_;
    if (time <= failures_) return Error(ErrorKind::unavailable, "not yet");
    Found found;
    found.attributes.emplace_back("time", std::int64_t{time});
    return found;
  }

 private:
  const std::shared_ptr<std::atomic<int>> asked_;
  const int failures_;
};

struct ScriptedDetection {
  DetectorFixture fixture;
  std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<Detection> detection;

  ScriptedDetection(int failures, Duration refresh_interval) {
    std::vector<NamedDetector> detectors(1);
    detectors[0].name = "scripted";
    detectors[0].detector = std::make_unique<Scripted>(asked, failures);
    detection = std::make_unique<Detection>(fixture.environment, std::move(detectors),
                                            DetectionOptions{.refresh_interval = refresh_interval,
                                                             .processor = "p",
                                                             .retry_first = milliseconds(1),
                                                             .retry_max = milliseconds(2)});
  }
  bool wait_for(const std::string& attributes) {
    const Deadline deadline = Deadline::after(fixture.clock, seconds(10));
    while (testing::text_of(detection->current()->attributes) != attributes)
      if (!pause_a_moment(deadline)) return false;
    return true;
  }
  bool pause_a_moment(Deadline deadline) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, fixture.clock.now() + milliseconds(1));
    return !deadline.has_passed(fixture.clock);
  }
};

TEST_CASE("a detector that could not find out is asked again until it can, and then no more") {
  ScriptedDetection test(3, {});
  REQUIRE(test.detection->start());
  CHECK(test.wait_for("{time=4}"));
  CHECK(test.fixture.counters.total("rankwire_resource_detection_failures_total", {{"detector", "scripted"}}) == 3);
  test.detection->stop();
  CHECK(*test.asked == 4);
}

TEST_CASE("with a refresh interval everything is detected again") {
  ScriptedDetection test(0, milliseconds(1));
  REQUIRE(test.detection->start());
  const Deadline deadline = Deadline::after(test.fixture.clock, seconds(10));
  while (*test.asked < 3 && test.pause_a_moment(deadline)) {}
  CHECK(*test.asked >= 3);
}

TEST_CASE("stopping does not wait for a detector that waits") {
  ScriptedDetection test(0, std::chrono::hours(1));
  REQUIRE(test.detection->start());
  const Instant begin = test.fixture.clock.now();
  test.detection->stop();
  CHECK(test.fixture.clock.now() - begin < seconds(5));
}

TEST_CASE("configurations: every detector of the original is known, and wrong ones are refused with a remedy") {
  testing::ProcessorFixture fixture(resource_detection_factory());
  const auto refused = [&fixture](const std::string& yaml, const char* word) {
    const std::string message = fixture.refusal(yaml);
    CHECK_MESSAGE(message.find(word) != std::string::npos, yaml, " -> ", message);
  };
  CHECK(fixture
            .refusal("{detectors: [env, system, docker, ec2, ecs, eks, k8snode, k8s_api], timeout: 2s, override: "
                     "false, refresh_interval: 1h}")
            .empty());
  CHECK(fixture
            .refusal("{ec2: {tags: ['^team$'], tags_from_imds: true, max_attempts: 5, max_backoff: 5m, "
                     "fail_on_missing_metadata: true, resource_attributes: {host.id: {enabled: false}}}}")
            .empty());
  CHECK(fixture.refusal("{k8s_api: {node_from_env_var: X, auth_type: serviceAccount}}").empty());
  CHECK(fixture.refusal("{eks: {node_from_env_var: X}, tls: {insecure: true}}").empty());
  refused("{detectors: [gcp]}", "not supported yet");
  refused("{detectors: [ec3]}", "is not a detector");
  refused("{azure: {tags: [x]}}", "no such detector yet");
  refused("{ec2: {tags: ['('], tags_from_imds: true}}", "not a regular expression");
  refused("{ec2: {tags: [x]}}", "tags_from_imds");
  refused("{ec2: {resource_attributes: {host.nam: {enabled: true}}}}", "host.nam");
  refused("{system: {hostname_sources: [dns, guess]}}", "guess");
  refused("{timeout: 0s}", "timeout");
  refused("{refresh_interval: 1ms}", "at least a second");
}

}  // namespace
}  // namespace rankwire::resource_detection
