// The engine with real queues and threads, and components that the tests steer.
#include "service/service.hpp"

#include "base/worker.hpp"
#include "service/service_fixture.hpp"

namespace rankwire::service {
namespace {

using testing::Destination;
using testing::Fixture;
using Mode = Destination::Mode;

const Labels logs = {{"signal", "logs"}};

Deadline soon(const Fixture& f) { return Deadline::after(f.clock, std::chrono::seconds(5)); }

std::string config(const std::string& exporters, const std::string& pipelines) {
  return "receivers: {source: {}}\nprocessors: {sieve: {drop: odd}}\n" + exporters +
         "\nservice: {telemetry: {metrics: {level: none}}, pipelines: {" + pipelines + "}}\n";
}

const std::string two_exporters = config("exporters: {sink/a: {queue_size: 2}, sink/b: {queue_size: 2}}",
                                         "logs: {receivers: [source], exporters: [sink/a, sink/b]}");

bool is_refused(const Result<void>& result) { return !result && result.error().kind() == ErrorKind::refused; }

TEST_CASE("every exporter of every pipeline of a receiver gets every record once") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink/a: {}, sink/b: {}, sink/c: {queued: false}}",
                                      "logs: {receivers: [source], exporters: [sink/a, sink/c]},"
                                      "logs/2: {receivers: [source], processors: [sieve], exporters: [sink/b]}"))));
  REQUIRE(f.deliver("source", {1, 2, 3, 4}));
  CHECK(f.destination("sink/c").received() == std::multiset<std::int64_t>{1, 2, 3, 4});
  REQUIRE(f.destination("sink/a").wait_for(4));
  REQUIRE(f.destination("sink/b").wait_for(2));
  service.stop(soon(f));
  CHECK(f.destination("sink/a").received() == std::multiset<std::int64_t>{1, 2, 3, 4});
  CHECK(f.destination("sink/b").received() == std::multiset<std::int64_t>{2, 4});
  CHECK(f.total("rankwire_accepted_records_total", logs) == 12);
  CHECK(f.total("rankwire_delivered_records_total", logs) == 10);
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "processor"}, {"reason", "filtered"}}) == 2);
  CHECK(f.total("otelcol_receiver_accepted_log_records", {{"receiver", "source"}}) == 4);
  CHECK(f.total("otelcol_exporter_sent_log_records", {{"exporter", "sink/a"}}) == 4);
  CHECK(f.total("otelcol_processor_incoming_items", {{"processor", "sieve"}}) == 4);
  CHECK(f.total("otelcol_processor_outgoing_items", {{"processor", "sieve"}}) == 2);
}

TEST_CASE("a batch in wire form is decoded for a processor and passed on as it is without one") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink/a: {}, sink/b: {}}",
                                      "logs: {receivers: [source], exporters: [sink/a]},"
                                      "logs/2: {receivers: [source], processors: [sieve], exporters: [sink/b]}"))));
  REQUIRE(f.deliver("source", {1, 2}, {}, true));
  CHECK(f.destination("sink/a").wait_for(2));
  CHECK(f.destination("sink/b").wait_for(1));
}

TEST_CASE("a destination that is down neither stops nor duplicates into the others") {
  Fixture f;
  f.destination("sink/a").set(Mode::unavailable);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(
      config("exporters: {sink/a: {}, sink/b: {}}", "logs: {receivers: [source], exporters: [sink/a, sink/b]}"))));
  for (std::int64_t i = 0; i < 20; ++i) REQUIRE(f.deliver("source", {i}));
  REQUIRE(f.destination("sink/b").wait_for(20));
  CHECK(f.destination("sink/a").received().empty());
  f.destination("sink/a").set(Mode::ok);
  REQUIRE(f.destination("sink/a").wait_for(20));
  service.stop(soon(f));
  CHECK(f.destination("sink/a").received().size() == 20);
  CHECK(f.destination("sink/b").received().size() == 20);
}

TEST_CASE("a full queue refuses the batch as a whole: the other destination does not get it either") {
  Fixture f;
  f.destination("sink/a").set(Mode::blocked);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(two_exporters)));
  std::int64_t taken = 0;
  while (taken < 100 && f.deliver("source", {taken})) ++taken;
  // Two requests fit; the one being sent still counts.
  CHECK(taken == 2);
  CHECK(is_refused(f.deliver("source", {50})));
  REQUIRE(f.destination("sink/b").wait_for(2));
  f.destination("sink/a").set(Mode::ok);
  REQUIRE(f.intake("source")->wait_for_room({}, soon(f)));
  REQUIRE(f.destination("sink/a").wait_for(2));
  service.stop(soon(f));
  CHECK(f.destination("sink/b").received() == std::multiset<std::int64_t>{0, 1});
  CHECK(f.destination("sink/a").received() == std::multiset<std::int64_t>{0, 1});
  CHECK(f.is_conserved());
}

