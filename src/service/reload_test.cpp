// What a new configuration changes and what it leaves running.
#include "base/worker.hpp"
#include "service/service.hpp"
#include "service/service_fixture.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::service {
namespace {

using testing::Destination;
using testing::Fixture;
using Mode = Destination::Mode;
using Events = std::vector<std::string>;

struct Parts {
  std::string receiver = "{}";
  std::string processor = "{}";
  std::string exporter = "{}";
  std::string other_exporter = "{}";
  std::string processors = "[sieve]";
  std::string exporters = "[sink, sink/other]";
};

std::string yaml(const Parts& parts) {
  return "receivers: {source: " + parts.receiver + ", source/second: {}}\nprocessors: {sieve: " + parts.processor +
         "}\nexporters: {sink: " + parts.exporter + ", sink/other: " + parts.other_exporter +
         "}\nservice: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [source, source/second], "
         "processors: " +
         parts.processors + ", exporters: " + parts.exporters + "}}}\n";
}

struct Reloading {
  Reloading() {
    REQUIRE(service.start(f.plan(yaml({}))));
    started = f.events().size();
  }
  ~Reloading() { service.stop(Deadline::after(f.clock, std::chrono::seconds(5))); }
  Events events() const {
    const Events all = f.events();
    return {all.begin() + static_cast<std::ptrdiff_t>(started), all.end()};
  }

