// Waiting, deciding and what spans follow that come late.
#include "base/worker.hpp"
#include "processors/tail_sampling/tail_fixture.hpp"

namespace rankwire::tail_sampling {
namespace {

TraceBatch one(std::uint8_t trace, std::string_view name, std::uint8_t parent = 1) {
  static std::uint8_t next = 1;
  return SpanBatchBuilder().span(name).ids(trace, next++, parent).take();
}

// Samples traces that have a span of the name "keep".
constexpr const char* keeps =
    "policies: [{name: k, type: ottl_condition, ottl_condition: {span: ['name == \"keep\"']}}]";
std::string keeping(const std::string& settings) {
  return "{" + settings + (settings.empty() ? "" : ", ") + keeps + "}";
}

constexpr const char* early = "rankwire_tail_sampling_early_decisions_total";
constexpr const char* cached = "otelcol_processor_tail_sampling_early_releases_from_cache_decision";

}  // namespace

TEST_CASE("a trace is decided so long after its first span, with all that came until then") {
  TailFixture f(keeping("decision_wait: 10s"));
  REQUIRE(f.take(one(1, "first"), 1));
  REQUIRE(f.take(one(2, "other"), 2));
  f.wait(seconds(9));
  REQUIRE(f.take(one(1, "keep"), 3));
  CHECK(f.ledger.held() == 3);
  CHECK(f.total("otelcol_processor_tail_sampling_new_trace_id_received") == 2);
  CHECK(f.connector->held_memory() > Bytes{});
  f.wait(seconds(1));
  REQUIRE(f.traces.wait_for(1));
  f.stop();
  CHECK(f.names() == Names{"first", "keep"});
  CHECK(f.ledger.dropped("sampled_out") == 1);
  CHECK(f.ledger.passed_on() == 2);
  CHECK(f.ledger.held() == 0);
  // Who can replay hears of its batch when that has arrived.
  CHECK(f.listener->end_of(2) == true);
  CHECK(!f.listener->end_of(1));
  f.traces.settle();
  f.traces.taken().clear();
  CHECK(f.listener->settled() == 3);
}

TEST_CASE("resources, scopes and what we do not know come through as they came") {
  TailFixture f(always);
  SpanBatchBuilder spans;
  spans.resource({{"pod", "a"}}).scope("lib", "1").span("a").ids(1, 1).span("b").ids(2, 2);
  spans.resource({{"pod", "b"}}).span("c").ids(1, 3).event("e", {{"k", "v"}});
  TraceBatch batch = spans.take();
  batch.resources[0].schema_url = "of resource";
  batch.resources[0].scopes[1].schema_url = "of scope";
  Buffer before;
  otlp::encode(batch, before);
  REQUIRE(f.take(std::move(batch)));
  f.stop(Deadline::never());
  REQUIRE(f.traces.taken().size() == 1);
  const auto decoded = otlp::decode(f.traces.taken()[0].batch.wire());
  REQUIRE(decoded);
  const auto& resources = decoded->traces().resources;
  REQUIRE(resources.size() == 3);  // Two of the first trace, one of the second.
  CHECK(resources[0].schema_url == "of resource");
  REQUIRE(resources[0].scopes.size() == 1);
  CHECK(resources[0].scopes[0].scope.name == "lib");
  CHECK(resources[0].scopes[0].schema_url == "of scope");
  CHECK(resources[1].scopes[0].records[0].events[0].attributes.size() == 1);
  CHECK(resources[2].scopes[0].records[0].name == "b");
  CHECK(f.names() == Names{"a", "b", "c"});
}

TEST_CASE("a batch in wire form and one without spans") {
  TailFixture f(always);
  const SignalBatch spans = SpanBatchBuilder().span("a").span("b").take();
  REQUIRE(f.connector->consume(otlp::encode(spans, nullptr), f.completion(1)));
  REQUIRE(f.take(TraceBatch(), 2));
  CHECK(f.listener->end_of(2) == true);
  f.stop(Deadline::never());
  CHECK(f.names() == Names{"a", "b"});
}

TEST_CASE("the root span brings the decision forward") {
  TailFixture f(keeping("decision_wait: 30s, decision_wait_after_root_received: 2s"));
  REQUIRE(f.take(one(1, "keep", 5)));
  f.wait(seconds(5));
  REQUIRE(f.take(one(1, "root", 0)));
  REQUIRE(f.take(one(2, "keep", 3)));
  f.wait(seconds(2));
  REQUIRE(f.traces.wait_for(1));
  CHECK(f.names() == Names{"keep", "root"});
  f.wait(seconds(28));
  REQUIRE(f.traces.wait_for(2));
}

TEST_CASE("spans that come after the decision follow it") {
  TailFixture f(keeping("decision_wait: 1s"));
  REQUIRE(f.take(one(1, "keep")));
  REQUIRE(f.take(one(2, "other")));
  f.wait(seconds(1));
  REQUIRE(f.traces.wait_for(1));
  REQUIRE(f.take(one(1, "late")));
  REQUIRE(f.take(one(2, "keep"), 9));
  CHECK(f.listener->end_of(9) == true);
  f.wait(milliseconds(100));
  REQUIRE(f.traces.wait_for(2));
  CHECK(f.names() == Names{"keep", "late"});
  CHECK(f.ledger.dropped("sampled_out") == 2);
  CHECK(f.total(cached, {{"sampled", "true"}}) == 1);
  CHECK(f.total(cached, {{"sampled", "false"}}) == 1);
  // After an hour without any they are a trace of their own.
  f.wait(std::chrono::hours(2));
  REQUIRE(f.take(one(1, "later")));
  CHECK(f.total("otelcol_processor_tail_sampling_new_trace_id_received") == 3);
}

TEST_CASE("of decisions as many are remembered as the cache has room for, and those in use longest") {
  TailFixture f(keeping("decision_wait: 0s, decision_cache: {sampled_cache_size: 2, non_sampled_cache_size: 1}"));
  for (std::uint8_t trace = 1; trace <= 3; ++trace) {
    REQUIRE(f.take(one(trace, "keep")));
    f.wait(seconds(1));
    REQUIRE(f.traces.wait_for(trace));
    if (trace == 2) {  // The first was used after the second.
      REQUIRE(f.take(one(1, "late")));
    }
  }
  f.wait(seconds(1));
  const std::uint64_t began = f.total("otelcol_processor_tail_sampling_new_trace_id_received");
  REQUIRE(f.take(one(1, "late")));
  REQUIRE(f.take(one(3, "late")));
  CHECK(f.total("otelcol_processor_tail_sampling_new_trace_id_received") == began);
  REQUIRE(f.take(one(2, "late")));
  CHECK(f.total("otelcol_processor_tail_sampling_new_trace_id_received") == began + 1);
}

TEST_CASE("of more traces than may wait the oldest are decided early") {
  TailFixture f(keeping("num_traces: 2"));
  REQUIRE(f.take(one(1, "keep")));
  REQUIRE(f.take(one(2, "other")));
  REQUIRE(f.take(one(3, "other")));
  REQUIRE(f.traces.wait_for(1));
  CHECK(f.names() == Names{"keep"});
  CHECK(f.total(early, {{"reason", "num_traces"}}) == 1);
  while (f.ledger.held() != 2) std::this_thread::yield();
}

TEST_CASE("senders are refused while too many wait, if that is asked for") {
  TailFixture f(keeping("decision_wait: 1s, num_traces: 2, block_on_overflow: true"));
  REQUIRE(f.take(one(1, "keep")));
  CHECK(f.connector->has_room(Signal::traces, Bytes{1}, 1));
  REQUIRE(f.take(one(2, "keep")));
  CHECK(!f.connector->has_room(Signal::traces, Bytes{1}, 1));
  const Result<void> refused = f.take(one(3, "keep"));
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(f.ledger.held() == 2);
  f.wait(seconds(1));
  REQUIRE(f.traces.wait_for(1));
  while (f.ledger.held() != 0) std::this_thread::yield();
  CHECK(f.connector->has_room(Signal::traces, Bytes{1}, 1));
  CHECK(f.total(early) == 0);
}

TEST_CASE("traces that grow too large are dropped, and so is what comes later") {
  TailFixture f("{maximum_trace_size_bytes: 300, policies: [{name: all, type: always_sample}]}");
  REQUIRE(f.take(one(1, "small")));
  REQUIRE(f.take(one(2, std::string(200, 'x'))));
  CHECK(f.ledger.dropped("too_large") == 0);
  REQUIRE(f.take(one(2, std::string(200, 'y'))));
  while (f.ledger.dropped("too_large") != 2) std::this_thread::yield();
  REQUIRE(f.take(one(2, "z")));
  CHECK(f.total("otelcol_processor_tail_sampling_traces_dropped_too_large") == 1);
  CHECK(f.ledger.dropped("sampled_out") == 1);
  f.stop(Deadline::never());
  CHECK(f.names() == Names{"small"});
}

TEST_CASE("before memory is used up the oldest are decided early; while nothing leaves, senders are refused") {
  TailFixture f("{max_state_size: 64KiB, policies: [{name: all, type: always_sample}]}");
  f.traces.set_full(true);
  int taken = 0;
  const auto take_next = [&] {
    TraceBatch batch = one(0, std::to_string(taken) + std::string(1000, 'x'));
    batch.resources[0].scopes[0].records[0].trace_id.bytes[3] = static_cast<std::uint8_t>(taken);
    batch.resources[0].scopes[0].records[0].trace_id.bytes[4] = static_cast<std::uint8_t>(taken >> 8);
    return f.take(std::move(batch), static_cast<std::uint64_t>(taken));
  };
  while (take_next()) ++taken;
  // The first that are decided early stand in the way of all that follow.
  REQUIRE(f.traces.wait_for_attempts(1));
  Result<void> last;
  while ((last = take_next())) ++taken;
  REQUIRE(!last);
  CHECK(last.error().kind() == ErrorKind::refused);
  CHECK(!f.connector->has_room(Signal::traces, Bytes{1}, 1));
  CHECK(f.total(early, {{"reason", "max_state_size"}}) != 0);
  CHECK(f.connector->held_memory() < 256_KiB);
  f.traces.set_full(false);
  f.stop(Deadline::never());
  CHECK(f.traces.records() == static_cast<std::uint64_t>(taken));
  f.traces.settle();
  f.traces.taken().clear();
  CHECK(f.listener->lost() == 0);
}

TEST_CASE("what is on its way when the agent stops is lost for nobody who can replay it") {
  TailFixture f(always);
  f.traces.set_full(true);
  REQUIRE(f.take(one(1, "a"), 1));
  f.wait(seconds(30));
  REQUIRE(f.traces.wait_for_attempts(1));
  f.stop(Deadline::after(f.environment.clock, Duration{}));
  CHECK(f.ledger.held() == 0);
  CHECK(f.ledger.dropped("shutdown") == 1);
  CHECK(f.listener->end_of(1) == false);
}

TEST_CASE("at the end traces are decided with what there is of them, or dropped") {
  for (const bool drops : {false, true}) {
    TailFixture f(keeping(std::string("drop_pending_traces_on_shutdown: ") + (drops ? "true" : "false")));
    REQUIRE(f.take(one(1, "keep"), 1));
    REQUIRE(f.take(one(2, "other"), 2));
    f.stop(Deadline::never());
    CHECK(f.names() == (drops ? Names{} : Names{"keep"}));
    CHECK(f.ledger.dropped("shutdown") == (drops ? 2 : 0));
    CHECK(f.ledger.dropped("sampled_out") == (drops ? 0 : 1));
    CHECK(f.ledger.held() == 0);
    CHECK(f.connector->held_memory() < 64_KiB);
  }
}

TEST_CASE("without policies nothing is sampled; where nothing follows nothing is lost") {
  TailFixture f("{}");
  CHECK(f.decided(one(1, "a")).empty());
  CHECK(f.ledger.dropped("sampled_out") == 1);
  testing::ConnectorFixture alone(tail_sampling_factory());
  alone.wanted.clear();
  const auto connector = *alone.make(always);
  REQUIRE(connector->start(alone.host));
  REQUIRE(connector->consume(one(1, "a"), alone.completion(1)));
  connector->stop(Deadline::never());
  CHECK(alone.ledger.passed_on() == 1);
  CHECK(alone.listener->settled() == 1);
}

TEST_CASE("span-ingest decides with the first part that says so, and drops what none did") {
  TailFixture f(keeping("sampling_strategy: span-ingest, decision_wait: 10s"));
  REQUIRE(f.take(one(1, "before")));
  REQUIRE(f.take(one(2, "before")));
  REQUIRE(f.take(one(1, "keep")));
  f.wait(milliseconds(100));
  REQUIRE(f.traces.wait_for(1));
  CHECK(f.names() == Names{"before", "keep"});
  REQUIRE(f.take(one(1, "late")));
  f.wait(milliseconds(100));
  REQUIRE(f.traces.wait_for(2));
  CHECK(f.ledger.dropped("sampled_out") == 0);
  f.wait(seconds(10));
  while (f.ledger.dropped("sampled_out") != 1) std::this_thread::yield();
  CHECK(f.ledger.held() == 0);
  // The parts are not put together.
  TailFixture both(
      "{sampling_strategy: span-ingest, policies: [{name: p, type: and, and: {and_sub_policy: ["
      "{name: a, type: ottl_condition, ottl_condition: {span: ['name == \"a\"']}}, "
      "{name: b, type: ottl_condition, ottl_condition: {span: ['name == \"b\"']}}]}}]}");
  REQUIRE(both.take(one(1, "a")));
  REQUIRE(both.take(one(1, "b")));
  both.stop(Deadline::never());
  CHECK(both.names().empty());
}

TEST_CASE("many senders at once: every span comes through once, and the books are whole") {
  TailFixture f("{decision_wait: 1s, num_traces: 50, policies: [{name: all, type: always_sample}]}");
  constexpr int senders = 4, batches = 200;
  {
    std::vector<Worker> workers;
    for (int sender = 0; sender < senders; ++sender)
      workers.emplace_back("sender", [&f, sender](const std::stop_token&) {
        for (int i = 0; i < batches; ++i) {
          SpanBatchBuilder spans;
          for (std::uint8_t span = 0; span < 5; ++span)
            spans.span("s").ids(static_cast<std::uint8_t>(i + span * 7), static_cast<std::uint8_t>(sender + 1));
          while (!f.connector->consume(spans.take(), {})) std::this_thread::yield();
          if (i % 20 == 0) f.wait(milliseconds(200));
        }
      });
    for (Worker& worker : workers) worker.join();
  }
  f.stop(Deadline::never());
  CHECK(f.names().size() == senders * batches * 5);
  CHECK(f.ledger.held() == 0);
  CHECK(f.connector->held_memory() < 64_KiB);
}

}  // namespace rankwire::tail_sampling
