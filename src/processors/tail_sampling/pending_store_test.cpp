// With storage: what is acknowledged is on disk until its trace's end, over stops and crashes.
#include <fstream>

#include "base/worker.hpp"
#include "processors/tail_sampling/tail_fixture.hpp"

namespace rankwire::tail_sampling {
namespace {

const std::string stored =
    "{storage: file_storage, decision_wait: 10s, policies: [{name: k, type: ottl_condition, ottl_condition: {span: "
    "['IsMatch(name, \"^keep\")']}}]}";

TraceBatch spans(std::initializer_list<std::pair<std::uint8_t, const char*>> named) {
  SpanBatchBuilder made;
  for (const auto& [trace, name] : named) made.span(name).ids(trace, static_cast<std::uint8_t>(name[0]));
  return made.take();
}

// One run of the agent over a directory that outlives it.
struct Run : TailFixture {
  explicit Run(TestStorage& storage, const std::string& yaml = stored) : Run(yaml, StorageHost(storage)) {}
  Run(const std::string& yaml, StorageHost with) : TailFixture(yaml, &with) {}

  void wait_until_filed(std::uint64_t traces) {
    const std::string line =
        "on_memory{pipeline=\"logs\",processor=\"tail_sampling\"} " + std::to_string(traces) + "\n";
    while (environment.counters.prometheus_text().find(line) == std::string::npos) std::this_thread::yield();
  }
};

// Changes the first byte of this text in a file that has it.
bool damage(const std::filesystem::path& directory, const std::string& text) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const std::size_t at = bytes.find(text);
    if (at == std::string::npos) continue;
    file.seekp(static_cast<std::streamoff>(at));
    file.put('?');
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("what is pushed is durable at once and decided when it is time") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  Run f(storage);
  CHECK(storage.asked_for == "processor tail_sampling pending-logs");
  REQUIRE(f.take(spans({{1, "keep"}, {1, "more"}, {2, "other"}}), 1));
  CHECK(f.listener->end_of(1) == true);
  CHECK(f.ledger.held() == 3);
  f.wait_until_filed(2);
  f.wait(seconds(10));
  REQUIRE(f.traces.wait_for(1));
  CHECK(f.names() == Names{"keep", "more"});
  f.traces.settle();
  f.traces.taken().clear();
  f.stop();
  CHECK(f.ledger.held() == 0);
  Run again(storage);
  CHECK(again.ledger.held() == 0);
}

TEST_CASE("after a crash what was not delivered is given again, decided again and lost never") {
  const testing::TemporaryDirectory directory, copy;
  TestStorage storage(directory.path()), crashed(copy.path());
  Run f(storage);
  REQUIRE(f.take(spans({{1, "keep 1"}}), 1));
  f.wait_until_filed(1);
  f.wait(seconds(10));
  REQUIRE(f.traces.wait_for(1));
  REQUIRE(f.take(spans({{2, "keep 2"}, {3, "other"}}), 2));
  f.wait_until_filed(2);
  // The disk as a crash would leave it: one trace on its way, two that wait.
  std::filesystem::copy(directory.path(), copy.path(), std::filesystem::copy_options::recursive);
  Run after(crashed);
  CHECK(after.ledger.held() == 3);
  after.wait_until_filed(3);
  after.wait(seconds(10));
  REQUIRE(after.traces.wait_for(1));
  CHECK(after.names() == Names{"keep 1", "keep 2"});
  after.traces.settle();
  after.traces.taken().clear();
  after.stop();
  CHECK(after.ledger.held() == 0);
  CHECK(after.ledger.dropped("sampled_out") == 1);
  f.traces.settle();
  f.traces.taken().clear();
}

TEST_CASE("what waits when the agent stops stays on disk, and of what was decided in part only the rest") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  {
    Run f(storage);
    REQUIRE(f.take(spans({{1, "keep"}})));
    f.wait_until_filed(1);
    f.wait(seconds(5));
    // One lease of two traces, of which the first is decided.
    REQUIRE(f.take(spans({{1, "keep too"}, {2, "keep later"}})));
    f.wait_until_filed(2);
    f.wait(seconds(5));
    REQUIRE(f.traces.wait_for(1));
    f.traces.settle();
    f.traces.taken().clear();
    f.stop();
    CHECK(f.ledger.held() == 0);
    CHECK(f.ledger.passed_on() == 2);
    CHECK(f.ledger.dropped("shutdown") == 0);
  }
  Run after(storage);
  CHECK(after.ledger.held() == 1);
  after.wait_until_filed(1);
  after.wait(seconds(10));
  REQUIRE(after.traces.wait_for(1));
  CHECK(after.names() == Names{"keep later"});
  after.traces.settle();
  after.traces.taken().clear();
}