TEST_CASE("block_on_overflow waits for room instead of refusing") {
  Fixture f;
  f.destination("sink").set(Mode::blocked);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {queue_size: 1, consumers: 1, block: true}}",
                                      "logs: {receivers: [source], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1}));
  REQUIRE(f.destination("sink").wait_for_blocked(1));
  {
    const Worker sender("sender", [&](std::stop_token) { CHECK(f.deliver("source", {2})); });
    f.destination("sink").set(Mode::ok);
  }
  CHECK(f.destination("sink").wait_for(2));
}

TEST_CASE("a replayable source hears that its batch is settled when every destination has it") {
  Fixture f;
  f.destination("sink/a").set(Mode::blocked);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(two_exporters)));
  REQUIRE(f.deliver("source", {1}, std::make_shared<Completion>(f.listener, 7)));
  REQUIRE(f.destination("sink/b").wait_for(1));
  f.destination("sink/a").set(Mode::ok);
  CHECK(f.listener->wait(7) == true);
}

TEST_CASE("a batch that was refused is reported as not settled") {
  Fixture g;
  g.destination("sink").set(Mode::blocked);
  Service full(g.environment);
  REQUIRE(full.start(
      g.plan(config("exporters: {sink: {queue_size: 1}}", "logs: {receivers: [source], exporters: [sink]}"))));
  auto admission = g.intake("source")->admit(1_KiB);
  REQUIRE(admission);
  REQUIRE(g.deliver("source", {1}));
  CHECK(is_refused(g.intake("source")->deliver(std::move(*admission), testing::numbered_logs({2}),
                                               std::make_shared<Completion>(g.listener, 1))));
  CHECK(g.listener->wait(1) == false);
  CHECK(g.total("otelcol_receiver_refused_log_records") == 1);
  CHECK(g.total("otelcol_exporter_enqueue_failed_log_records") == 1);
}

TEST_CASE("what the destination will never take is dropped, counted and settled") {
  Fixture f;
  f.destination("sink").set(Mode::invalid);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {}}", "logs: {receivers: [source], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1, 2}, std::make_shared<Completion>(f.listener, 1)));
  CHECK(f.listener->wait(1) == true);
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "exporter"}, {"reason", "invalid"}}) == 2);
  CHECK(f.total("otelcol_exporter_send_failed_log_records", {{"exporter", "sink"}}) == 2);
  CHECK(f.log.has("dropping records that could not be delivered"));
  CHECK(f.is_conserved());
}

TEST_CASE("what a destination rejects of a batch is counted and logged once") {
  Fixture f;
  f.destination("sink").set(Mode::partial);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {}}", "logs: {receivers: [source], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1, 2, 3}, std::make_shared<Completion>(f.listener, 1)));
  CHECK(f.listener->wait(1) == true);
  service.stop(soon(f));
  CHECK(f.total("rankwire_delivered_records_total", logs) == 2);
  CHECK(f.total("rankwire_dropped_records_total", {{"reason", "rejected"}}) == 1);
  CHECK(f.log.count("the destination accepted a batch in part") == 1);
  CHECK(f.is_conserved());
}

TEST_CASE("retries end after max_elapsed_time") {
  Fixture f;
  f.destination("sink").set(Mode::unavailable);
  Service service(f.environment);
  REQUIRE(service.start(
      f.plan(config("exporters: {sink: {give_up: 20ms}}", "logs: {receivers: [source], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1}, std::make_shared<Completion>(f.listener, 1)));
  CHECK(f.listener->wait(1) == true);
  CHECK(f.total("rankwire_dropped_records_total", {{"reason", "retries_exhausted"}}) == 1);
}

TEST_CASE("with wait_for_result the sender is told what the destination said") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(
      f.plan(config("exporters: {sink: {wait: true}}", "logs: {receivers: [source], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1}));
  CHECK(f.destination("sink").received().size() == 1);
  f.destination("sink").set(Mode::invalid);
  const Result<void> refused = f.deliver("source", {2});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() == "not accepted");
  CHECK(f.is_conserved());
}

TEST_CASE(
    "what processors dropped of a batch is counted, too, when the rest is refused for good and does not come again") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {wait: true}}",
                                      "logs: {receivers: [source], processors: [sieve], exporters: [sink]}"))));
  f.destination("sink").set(Mode::invalid);
  REQUIRE_FALSE(f.deliver("source", {1, 2, 3}));  // Still the sender's.
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "processor"}}) == 0);
  REQUIRE_FALSE(f.deliver("source", {1, 2, 3}, std::make_shared<Completion>(f.listener, 1)));
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "processor"}}) == 2);
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "exporter"}, {"reason", "invalid"}}) == 2);  // Each time.
  CHECK(f.is_conserved());
}

