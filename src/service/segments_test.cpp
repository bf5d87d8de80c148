// Processors that hold data back: a pipeline is cut at them, and what they hold is on the books.
#include "service/segments.hpp"

#include "component/held.hpp"
#include "service/service.hpp"
#include "service/service_fixture.hpp"

namespace rankwire::service {
namespace {

using testing::Destination;
using testing::Fixture;
using Mode = Destination::Mode;
using Events = std::vector<std::string>;

struct HoldingConfig {
  std::string note;
  void fields(config::Fields& f) { f.field("note", note, "Anything."); }
};

// Holds every batch until it is told to let go or stopped.
class Holding final : public Connector {
 public:
  Holding(Fixture& fixture, std::string name, Intakes intakes)
      : fixture_(fixture), name_(std::move(name)), intakes_(intakes) {}

  Result<void> start(Host&) override {
    fixture_.note("start " + name_);
    return {};
  }
  void stop(Deadline deadline) override {
    fixture_.note("stop " + name_);
    let_go(deadline);
  }
  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    const std::lock_guard lock(mutex_);
    Held held(intakes_.held, std::move(completion), batch.record_count());
    held_.emplace_back(std::move(batch), std::move(held));
    return {};
  }
  Bytes held_memory() const override { return Bytes{100}; }
  void hurry(bool is_hurried) override { fixture_.note((is_hurried ? "hurry " : "no hurry ") + name_); }

  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  void let_go(Deadline deadline) {
    const std::lock_guard lock(mutex_);
    for (auto& [batch, held] : held_) {
      std::vector<Held> from;
      from.push_back(std::move(held));
      const bool is_last = deadline.at != Instant::max();
      const Patience patience{.clock = fixture_.clock, .stop = {}, .deadline = deadline, .is_last = is_last};
      (void)deliver_held(*intakes_.of(batch.signal()), batch, from, patience);
    }
    held_.clear();
  }

 private:
  Fixture& fixture_;
  const std::string name_;
  const Intakes intakes_;
  mutable std::mutex mutex_;
  std::vector<std::pair<SignalBatch, Held>> held_;
};

struct Segmented {
  explicit Segmented(ServiceOptions options = {}) : service(f.environment, options) {
    f.registry.add(make_holding_factory<HoldingConfig>(
        {.type = "holding", .aliases = {}, .summary = "Holds.", .signals = {Signal::logs, Signal::traces}},
        [this](const HoldingConfig&, const ComponentContext& context,
               Intakes intakes) -> Result<std::unique_ptr<Connector>> {
          const std::string name = context.id.text() + " in " + context.pipeline;
          auto made = std::make_unique<Holding>(f, name, intakes);
          holders[name] = made.get();
          return made;
        }));
  }
  ~Segmented() { service.stop(Deadline::after(f.clock, std::chrono::seconds(5))); }

  static std::string yaml(const std::string& holding = "{}", const std::string& sink = "{}",
                          const std::string& processors = "[sieve, holding, batching, sieve/last]") {
    return "receivers: {source: {}}\nprocessors: {sieve: {drop: odd}, sieve/last: {}, batching: {min_size: 1}, "
           "holding: " +
           holding + ", holding/second: {}}\nexporters: {sink: " + sink +
           "}\nservice: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [source], processors: " +
           processors + ", exporters: [sink]}}}\n";
  }
  Result<void> deliver(const std::vector<std::int64_t>& numbers, std::uint64_t token = 1) {
    return f.deliver("source", numbers, std::make_shared<Completion>(f.listener, token));
  }
  std::uint64_t queued() const { return f.total("rankwire_queued_records", {{"signal", "logs"}}); }

