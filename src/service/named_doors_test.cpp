// Connectors that choose among the pipelines they feed.
#include "service/named_doors.hpp"

#include "service/service.hpp"
#include "service/service_fixture.hpp"

namespace rankwire::service {
namespace {

using testing::Fixture;

struct SwitchConfig {
  std::vector<std::string> even, odd;
  void fields(config::Fields& f) {
    f.field("even", even, "Pipelines for even numbers.");
    f.field("odd", odd, "Pipelines for odd numbers.");
  }
  std::vector<std::string> named_pipelines() const {
    std::vector<std::string> all = even;
    all.insert(all.end(), odd.begin(), odd.end());
    return all;
  }
};

// Even numbers one way, odd ones the other.
class Switch final : public Connector {
 public:
  Switch(PipelineDoors& doors, Intake* even, Intake* odd) : doors_(doors), even_(even), odd_(odd) {}
  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    std::vector<std::int64_t> numbers[2];
    for (const auto& resource : batch.logs().resources)
      for (const auto& scope : resource.scopes)
        for (const auto& record : scope.records) numbers[record.body.integer() % 2].push_back(record.body.integer());
    std::vector<PipelineDoors::Part> parts;
    parts.push_back({even_, testing::numbered_logs(numbers[0])});
    parts.push_back({odd_, testing::numbered_logs(numbers[1])});
    return doors_.deliver(std::move(parts), completion);
  }
  bool has_room(Signal, Bytes size, std::uint64_t records) const override {
    return even_->has_room(size, records) && odd_->has_room(size, records);
  }

 private:
  PipelineDoors& doors_;
  Intake* even_;
  Intake* odd_;
};

Result<std::unique_ptr<Connector>> create(const SwitchConfig& config, const ComponentContext&, Intakes intakes) {
  auto even = intakes.named->to(config.even);
  if (!even) return std::move(even).error();
  auto odd = intakes.named->to(config.odd);
  if (!odd) return std::move(odd).error();
  return std::make_unique<Switch>(*intakes.named, *even, *odd);
}

ConnectorFactory counting_factory() {
  return make_factory<SwitchConfig, Connector, Intakes>(
      {.type = "counting",
       .aliases = {},
       .summary = "Counts.",
       .signals = {Signal::logs, Signal::traces},
       .pairs = {{Signal::logs, Signal::metrics}, {Signal::traces, Signal::metrics}, {Signal::traces, Signal::traces}}},
      create);
}

struct Switching {
  Switching() {
    f.registry.add(make_factory<SwitchConfig, Connector, Intakes>(
        {.type = "switch", .aliases = {}, .summary = "Switches.", .signals = {Signal::logs}}, create));
    f.registry.add(counting_factory());
  }
  ~Switching() { service.stop(Deadline::after(f.clock, std::chrono::seconds(5))); }

  static std::string yaml(const std::string& settings, const std::string& third_receivers = "[switch]",
                          const std::string& sink = "{}") {
    return "receivers: {source: {}}\nexporters: {sink: " + sink +
           ", sink/b: {}, sink/c: {}}\nconnectors:\n  switch: " + settings +
           "\nservice:\n  telemetry: {metrics: {level: none}}\n  pipelines:\n"
           "    logs: {receivers: [source], exporters: [switch]}\n"
           "    logs/a: {receivers: [switch], exporters: [sink]}\n"
           "    logs/b: {receivers: [switch], exporters: [sink/b]}\n"
           "    logs/c: {receivers: " +
           third_receivers + ", exporters: [sink/c]}\n";
  }
  std::string problems(const std::string& text) {
    config::Diagnostics diagnostics;
    plan(config::parse_yaml(text, "agent.yaml", diagnostics), f.registry, diagnostics);
    return diagnostics.text();
  }

  Fixture f;
  Service service{f.environment};
};

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK_MESSAGE(found, part);
  return found;
}

TEST_CASE("a connector feeds the pipelines that it names, and a door to several leads to all of them") {
  Switching s;
  REQUIRE(s.service.start(s.f.plan(Switching::yaml("{even: [logs/a, logs/b], odd: [logs/c]}"))));
  REQUIRE(s.f.deliver("source", {1, 2, 3, 4}, std::make_shared<Completion>(s.f.listener, 1)));
  CHECK(s.f.listener->wait(1) == true);
  CHECK(s.f.destination("sink").received() == std::multiset<std::int64_t>{2, 4});
  CHECK(s.f.destination("sink/b").received() == std::multiset<std::int64_t>{2, 4});
  CHECK(s.f.destination("sink/c").received() == std::multiset<std::int64_t>{1, 3});
  CHECK(s.f.is_conserved());
}