TEST_CASE("a connector ends one pipeline and starts another") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {}}\nconnectors: {bridge: {}}",
                                      "logs/in: {receivers: [source], exporters: [bridge]},"
                                      "logs/out: {receivers: [bridge], processors: [sieve], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1, 2, 3}, std::make_shared<Completion>(f.listener, 1)));
  CHECK(f.listener->wait(1) == true);
  CHECK(f.destination("sink").received() == std::multiset<std::int64_t>{2});
  service.stop(soon(f));
  CHECK(f.is_conserved());
}

TEST_CASE("stopping sends what memory queues hold") {
  Fixture f;
  f.destination("sink").set(Mode::unavailable);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {}}", "logs: {receivers: [source], exporters: [sink]}"))));
  for (std::int64_t i = 0; i < 10; ++i) REQUIRE(f.deliver("source", {i}));
  f.destination("sink").set(Mode::ok);
  service.stop(soon(f));
  CHECK(f.destination("sink").received().size() == 10);
  CHECK(f.is_conserved());
}

TEST_CASE("past the deadline a source that can replay is told, and the drop is counted") {
  Fixture f;
  f.destination("sink").set(Mode::unavailable);
  Service service(f.environment);
  REQUIRE(service.start(f.plan(config("exporters: {sink: {}}", "logs: {receivers: [source], exporters: [sink]}"))));
  REQUIRE(f.deliver("source", {1, 2, 3}, std::make_shared<Completion>(f.listener, 1)));
  service.stop(Deadline::after(f.clock, std::chrono::milliseconds(20)));
  CHECK(f.listener->wait(1) == false);
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "queue"}, {"reason", "shutdown"}}) == 3);
  CHECK(f.is_conserved());
}

TEST_CASE("exporters start before receivers and stop after them") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(
      service.start(f.plan("extensions: {storage: {directory: /tmp}}\nreceivers: {source: {}}\n"
                           "processors: {sieve: {}}\nexporters: {sink: {}}\n"
                           "service: {telemetry: {metrics: {level: none}}, extensions: [storage], pipelines: "
                           "{logs: {receivers: [source], processors: [sieve], exporters: [sink]}}}")));
  CHECK(service.is_ready());
  service.stop(soon(f));
  CHECK(f.events() == std::vector<std::string>{"start storage", "start sink", "start sieve", "start source",
                                               "stop source", "stop sieve", "stop sink", "stop storage"});
}

TEST_CASE("when one component cannot start, what had started is stopped") {
  Fixture f;
  f.fail_start_of("source");
  Service service(f.environment);
  const Result<void> started = service.start(f.plan(two_exporters));
  REQUIRE_FALSE(started);
  CHECK(started.error().message().find("starting receiver source") != std::string::npos);
  CHECK_FALSE(service.is_ready());
  CHECK(f.events() == std::vector<std::string>{"start sink/a", "start sink/b", "stop sink/a", "stop sink/b"});
}

TEST_CASE("the identity holds at every quiet point under random failures") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Fixture f(seed);
    for (const char* id : {"sink/a", "sink/b"}) f.destination(id).set(Mode::random);
    Service service(f.environment);
    REQUIRE(service.start(f.plan(config("exporters: {sink/a: {}, sink/b: {give_up: 3ms, consumers: 4}}",
                                        "logs: {receivers: [source], exporters: [sink/a, sink/b]},"
                                        "logs/2: {receivers: [source], processors: [sieve], exporters: [sink/b]}"))));
    for (std::uint64_t round = 0; round < 4; ++round) {
      for (std::uint64_t i = 0; i < 25; ++i) {
        const auto number = static_cast<std::int64_t>(round * 100 + i * 2);
        const std::uint64_t token = round * 100 + i;
        REQUIRE(f.deliver("source", {number, number + 1}, std::make_shared<Completion>(f.listener, token)));
        if (i % 7 == 0) f.intake("source")->count_dropped(3, "unparsable", "team", "trainer-0");
      }
      for (std::uint64_t i = 0; i < 25; ++i) CHECK(f.listener->wait(round * 100 + i) == true);
      CHECK(f.is_conserved());
      CHECK(f.total("rankwire_queued_records", logs) == 0);
      CHECK(f.total("rankwire_in_flight_records", logs) == 0);
    }
    CHECK(f.total("rankwire_dropped_records_total", {{"reason", "unparsable"}, {"pod", "trainer-0"}}) == 4 * 4 * 9);
    service.stop(soon(f));
    CHECK(f.is_conserved());
  }
}

}  // namespace
}  // namespace rankwire::service