TEST_CASE("taken out of the configuration it decides all that is on disk, as memory allows, and passes it on") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  constexpr std::uint8_t traces = 100;
  {
    Run f(storage,
          "{storage: file_storage, decision_wait: 1h, max_state_size: 64KiB, policies: [{name: k, type: "
          "ottl_condition, ottl_condition: {span: ['IsMatch(name, \"^keep\")']}}]}");
    f.traces.set_full(true);
    const std::string long_name = "keep " + std::string(2000, 'x');
    for (std::uint8_t trace = 0; trace < traces; ++trace) {
      REQUIRE(f.take(spans({{trace, long_name.c_str()}, {trace, "more"}})));
      REQUIRE(f.take(spans({{static_cast<std::uint8_t>(trace + traces), "other"}})));
    }
    f.traces.set_full(false);
    const Deadline deadline = Deadline::after(f.environment.clock, std::chrono::hours(1));
    Worker drain("drain", [&](const std::stop_token&) { f.connector->drain(deadline); });
    while (f.ledger.dropped("sampled_out") != traces || f.traces.records() != traces * 2u) {
      f.wait(milliseconds(100));
      std::this_thread::yield();
    }
    drain.join();
    f.traces.settle();
    f.traces.taken().clear();
    f.stop(deadline);
    CHECK(f.ledger.held() == 0);
  }
  Run after(storage);
  CHECK(after.ledger.held() == 0);
}

TEST_CASE("what does not leave in time when it is taken out of the configuration stays on disk") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  {
    Run f(storage);
    REQUIRE(f.take(spans({{1, "keep"}})));
    f.wait_until_filed(1);
    f.traces.set_full(true);
    const Deadline at_once = Deadline::after(f.environment.clock, Duration{});
    f.connector->drain(at_once);
    f.stop(at_once);
  }
  Run after(storage);
  CHECK(after.ledger.held() == 1);
}

TEST_CASE("spans whose bytes on disk were damaged are counted as lost, and the others go on") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  {
    Run f(storage);
    REQUIRE(f.take(spans({{1, "keep"}})));
    f.wait_until_filed(1);
    f.wait(milliseconds(100));  // While a lease is young the queue waits for company.
    REQUIRE(f.take(spans({{2, "keep broken"}, {3, "broken"}})));
    f.wait_until_filed(3);
  }
  REQUIRE(damage(directory.path(), "keep broken"));
  Run after(storage);
  after.wait_until_filed(1);
  after.wait(seconds(10));
  REQUIRE(after.traces.wait_for(1));
  CHECK(after.names() == Names{"keep"});
  after.traces.settle();
  after.traces.taken().clear();
  after.stop();
  CHECK(after.ledger.dropped("corrupt") == 2);
  CHECK(after.ledger.held() == 0);
}

TEST_CASE("what a destination loses is decided again") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  Run f(storage);
  REQUIRE(f.take(spans({{1, "keep"}})));
  f.wait_until_filed(1);
  f.wait(seconds(10));
  REQUIRE(f.traces.wait_for(1));
  f.traces.lose();
  f.traces.taken().clear();
  // Its trace is remembered as sampled.
  while (f.total("otelcol_processor_tail_sampling_early_releases_from_cache_decision") == 0) std::this_thread::yield();
  f.wait(milliseconds(100));
  REQUIRE(f.traces.wait_for(1));
  CHECK(f.names() == Names{"keep"});
  f.traces.settle();
  f.traces.taken().clear();
  f.stop();
  CHECK(f.ledger.held() == 0);
  Run again(storage);
  CHECK(again.ledger.held() == 0);
}

TEST_CASE("a delivery that does not settle before the deadline comes again, and may end after the processor") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  auto f = std::make_unique<Run>(storage);
  REQUIRE(f->take(spans({{1, "keep"}})));
  f->wait_until_filed(1);
  f->wait(seconds(10));
  REQUIRE(f->traces.wait_for(1));
  f->stop();
  f->connector.reset();
  Run after(storage);
  CHECK(after.ledger.held() == 1);
  f->traces.settle();
  f->traces.taken().clear();
  CHECK(f->ledger.held() == 0);
  f.reset();
  after.wait_until_filed(1);
}

TEST_CASE("senders are refused when storage is full; memory bounds what is taken from it") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  Run f(storage,
        "{storage: file_storage, max_storage_size: 256KiB, max_state_size: 64KiB, policies: [{name: all, type: "
        "always_sample}]}");
  f.traces.set_full(true);
  Result<void> last;
  std::uint64_t taken = 0;
  for (; last && taken < 1000; ++taken) {
    const std::string name(2000, 'x');
    TraceBatch batch = spans({{static_cast<std::uint8_t>(taken), name.c_str()}});
    last = f.take(std::move(batch));
  }
  REQUIRE(!last);
  CHECK(last.error().kind() == ErrorKind::refused);
  CHECK(!f.connector->has_room(Signal::traces, Bytes{3000}, 1));
  CHECK(f.ledger.held() == taken - 1);
  f.traces.set_full(false);
  while (f.traces.records() != taken - 1) {
    f.wait(milliseconds(100));
    f.wait(seconds(1));
    std::this_thread::yield();
  }
  f.traces.settle();
  f.traces.taken().clear();
  f.stop();
  CHECK(f.ledger.passed_on() == taken - 1);
  CHECK(f.ledger.held() == 0);
}

TEST_CASE("a processor that has stopped takes nothing any more") {
  const testing::TemporaryDirectory directory;
  TestStorage storage(directory.path());
  Run f(storage);
  f.stop();
  CHECK(!f.connector->has_room(Signal::traces, Bytes{1}, 1));
  CHECK(!f.take(spans({{1, "late"}})));
}

}  // namespace rankwire::tail_sampling