TEST_CASE("when one way is full, no way gets any of the batch") {
  Switching s;
  s.f.destination("sink").set(testing::Destination::Mode::blocked);
  REQUIRE(s.service.start(s.f.plan(
      Switching::yaml("{even: [logs/c], odd: [logs/b, logs/a]}", "[switch]", "{queue_size: 1, consumers: 1}"))));
  REQUIRE(s.f.deliver("source", {1}));
  REQUIRE(s.f.destination("sink").wait_for_blocked(1));
  const Result<void> refused = s.f.deliver("source", {2, 3});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(s.f.is_conserved());
  s.f.destination("sink").set(testing::Destination::Mode::ok);
  REQUIRE(s.f.intake("source")->wait_for_room({}, Deadline::after(s.f.clock, std::chrono::seconds(5))));
  REQUIRE(s.f.deliver("source", {2, 3}));
  CHECK(s.f.destination("sink/c").wait_for(1));
  CHECK(s.f.destination("sink").wait_for(2));
  CHECK(s.f.destination("sink/c").received().size() == 1);
  CHECK(s.f.destination("sink/b").wait_for(2));
  CHECK(s.f.destination("sink/b").received() == std::multiset<std::int64_t>{1, 3});
}

TEST_CASE("named doors lead to the pipelines of a new configuration") {
  Switching s;
  const std::string settings = "{even: [logs/a], odd: [logs/b]}";
  REQUIRE(s.service.start(s.f.plan(Switching::yaml(settings, "[source]"))));
  REQUIRE(s.service.reload(s.f.plan(Switching::yaml(settings, "[source]", "{note: changed}"))));
  REQUIRE(s.f.deliver("source", {1, 2}));
  CHECK(s.f.destination("sink").wait_for(1));
  CHECK(s.f.destination("sink/b").wait_for(1));
  REQUIRE(s.service.reload(s.f.plan(Switching::yaml("{even: [logs/c], odd: [logs/b]}"))));
  REQUIRE(s.f.deliver("source", {4, 5}));
  CHECK(s.f.destination("sink/c").wait_for(1));
  CHECK(s.f.destination("sink/b").wait_for(2));
  CHECK(s.f.destination("sink").received() == std::multiset<std::int64_t>{2});
}

TEST_CASE("a pipeline that a connector names must be there and have it as a receiver") {
  Switching s;
  const std::string text = s.problems(Switching::yaml("{even: [logs/x, logs/a], odd: [logs/c]}", "[source]"));
  has(text, "agent.yaml:4:19: error: connectors::switch: names pipeline \"logs/x\", which is not configured");
  has(text, "names pipeline \"logs/c\", which does not have \"switch\" as a receiver");
  has(text, "add it to service::pipelines::logs/c::receivers");
  has(text, "does not name pipeline \"logs/b\", which has it as a receiver and gets nothing from it");
}

TEST_CASE("doors lead to the connector's own pipelines of one signal") {
  Fixture f;
  Service service(f.environment);
  RoomSignal room;
  Accounting accounting(f.counters);
  const auto budget = std::make_shared<MemoryBudget>(f.clock, room, [] { return Bytes{}; }, [] {});
  NamedDoors doors({{{"logs/a", "logs/b"}, {"metrics"}, {}}}, "switch", {f.environment, accounting, room, {}}, budget);
  CHECK(doors.to({"logs/a"}).has_value());
  CHECK(*doors.to({"logs/a"}) == *doors.to({"logs/a"}));
  CHECK(doors.to({"logs/x"}).error().message() == "pipeline \"logs/x\" does not have \"switch\" as a receiver");
  CHECK(doors.to({"logs/a", "metrics"}).error().message() ==
        "pipelines \"logs/a\" and \"metrics\" cannot get the same data: they are of different signals");
  CHECK(doors.to({}).error().message() == "no pipeline is named");
  CHECK(doors.pipelines(Signal::logs) == std::vector<std::string>{"logs/a", "logs/b"});
}

TEST_CASE("a connector is used for signals that it makes of those it gets") {
  Switching s;
  const auto text = [&](const std::string& from, const std::string& to) {
    return s.problems(
        "receivers: {source: }\nexporters: {sink: }\nconnectors: {counting: {even: []}}\n"
        "service:\n  pipelines:\n    " +
        from + ": {receivers: [source], exporters: [counting]}\n    " + to +
        "/out: {receivers: [counting], exporters: [sink]}\n");
  };
  has(text("logs", "logs"),
      "agent.yaml:6:45: error: service::pipelines::logs::exporters: \"counting\" makes metrics of logs, but no "
      "pipeline of metrics has it as a receiver");
  has(text("logs", "logs"),
      "agent.yaml:7:28: error: service::pipelines::logs/out::receivers: \"counting\" makes no logs of what it "
      "gets here");
  has(text("logs", "logs"), "it makes metrics of logs, metrics, traces of traces");
  has(text("metrics", "metrics"), "\"counting\" does not support metrics");
  CHECK(text("traces", "traces").find("counting") == std::string::npos);
}

}  // namespace
}  // namespace rankwire::service
