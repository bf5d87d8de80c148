#include "queue/batching.hpp"

#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "queue/queue.hpp"
#include "testing/fake_clock.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::queue {
namespace {

// Records whose bodies are the numbers [first, first + count).
WireBatch numbered(std::uint64_t first, std::uint64_t count) {
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) texts.push_back(std::to_string(first + i));
  return otlp::encode(SignalBatch(testing::log_batch(texts)), nullptr);
}

std::vector<std::uint64_t> numbers_in(const WireBatch& wire) {
  auto decoded = otlp::decode(wire);
  REQUIRE(decoded);
  std::vector<std::uint64_t> numbers;
  for (const auto& resource : decoded->logs().resources)
    for (const auto& scope : resource.scopes)
      for (const LogRecord& record : scope.records) numbers.push_back(std::stoull(std::string(record.body.text())));
  return numbers;
}

struct Fixture {
  explicit Fixture(BatchPolicy policy)
      : queue(make_memory_queue({.queue_size = 1'000'000, .sizer = Sizer::items, .batch = policy}, Signal::logs,
                                clock)) {}
  void push(std::uint64_t first, std::uint64_t count) { REQUIRE(queue->push(numbered(first, count), {})); }
  // What one pop gives: sizes and the numbers in order.
  std::uint64_t pop() {
    auto lease = queue->pop({});
    REQUIRE(lease);
    const auto numbers = numbers_in(lease->batch());
    CHECK(numbers.size() == lease->batch().record_count);
    for (const std::uint64_t number : numbers) CHECK(number == next++);
    lease->done();
    return numbers.size();
  }
  testing::FakeClock clock;
  std::unique_ptr<Queue> queue;
  std::uint64_t next = 0;
};

class Listener final : public CompletionListener {
 public:
  void batch_ended(std::uint64_t, bool is_settled) noexcept override { ++(is_settled ? settled : lost); }
  int settled = 0, lost = 0;
};

}  // namespace

TEST_CASE("batches of a configured maximum are cut exactly, in order, nothing twice") {
  Fixture f({.min_size = 100, .max_size = 150});
  f.push(0, 90);
  f.push(90, 90);
  f.push(180, 1000);
  CHECK(f.pop() == 150);
  for (int i = 0; i < 6; ++i) CHECK(f.pop() == 150);
  CHECK(f.queue->status().records == 1180 - 7 * 150);
  CHECK(f.queue->status().size == 1000);
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.pop() == 130);
  CHECK(f.queue->status().records == 0);
  CHECK(f.queue->status().size == 0);
  CHECK(f.queue->status().memory == 0_B);
}

TEST_CASE("filling up the last records of a batch from a large element is cheap and exact") {
  Fixture f({.min_size = 1000, .max_size = 1000});
  f.push(0, 999);
  f.push(999, 20'001);
  for (int i = 0; i < 21; ++i) CHECK(f.pop() == 1000);
  CHECK(f.queue->status().records == 0);
}

TEST_CASE("by bytes no batch is larger than its maximum, unless one record is") {
  Fixture f({.sizer = Sizer::bytes, .min_size = 500, .max_size = 1000});
  f.push(0, 300);
  f.queue->close();
  while (auto lease = f.queue->pop({})) {
    CHECK(lease->batch().size.count <= 1000);
    for (const std::uint64_t number : numbers_in(lease->batch())) CHECK(number == f.next++);
    lease->done();
  }
  CHECK(f.next == 300);
  CHECK(f.queue->status().memory == 0_B);
}

TEST_CASE("a pushed batch is settled when its last part is, and lost if one part never is") {
  Fixture f({.min_size = 10, .max_size = 10});
  auto listener = std::make_shared<Listener>();
  REQUIRE(f.queue->push(numbered(0, 30), std::make_shared<Completion>(listener, 1)));
  f.pop();
  f.pop();
  CHECK(listener->settled == 0);
  SUBCASE("all") {
    f.pop();
    CHECK(listener->settled == 1);
  }
  SUBCASE("not all") {
    f.queue->pop({}).reset();
    f.queue.reset();
    CHECK(listener->lost == 1);
  }
}

TEST_CASE("bytes that are no request go out whole instead of being cut") {
  Fixture f({.min_size = 1, .max_size = 2});
  WireBatch batch{.record_count = 10, .size = {9}};
  batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff")));
  REQUIRE(f.queue->push(std::move(batch), {}));
  auto lease = f.queue->pop({});
  CHECK(lease->batch().record_count == 10);
  lease->done();
}

}  // namespace rankwire::queue