  Fixture f;
  std::map<std::string, Holding*> holders;
  Service service;
};

TEST_CASE("a pipeline is cut at a processor that holds data back, and both sides run their processors") {
  Segmented s;
  REQUIRE(s.service.start(s.f.plan(Segmented::yaml())));
  REQUIRE(s.deliver({1, 2, 4}));
  CHECK(s.holders.at("holding in logs")->count() == 1);
  CHECK(s.f.destination("sink").received().empty());
  CHECK(s.queued() == 2);
  CHECK(s.f.is_conserved());
  CHECK(s.f.total("rankwire_processor_held_records", {{"processor", "holding"}, {"pipeline", "logs"}}) == 2);
  s.holders.at("holding in logs")->let_go(Deadline::never());
  CHECK(s.f.destination("sink").wait_for(2));
  CHECK(s.f.listener->wait(1) == true);
  CHECK(s.queued() == 0);
  CHECK(s.f.is_conserved());
  for (const char* processor : {"sieve", "holding", "sieve/last"}) {
    CAPTURE(processor);
    const bool is_first = std::string_view(processor) == "sieve";
    const Labels labels = {{"processor", processor}, {"otel_signal", "logs"}};
    CHECK(s.f.total("otelcol_processor_incoming_items", labels) == (is_first ? 3 : 2));
    CHECK(s.f.total("otelcol_processor_outgoing_items", labels) == 2);
    CHECK(s.f.total("otelcol_processor_consumed_items",
                    {{"otelcol_component_id", processor}, {"otelcol_pipeline_id", "logs"}}) == (is_first ? 3 : 2));
  }
  CHECK(s.f.counters.prometheus_text().find("batch_send_size_count{processor=\"batching\"} 1") != std::string::npos);
}

TEST_CASE("what is held flows on when the service stops, before the exporters stop") {
  Segmented s;
  REQUIRE(s.service.start(s.f.plan(Segmented::yaml("{}", "{}", "[holding, holding/second]"))));
  REQUIRE(s.deliver({2, 4}));
  s.service.stop(Deadline::after(s.f.clock, std::chrono::seconds(5)));
  CHECK(s.f.destination("sink").received().size() == 2);
  CHECK(s.f.listener->wait(1) == true);
  CHECK(s.f.is_conserved());
  const Events events = s.f.events();
  CHECK(Events(events.end() - 4, events.end()) ==
        Events{"stop source", "stop holding in logs", "stop holding/second in logs", "stop sink"});
}

TEST_CASE("nothing is held back while a receiver that a reload changes, or a stop, waits for what it delivered") {
  Segmented s;
  REQUIRE(s.service.start(s.f.plan(Segmented::yaml())));
  std::string changed = Segmented::yaml();
  changed.replace(changed.find("source: {}"), 10, "source: {note: changed}");
  const std::size_t before = s.f.events().size();
  REQUIRE(s.service.reload(s.f.plan(changed)));
  const Events reload = s.f.events();
  CHECK(Events(reload.begin() + static_cast<std::ptrdiff_t>(before), reload.end()) ==
        Events{"hurry holding in logs", "stop source", "no hurry holding in logs", "start source"});
  s.service.stop(Deadline::after(s.f.clock, std::chrono::seconds(5)));
  const Events stop = s.f.events();
  CHECK(Events(stop.begin() + static_cast<std::ptrdiff_t>(reload.size()),
               stop.begin() + static_cast<std::ptrdiff_t>(reload.size()) + 3) ==
        Events{"hurry holding in logs", "stop source", "stop holding in logs"});
}

TEST_CASE("what finds no room before the deadline is counted as dropped, and the source hears it") {
  Segmented s;
  s.f.destination("sink").set(Mode::blocked);
  REQUIRE(s.service.start(s.f.plan(Segmented::yaml("{}", "{queue_size: 1, consumers: 1}", "[holding]"))));
  REQUIRE(s.deliver({2}, 1));
  s.holders.at("holding in logs")->let_go(Deadline::never());
  REQUIRE(s.f.destination("sink").wait_for_blocked(1));
  REQUIRE(s.deliver({4, 6}, 2));
  s.service.stop(Deadline::after(s.f.clock, std::chrono::milliseconds(50)));
  CHECK(s.f.listener->wait(2) == false);
  CHECK(s.f.total("rankwire_dropped_records_total", {{"stage", "processor"}, {"reason", "shutdown"}}) == 2);
  CHECK(s.f.is_conserved());
}

TEST_CASE("a destination that takes nothing before the deadline does not keep the others from what was held") {
  Segmented s({.reload_drain = std::chrono::milliseconds(50)});
  s.f.destination("sink").set(Mode::blocked);
  std::string yaml = Segmented::yaml("{}", "{queue_size: 1, consumers: 1}", "[holding, sieve/last]");
  yaml.replace(yaml.find("exporters: [sink]"), 17, "exporters: [sink, sink/other]");
  yaml.replace(yaml.find("exporters: {"), 12, "exporters: {sink/other: {}, ");
  REQUIRE(s.service.start(s.f.plan(yaml)));
  REQUIRE(s.deliver({2}, 1));
  s.holders.at("holding in logs")->let_go(Deadline::never());
  REQUIRE(s.f.destination("sink").wait_for_blocked(1));
  REQUIRE(s.f.destination("sink/other").wait_for(1));
  REQUIRE(s.deliver({4, 6}, 2));
  std::string without = yaml;
  without.replace(without.find("[holding, sieve/last]"), 21, "[sieve/last]");
  REQUIRE(s.service.reload(s.f.plan(without)));
  CHECK(s.f.destination("sink/other").wait_for(3));
  CHECK(s.f.listener->wait(2) == false);
  CHECK(s.f.total("rankwire_passed_over_records_total", {{"destination", "exporter sink"}}) == 2);
  CHECK(s.f.total("rankwire_passed_over_records_total", {{"destination", "exporter sink/other"}}) == 0);
  CHECK(s.f.total("rankwire_dropped_records_total", {{"stage", "processor"}, {"reason", "shutdown"}}) == 2);
  CHECK(s.f.is_conserved());
}

TEST_CASE("a reload of other parts leaves a holder and what it holds alone") {
  Segmented s;
  REQUIRE(s.service.start(s.f.plan(Segmented::yaml())));
  REQUIRE(s.deliver({2}));
  const std::size_t before = s.f.events().size();
  REQUIRE(s.service.reload(s.f.plan(Segmented::yaml("{}", "{note: changed}", "[holding, batching]"))));
  const Events events = s.f.events();
  for (std::size_t i = before; i < events.size(); ++i) CHECK(events[i].find("holding") == std::string::npos);
  CHECK(s.holders.at("holding in logs")->count() == 1);
  CHECK(s.queued() == 1);
  s.holders.at("holding in logs")->let_go(Deadline::never());
  CHECK(s.f.destination("sink").wait_for(1));
  CHECK(s.f.listener->wait(1) == true);
  CHECK(s.f.is_conserved());
}

TEST_CASE("a holder that a reload changes or removes hands on what it holds, also when the exporter changes with it") {
  for (const char* processors : {"[sieve, holding]", "[sieve]"}) {
    CAPTURE(processors);
    Segmented s;
    REQUIRE(s.service.start(s.f.plan(Segmented::yaml())));
    REQUIRE(s.deliver({2}));
    REQUIRE(s.service.reload(s.f.plan(Segmented::yaml("{note: changed}", "{note: changed}", processors))));
    CHECK(s.f.destination("sink").wait_for(1));
    CHECK(s.f.listener->wait(1) == true);
    REQUIRE(s.deliver({4}, 2));
    s.service.stop(Deadline::after(s.f.clock, std::chrono::seconds(5)));
    CHECK(s.f.listener->wait(2) == true);
    CHECK(s.f.is_conserved());
  }
}

TEST_CASE("each pipeline has an instance of its own") {
  Segmented s;
  REQUIRE(s.service.start(
      s.f.plan("receivers: {source: {}}\nprocessors: {holding: {}}\nexporters: {sink: {}}\n"
               "service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [source], processors: "
               "[holding], exporters: [sink]}, logs/2: {receivers: [source], processors: [holding], exporters: "
               "[sink]}}}\n")));
  CHECK(s.holders.size() == 2);
  REQUIRE(s.deliver({2}));
  CHECK(s.queued() == 2);
  s.holders.at("holding in logs")->let_go(Deadline::never());
  CHECK(s.f.destination("sink").wait_for(1));
  CHECK(s.holders.at("holding in logs/2")->count() == 1);
  s.holders.at("holding in logs/2")->let_go(Deadline::never());
  CHECK(s.f.listener->wait(1) == true);
  CHECK(s.f.is_conserved());
  std::vector<std::string> ids;
  for (const ComponentHealth& health : s.service.health())
    if (health.kind == ComponentKind::processor) ids.push_back(health.id);
  CHECK(ids == std::vector<std::string>{"holding", "holding"});
}

TEST_CASE("holders and connectors are in the order in which data reaches them") {
  Segmented s;
  const Plan made = s.f.plan(
      "receivers: {source: {}}\nprocessors: {holding: {}, holding/b: {}, sieve: {}}\nexporters: {sink: {}}\n"
      "connectors: {bridge: {}}\nservice: {pipelines: {logs/out: {receivers: [bridge], processors: [sieve, "
      "holding/b], exporters: [sink]}, logs: {receivers: [source], processors: [holding, sieve], exporters: "
      "[bridge]}}}\n");
  const Segments segments = segments_of(made);
  std::vector<std::string> keys;
  for (const Segment& segment : segments.all) keys.push_back(segment.key);
  CHECK(keys == std::vector<std::string>{"logs/out", "logs/out after holding/b", "logs", "logs after holding"});
  REQUIRE(segments.between.size() == 3);
  CHECK(std::get<Holder>(segments.between[0]).pipeline == "logs");
  CHECK(std::get<const Planned<ConnectorFactory>*>(segments.between[1])->written == "bridge");
  CHECK(std::get<Holder>(segments.between[2]).pipeline == "logs/out");
  const std::string printed = config::to_yaml(effective_config(made, false));
  CHECK(printed.find("holding/b") != std::string::npos);
  CHECK(printed.find(" after holding") == std::string::npos);
}

}  // namespace
}  // namespace rankwire::service
