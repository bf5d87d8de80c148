// Batches that are kept apart by what their clients said of themselves.
#include <doctest/doctest.h>

#include <set>

#include "base/log.hpp"
#include "otlp/otlp.hpp"
#include "queue/queue.hpp"
#include "testing/fake_clock.hpp"
#include "testing/log_batches.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::queue {
namespace {

const std::vector<std::string> keys = {"tenant"};

Partition tenant(const std::string& name) {
  auto client = std::make_shared<Client>();
  client->metadata = {{"tenant", name}};
  return partition_of(keys, client);
}

WireBatch records_of(const std::string& text, std::uint64_t count) {
  return otlp::encode(SignalBatch(testing::log_batch(std::vector<std::string>(count, text))), nullptr);
}

// The bodies of the next batch, each once: whose records it holds.
std::string next_batch(Queue& queue, std::uint64_t count) {
  auto lease = queue.pop({});
  REQUIRE(lease);
  CHECK(lease->batch().record_count == count);
  auto decoded = otlp::decode(lease->batch());
  REQUIRE(decoded);
  std::set<std::string> bodies;
  for (const auto& resource : decoded->logs().resources)
    for (const auto& scope : resource.scopes)
      for (const LogRecord& record : scope.records) bodies.emplace(record.body.text());
  lease->done();
  std::string text;
  for (const std::string& body : bodies) text += body;
  return text;
}

struct Fixture {
  QueuePolicy policy{.queue_size = 1'000'000,
                     .sizer = Sizer::items,
                     .batch = BatchPolicy{.min_size = 10, .max_size = 10, .metadata_keys = keys}};
  testing::TemporaryDirectory temporary;
  testing::FakeClock clock;
  NullLogger log;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  std::unique_ptr<Queue> queue = make_memory_queue(policy, Signal::logs, clock);

  void open_on_disk() {
    queue.reset();
    auto opened = open_disk_queue(policy, Signal::logs, {.directory = temporary.file("queue")}, *files, clock, log);
    REQUIRE(opened);
    queue = std::move(*opened);
  }
  void push(const std::string& name, std::uint64_t count) {
    REQUIRE(queue->push(records_of(name, count), {}, tenant(name)));
  }
};

}  // namespace

TEST_CASE("each tenant's batch fills by itself, and one that never fills goes out in time") {
  Fixture f;
  SUBCASE("in memory") {}
  SUBCASE("on disk") { f.open_on_disk(); }
  f.push("a", 6);
  f.push("b", 6);
  f.push("b", 3);
  f.clock.advance(std::chrono::milliseconds(1));
  f.push("a", 6);
  f.clock.advance(std::chrono::milliseconds(1));
  f.push("c", 1);
  CHECK(next_batch(*f.queue, 10) == "a");
  f.push("b", 1);
  CHECK(next_batch(*f.queue, 10) == "b");
  f.clock.advance(std::chrono::milliseconds(200));
  CHECK(next_batch(*f.queue, 2) == "a");
  CHECK(next_batch(*f.queue, 1) == "c");
  CHECK(f.queue->status().size == 0);
  CHECK(f.queue->status().memory == 0_B);
}

TEST_CASE("a tenant whose batches are always full does not keep the others waiting") {
  Fixture f;
  f.push("quiet", 1);
  f.clock.advance(std::chrono::milliseconds(199));
  f.push("loud", 30);
  CHECK(next_batch(*f.queue, 10) == "loud");
  f.clock.advance(std::chrono::milliseconds(2));
  f.push("loud", 1000);
  std::string order;
  for (int i = 0; i < 3; ++i) {
    auto lease = f.queue->pop({});
    REQUIRE(lease);
    order += lease->batch().record_count == 10 ? 'L' : 'q';
    lease->done();
  }
  // What was full before the quiet one was due comes first; what came later does not.
  CHECK(order == "LLq");
}

TEST_CASE("a batch that was not delivered goes back to its own tenant's records") {
  Fixture f;
  f.push("a", 7);
  f.clock.advance(std::chrono::milliseconds(1));
  f.push("b", 7);
  f.clock.advance(std::chrono::seconds(1));
  f.queue->pop({}).reset();
  f.push("b", 3);
  f.push("a", 3);
  CHECK(next_batch(*f.queue, 10) == "a");
  CHECK(next_batch(*f.queue, 10) == "b");
}

TEST_CASE("closing sends what each tenant has left, apart") {
  Fixture f;
  for (const char* name : {"a", "b", "c"}) {
    f.push(name, 2);
    f.clock.advance(std::chrono::milliseconds(1));
  }
  f.queue->close();
  for (const char* name : {"a", "b", "c"}) CHECK(next_batch(*f.queue, 2) == name);
  CHECK(f.queue->pop({}) == nullptr);
}

TEST_CASE("after a restart each request stays by itself: nothing says any more whose it was") {
  Fixture f;
  f.open_on_disk();
  f.push("a", 4);
  f.push("b", 25);
  f.push("a", 4);
  f.open_on_disk();
  CHECK(f.queue->status().records == 33);
  f.push("a", 1);
  CHECK(next_batch(*f.queue, 4) == "a");
  CHECK(next_batch(*f.queue, 10) == "b");
  CHECK(next_batch(*f.queue, 10) == "b");
  CHECK(next_batch(*f.queue, 5) == "b");
  CHECK(next_batch(*f.queue, 4) == "a");
  CHECK(next_batch(*f.queue, 1) == "a");
  CHECK(f.queue->status().records == 0);
}

TEST_CASE("partitions differ by the values of the keys alone, and by each of them") {
  const std::vector<std::string> two = {"x", "y"};
  const auto with = [&](std::vector<std::pair<std::string, std::string>> metadata) {
    auto client = std::make_shared<Client>();
    client->metadata = std::move(metadata);
    return partition_of(two, client);
  };
  CHECK(with({{"x", "1"}, {"other", "2"}}) == with({{"other", "3"}, {"x", "1"}}));
  CHECK(with({{"x", "1"}}) != with({{"y", "1"}}));
  CHECK(with({{"x", "1"}, {"x", "2"}}) != with({{"x", "12"}}));
  CHECK(with({{"x", ""}}) != with({}));
  CHECK(with({}) == partition_of(two, nullptr));
}

}  // namespace rankwire::queue
