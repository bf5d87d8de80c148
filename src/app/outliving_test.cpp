// What a statement writes may lie in its program, and a program goes at a reload: whatever a component keeps of a batch
// when it has returned must be its own. Checked over the registry; a byte that is not is found by the address
// sanitizer.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

#include "app/components.hpp"
#include "config/load.hpp"
#include "otlp/otlp.hpp"
#include "testing/connector_test.hpp"

namespace rankwire::app {
namespace {

constexpr const char* statements = R"yaml(
log_statements:
- context: log
  statements:
  - set(resource.attributes["constant.key"], "a constant of the resource")
  - set(scope.name, "a constant name of the scope")
  - set(body, "a constant of the body")
  - set(severity_text, "a constant severity")
  - set(severity_number, SEVERITY_NUMBER_ERROR)
  - 'set(attributes["constant.key"], {"an inner key that is constant": ["a constant item in a list"]})'
  - merge_maps(attributes, ExtractPatterns(body, "a (?P<the_constant_name_of_a_group>\\w+)"), "upsert")
metric_statements:
- context: datapoint
  statements:
  - set(resource.attributes["constant.key"], "a constant of the resource")
  - set(scope.name, "a constant name of the scope")
  - set(metric.name, "http.a_constant_name_of_a_metric")
  - set(metric.description, "a constant description")
  - set(metric.unit, "a constant unit of measure")
  - set(attributes["constant.key"], "a constant of the point")
trace_statements:
- context: spanevent
  statements:
  - set(name, "a constant name of an event")
  - set(attributes["constant.key"], "a constant of the event")
- context: span
  statements:
  - set(resource.attributes["service.name"], "a constant name of a service")
  - set(scope.name, "a constant name of the scope")
  - set(name, "a constant name of a span")
  - set(status.message, "a constant message of the status")
  - set(trace_state, "constant=a_state_that_is_constant")
  - set(attributes["constant.key"], ["a constant item in a list"])
  - set(attributes["peer.service"], "a constant name of a peer")
)yaml";

constexpr const char* logs = R"({"resourceLogs": [{"scopeLogs": [{"logRecords": [
  {"timeUnixNano": "1000000000", "body": {"stringValue": "x"}}, {"timeUnixNano": "1000000000"}]}]}]})";
constexpr const char* metrics = R"({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
  {"name": "n", "sum": {"aggregationTemporality": 2, "isMonotonic": true,
    "dataPoints": [{"timeUnixNano": "1000000000", "asInt": "4"}]}},
  {"name": "h", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "1000000000", "count": "1",
    "sum": 1, "explicitBounds": [1], "bucketCounts": ["1", "0"]}]}}]}]}]})";
constexpr const char* traces = R"({"resourceSpans": [{"scopeSpans": [{"spans": [
  {"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708", "name": "n", "kind": 3,
   "startTimeUnixNano": "1000000000", "endTimeUnixNano": "2000000000", "status": {"code": 2},
   "events": [{"name": "e"}]},
  {"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060709", "parentSpanId": "0102030405060708",
   "name": "m", "kind": 2, "startTimeUnixNano": "1000000000", "endTimeUnixNano": "2000000000"}]}]}]})";

SignalBatch sample(Signal signal) {
  auto batch = otlp::decode_json(signal, signal == Signal::logs ? logs : signal == Signal::metrics ? metrics : traces);
  REQUIRE(batch);
  return std::move(*batch);
}

// Reads every byte when it is delivered, as queues do.
class ReadingIntake final : public Intake {
 public:
  Result<Admission> admit(Bytes) override { return Admission{}; }
  bool wait_for_room(std::stop_token, Deadline) override { return true; }
  Result<void> deliver(Admission, SignalBatch batch, CompletionRef) override {
    const WireBatch wire = batch.is_wire() ? std::move(batch.wire()) : otlp::encode(batch, nullptr);
    const std::lock_guard lock(mutex_);
    for (const SharedBytes& chunk : wire.chunks) read_.append(chunk->view());
    return {};
  }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}
  std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(read_, {});
  }

 private:
  std::mutex mutex_;
  std::string read_;
};

class ReadingDoors final : public PipelineDoors {
 public:
  explicit ReadingDoors(Intake& door) : door_(door) {}
  std::vector<std::string> pipelines(Signal signal) const override { return {std::string(to_string(signal))}; }
  Result<Intake*> to(const std::vector<std::string>&) override { return &door_; }
  Result<void> deliver(std::vector<Part> parts, const CompletionRef& completion) override {
    for (Part& part : parts) RANKWIRE_TRY(part.door->deliver({}, std::move(part.batch), completion));
    return {};
  }

 private:
  Intake& door_;
};

class Outliving {
 public:
  // A batch as a transform of before the reload has left it.
  SignalBatch written(Signal signal) {
    SignalBatch batch = sample(signal);
    REQUIRE(transform_->process(batch));
    return batch;
  }
  void reload() { transform_ = made(); }