  Fixture f;
  Service service{f.environment};
  std::size_t started = 0;
};

TEST_CASE("the same configuration restarts nothing") {
  Reloading r;
  REQUIRE(r.service.reload(r.f.plan(yaml({}))));
  CHECK(r.events().empty());
}

TEST_CASE("a changed receiver restarts alone") {
  Reloading r;
  REQUIRE(r.service.reload(r.f.plan(yaml({.receiver = "{note: changed}"}))));
  CHECK(r.events() == Events{"stop source", "start source"});
  REQUIRE(r.f.deliver("source", {1}));
  CHECK(r.f.destination("sink").wait_for(1));
}

TEST_CASE("changed processors are swapped behind running receivers, and nothing is refused meanwhile") {
  Reloading r;
  std::atomic<std::int64_t> sent = 0;
  std::atomic<bool> is_done = false;
  {
    const Worker sender("sender", [&](std::stop_token) {
      while (!is_done)
        if (r.f.deliver("source/second", {sent * 2}))
          ++sent;
        else
          r.f.intake("source/second")->wait_for_room({}, Deadline::after(r.f.clock, std::chrono::seconds(1)));
    });
    for (const char* processor : {"{drop: odd}", "{}", "{drop: odd}"})
      REQUIRE(r.service.reload(r.f.plan(yaml({.processor = processor}))));
    is_done = true;
  }
  CHECK(r.events() == Events{"start sieve", "stop sieve", "start sieve", "stop sieve", "start sieve", "stop sieve"});
  REQUIRE(r.f.deliver("source", {1, 1'000'000}));
  const auto count = static_cast<std::size_t>(sent.load());
  CHECK(r.f.destination("sink").wait_for(count + 1));
  CHECK_FALSE(r.f.destination("sink").received().contains(1));
}

TEST_CASE("a processor runs on while others of its pipeline come, change, fail or go") {
  Reloading r;
  const auto reload = [&](const std::string& second, const std::string& processors) {
    return r.service.reload(r.f.plan(yaml({.processor = "{}, sieve/second: " + second, .processors = processors})));
  };
  REQUIRE(reload("{}", "[sieve/second, sieve]"));
  REQUIRE(reload("{drop: odd}", "[sieve, sieve/second]"));
  r.f.fail_start_of("sieve/second");
  REQUIRE_FALSE(reload("{drop: even}", "[sieve, sieve/second]"));
  r.f.fail_start_of("");
  REQUIRE(r.f.deliver("source", {1, 2}));
  CHECK(r.f.destination("sink").wait_for(1));
  REQUIRE(reload("{}", "[sieve]"));
  const Events events = r.events();
  CHECK(std::count(events.begin(), events.end(), "start sieve") == 0);
  CHECK(std::count(events.begin(), events.end(), "stop sieve") == 0);
  CHECK(events.back() == "stop sieve/second");
  REQUIRE(r.f.deliver("source", {3}));
  CHECK(r.f.destination("sink").wait_for(2));
  r.service.stop(Deadline::after(r.f.clock, std::chrono::seconds(5)));
  const Events all = r.events();
  CHECK(std::count(all.begin(), all.end(), "stop sieve") == 1);
}

TEST_CASE("a changed exporter takes over what the old one had queued") {
  Reloading r;
  r.f.destination("sink").set(Mode::unavailable);
  for (std::int64_t i = 0; i < 10; ++i)
    REQUIRE(r.f.deliver("source", {i}, std::make_shared<Completion>(r.f.listener, static_cast<std::uint64_t>(i))));
  REQUIRE(r.service.reload(r.f.plan(yaml({.exporter = "{note: moved}"}))));
  CHECK(r.events() == Events{"stop sink", "start sink"});
  r.f.destination("sink").set(Mode::ok);
  CHECK(r.f.destination("sink").wait_for(10));
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(r.f.listener->wait(i) == true);
  CHECK(r.f.destination("sink").received().size() == 10);
  CHECK(r.f.is_conserved());
}

TEST_CASE("an exporter taken out of the pipeline hands on what it holds and stops") {
  Reloading r;
  REQUIRE(r.f.deliver("source", {1}));
  REQUIRE(r.service.reload(r.f.plan(yaml({.exporters = "[sink]"}))));
  CHECK(r.events() == Events{"stop sink/other"});
  CHECK(r.f.destination("sink/other").received().size() == 1);
  REQUIRE(r.f.deliver("source", {2}));
  CHECK(r.f.destination("sink").wait_for(2));
  REQUIRE(r.service.reload(r.f.plan(yaml({}))));
  REQUIRE(r.f.deliver("source", {3}));
  CHECK(r.f.destination("sink/other").wait_for(2));
}

TEST_CASE("a new configuration that cannot start leaves the old one running") {
  Reloading r;
  r.f.destination("sink").set(Mode::unavailable);
  REQUIRE(r.f.deliver("source", {1}));
  r.f.fail_start_of("sieve");
  const Result<void> failed =
      r.service.reload(r.f.plan(yaml({.processor = "{drop: odd}", .exporter = "{note: newer}"})));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message().find("sieve") != std::string::npos);
  r.f.destination("sink").set(Mode::ok);
  CHECK(r.f.destination("sink").wait_for(1));
  REQUIRE(r.f.deliver("source", {3}));
  CHECK(r.f.destination("sink").wait_for(2));
  CHECK(r.f.destination("sink").received() == std::multiset<std::int64_t>{1, 3});
}

TEST_CASE("when the old configuration cannot start either the service is not ready until one can") {
  Reloading r;
  r.f.fail_start_of("source");
  REQUIRE_FALSE(r.service.reload(r.f.plan(yaml({.receiver = "{note: changed}"}))));
  CHECK_FALSE(r.service.is_ready());
  r.f.fail_start_of("");
  REQUIRE(r.service.reload(r.f.plan(yaml({}))));
  CHECK(r.service.is_ready());
  REQUIRE(r.f.deliver("source", {1}));
  CHECK(r.f.destination("sink").wait_for(1));
}

TEST_CASE("the whole service can be replaced and goes on") {
  Reloading r;
  REQUIRE(r.service.reload(
      r.f.plan("receivers: {source/new: {}}\nexporters: {sink/new: {}}\n"
               "service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [source/new], exporters: "
               "[sink/new]}}}\n")));
  REQUIRE(r.f.deliver("source/new", {5}));
  CHECK(r.f.destination("sink/new").wait_for(1));
  CHECK(r.f.intake("source") == nullptr);
}

}  // namespace
}  // namespace rankwire::service