  // The settings of a component in the example of its README, or others where that needs an extension or a cluster.
  template <class Factory>
  AnyConfig config(const char* kind, const Factory& factory) {
    const config::Node example = parse(readme_example(kind, factory.info.type));
    const config::Node without_storage = parse("{decision_wait: 5s, policies: [{name: all, type: always_sample}]}");
    const config::Node without_cluster =
        parse("{auth_type: none, pod_association: [{sources: [{from: resource_attribute, name: constant.key}]}]}");
    ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", "1", 1);
    const config::Node* found = factory.info.type == "tail_sampling"    ? &without_storage
                                : factory.info.type == "k8s_attributes" ? &without_cluster
                                                                        : nullptr;
    for (const auto& [id, settings] : example.find(kind)->entries())
      if (found == nullptr && id.substr(0, id.find('/')) == factory.info.type) found = &settings;
    config::Diagnostics diagnostics;
    REQUIRE(found != nullptr);
    AnyConfig config = factory.parse(*found, factory.info.type, diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    return config;
  }

  Intakes intakes() { return {&intake, &intake, &intake, &doors, &ledger}; }
  ComponentContext context(const ComponentInfo& info) {
    ComponentContext made = environment.context(info.type);
    made.pipeline = "logs";
    return made;
  }

  testing::TestEnvironment environment;
  testing::NoExtensions host;
  testing::RecordingLedger ledger;
  ReadingIntake intake;
  ReadingDoors doors{intake};

 private:
  static std::string readme_example(const std::string& kind, const std::string& type) {
    std::ifstream file(std::string(SOURCE_ROOT) + "/src/" + kind + "/" + type + "/README.md");
    std::ostringstream text;
    text << file.rdbuf();
    const std::string readme = text.str();
    const std::size_t begin = readme.find("```yaml\n", readme.find("## Example")) + 8;
    return readme.substr(begin, readme.find("```", begin) - begin);
  }
  static config::Node parse(const std::string& text) {
    config::Diagnostics diagnostics;
    config::Node node = config::parse_yaml(text, "example", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    return node;
  }
  std::unique_ptr<Processor> made() {
    const ProcessorFactory& factory = *registry_.processor("transform");
    auto processor = testing::make_processor(factory, parse(statements), environment);
    REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
    return std::move(*processor);
  }

  const Registry registry_ = built_in_components();
  std::unique_ptr<Processor> transform_ = made();
};

// What comes out of it after the reload.
std::string handed_on_late(Outliving& world, const ComponentInfo& info, Result<std::unique_ptr<Connector>> made) {
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
  Connector& connector = **made;
  REQUIRE(connector.start(world.host));
  for (const Signal signal : info.signals) (void)connector.consume(world.written(signal), nullptr);
  (void)world.intake.take();
  world.reload();
  world.environment.clock.advance(std::chrono::hours(1));
  for (const Signal signal : info.signals) (void)connector.consume(world.written(signal), nullptr);
  (void)world.intake.take();
  world.reload();
  connector.stop(Deadline::after(world.environment.clock, std::chrono::seconds(1)));
  return world.intake.take();
}

TEST_CASE("what connectors and processors that hold back hand on later does not lie in a program that is gone") {
  const Registry registry = built_in_components();
  std::set<std::string> late;
  const auto check = [&](const char* kind, const auto& factory, const auto& create) {
    CAPTURE(factory.info.type);
    Outliving world;
    const AnyConfig config = world.config(kind, factory);
    const std::string found =
        handed_on_late(world, factory.info, create(config, world.context(factory.info), world.intakes()));
    if (found.find("constant") != std::string::npos) late.insert(factory.info.type);
  };
  for (const auto& factory : registry.connectors()) check("connectors", factory, factory.create);
  for (const auto& factory : registry.processors())
    if (factory.holds_back()) check("processors", factory, factory.create_holding);
  // The others hand on at once, or only numbers.
  for (const char* type : {"interval", "log_dedup", "service_graph", "span_metrics", "tail_sampling"})
    CHECK_MESSAGE(late.contains(type), type);
}

TEST_CASE("what processors remember between batches does not lie in a program that is gone") {
  const Registry registry = built_in_components();
  for (const ProcessorFactory& factory : registry.processors()) {
    if (factory.holds_back()) continue;
    CAPTURE(factory.info.type);
    Outliving world;
    const AnyConfig config = world.config("processors", factory);
    auto made = factory.create(config, world.context(factory.info));
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    if ((*made)->is_setting()) continue;
    for (int round = 0; round < 3; ++round) {
      for (const Signal signal : factory.info.signals) {
        SignalBatch batch = world.written(signal);
        (void)(*made)->process(batch);
        (void)otlp::encode(batch, nullptr);
      }
      world.reload();
      world.environment.clock.advance(std::chrono::minutes(1));
    }
  }
}

}  // namespace
}  // namespace rankwire::app
