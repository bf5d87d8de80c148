#include <doctest/doctest.h>

#include <condition_variable>
#include <latch>

#include "base/worker.hpp"
#include "queue/batching_queue.hpp"
#include "queue/queue.hpp"
#include "testing/fake_clock.hpp"

namespace rankwire::queue {
namespace {

WireBatch batch_of(std::uint64_t records, std::string_view text) {
  WireBatch batch;
  batch.record_count = records;
  batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(text)));
  batch.size = {text.size()};
  return batch;
}

WireBatch batch_of_size(std::uint64_t size) { return batch_of(1, std::string(size, 'x')); }

std::string text_of(const WireBatch& batch) {
  std::string text;
  for (const auto& chunk : batch.chunks) text += chunk->view();
  return text;
}

class Listener final : public CompletionListener {
 public:
  void batch_ended(std::uint64_t token, bool is_settled) noexcept override {
    (is_settled ? settled : lost).push_back(token);
  }
  std::vector<std::uint64_t> settled, lost;
};

struct Fixture {
  std::unique_ptr<Queue> make(QueuePolicy policy) { return make_memory_queue(policy, Signal::logs, clock); }
  CompletionRef completion(std::uint64_t token) { return std::make_shared<Completion>(listener, token); }

  testing::FakeClock clock;
  std::shared_ptr<Listener> listener = std::make_shared<Listener>();
  std::stop_token never;
};

}  // namespace

TEST_CASE("an idle queue hands out what was pushed at once, joined without copying") {
  Fixture f;
  auto queue = f.make({});
  auto first = batch_of(2, "first,");
  const Buffer* chunk = first.chunks[0].get();
  REQUIRE(queue->push(std::move(first), f.completion(1)));
  REQUIRE(queue->push(batch_of(3, "second"), f.completion(2)));
  auto lease = queue->pop(f.never);
  REQUIRE(lease);
  CHECK(text_of(lease->batch()) == "first,second");
  CHECK(lease->batch().record_count == 5);
  CHECK(lease->batch().chunks[0].get() == chunk);
  CHECK(queue->status().size == 2);
  CHECK(queue->status().memory == 12_B);
  CHECK(f.listener->settled.empty());
  lease->done();
  CHECK(f.listener->settled == std::vector<std::uint64_t>{1, 2});
  CHECK(queue->status().size == 0);
  CHECK(queue->status().records == 0);
  CHECK(queue->status().memory == 0_B);
}

TEST_CASE("adaptive batches stay within the limit and a larger element goes alone") {
  Fixture f;
  auto queue = f.make({});
  const std::uint64_t limit = Queue::batch_bytes_max.count;
  REQUIRE(queue->push(batch_of_size(limit - 10), {}));
  REQUIRE(queue->push(batch_of_size(10), {}));
  REQUIRE(queue->push(batch_of_size(1), {}));
  REQUIRE(queue->push(batch_of_size(limit + 1), {}));
  auto first = queue->pop(f.never);
  CHECK(first->batch().size.count == limit);
  first->done();
  auto second = queue->pop(f.never);
  CHECK(second->batch().size.count == 1);
  second->done();
  auto third = queue->pop(f.never);
  CHECK(third->batch().size.count == limit + 1);
  third->done();
}

TEST_CASE("a full queue refuses, says when there is room again, and leaves the completion alone") {
  Fixture f;
  auto queue = f.make({.queue_size = 2});
  int calls = 0;
  queue->on_room([&] { ++calls; });
  REQUIRE(queue->push(batch_of(1, "a"), {}));
  REQUIRE(queue->push(batch_of(1, "b"), {}));
  auto completion = f.completion(7);
  const auto refused = queue->push(batch_of(1, "c"), completion);
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(completion.use_count() == 1);
  CHECK(!queue->has_room(1_B, 1));
  auto lease = queue->pop(f.never);
  CHECK(!queue->has_room(1_B, 1));
  CHECK(calls == 0);
  lease->done();
  CHECK(calls == 1);
  CHECK(queue->has_room(1_B, 1));
  CHECK(queue->push(batch_of(1, "c"), completion));
}

TEST_CASE("each sizer bounds what it names, and what can never fit is invalid") {
  Fixture f;
  auto items = f.make({.queue_size = 10, .sizer = Sizer::items});
  CHECK(items->has_room(1000_B, 10));
  CHECK(!items->has_room(1_B, 11));
  CHECK(items->push(batch_of(11, "x"), {}).error().kind() == ErrorKind::invalid);
  REQUIRE(items->push(batch_of(6, "x"), {}));
  CHECK(items->push(batch_of(5, "x"), {}).error().kind() == ErrorKind::refused);
  CHECK(items->status().size == 6);

  auto bytes = f.make({.queue_size = 10, .sizer = Sizer::bytes});
  CHECK(bytes->has_room(10_B, 100));
  CHECK(bytes->push(batch_of(1, "0123456789x"), {}).error().kind() == ErrorKind::invalid);
  REQUIRE(bytes->push(batch_of(1, "012345"), {}));
  CHECK(!bytes->push(batch_of(1, "01234"), {}));
  CHECK(bytes->push(batch_of(1, "0123"), {}));
}

TEST_CASE("a lease dropped unsettled goes back to the front") {
  Fixture f;
  auto queue = f.make({});
  REQUIRE(queue->push(batch_of(1, "a"), f.completion(1)));
  queue->pop(f.never).reset();
  REQUIRE(queue->push(batch_of(1, "b"), f.completion(2)));
  auto lease = queue->pop(f.never);
  CHECK(text_of(lease->batch()) == "ab");
  lease->discard();
  CHECK(f.listener->settled.size() == 2);
}

TEST_CASE("what is still queued when the queue is destroyed counts as lost") {
  Fixture f;
  auto queue = f.make({});
  REQUIRE(queue->push(batch_of(1, "a"), f.completion(1)));
  REQUIRE(queue->push(batch_of(1, "b"), f.completion(2)));
  queue->pop(f.never).reset();
  queue.reset();
  CHECK(f.listener->lost.size() == 2);
}

TEST_CASE("a closed queue drains, then returns null, and does not hand out again what was given back") {
  Fixture f;
  auto queue = f.make({.batch = BatchPolicy{.min_size = 1000}});
  REQUIRE(queue->push(batch_of(1, "a"), f.completion(1)));
  queue->close();
  CHECK(queue->push(batch_of(1, "b"), {}).error().kind() == ErrorKind::cancelled);
  auto lease = queue->pop(f.never);
  REQUIRE(lease);
  lease.reset();
  CHECK(!queue->pop(f.never));
  CHECK(queue->status().records == 1);
}

TEST_CASE("pop ends when asked to stop") {
  Fixture f;
  auto queue = f.make({});
  std::stop_source stop;
  std::atomic<bool> ended = false;
  Worker consumer("consumer", [&](std::stop_token) {
    CHECK(!queue->pop(stop.get_token()));
    ended = true;
  });
  stop.request_stop();
  consumer.join();
  CHECK(ended);
}

TEST_CASE("a small remainder waits while another batch has just gone out, but not for long") {
  Fixture f;
  auto queue = f.make({});
  REQUIRE(queue->push(batch_of(1, "a"), {}));
  auto busy = queue->pop(f.never);
  REQUIRE(queue->push(batch_of(1, "b"), {}));
  SUBCASE("it goes when the other ends") {
    std::latch popped(1);
    Worker consumer("consumer", [&](std::stop_token) {
      queue->pop(f.never)->done();
      popped.count_down();
    });
    CHECK(!popped.try_wait());
    busy->done();
    popped.wait();
  }
  SUBCASE("it goes when it has become old") {
    f.clock.advance(BatchingQueue::company_wait);
    queue->pop(f.never)->done();
    busy->done();
  }
  SUBCASE("it goes when there is enough of it") {
    REQUIRE(queue->push(batch_of_size(BatchingQueue::worth_sending.count), {}));
    auto lease = queue->pop(f.never);
    CHECK(lease->batch().record_count == 2);
    lease->done();
    busy->done();
  }
}

TEST_CASE("a configured batch waits for its minimum or its time") {
  Fixture f;
  auto queue = f.make({.batch = BatchPolicy{.flush_timeout = std::chrono::milliseconds(200), .min_size = 10}});
  REQUIRE(queue->push(batch_of(4, "a"), {}));
  SUBCASE("minimum") {
    REQUIRE(queue->push(batch_of(5, "b"), {}));
    REQUIRE(queue->push(batch_of(4, "c"), {}));
    REQUIRE(queue->push(batch_of(4, "d"), {}));
    auto lease = queue->pop(f.never);
    CHECK(text_of(lease->batch()) == "abc");
    lease->done();
  }
  SUBCASE("time") {
    f.clock.advance(std::chrono::milliseconds(200));
    auto lease = queue->pop(f.never);
    CHECK(text_of(lease->batch()) == "a");
    lease->done();
  }
}

TEST_CASE("many producers and consumers: every batch is leased once and everything ends empty") {
  SystemClock clock;
  auto queue = make_memory_queue({.queue_size = 50}, Signal::logs, clock);
  constexpr std::uint64_t producers = 3, each = 2000;
  std::mutex mutex;
  std::condition_variable changed;
  const auto announce = [&] {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  };
  queue->on_room(announce);
  struct Count final : CompletionListener {
    explicit Count(std::function<void()> announce) : announce(std::move(announce)) {}
    void batch_ended(std::uint64_t, bool is_settled) noexcept override {
      settled += is_settled ? 1 : 0;
      announce();
    }
    const std::function<void()> announce;
    std::atomic<std::uint64_t> settled = 0;
  };
  auto listener = std::make_shared<Count>(announce);
  std::atomic<std::uint64_t> records = 0;
  const auto consume = [&](std::uint64_t number) {
    std::uint64_t turn = 0;
    while (auto lease = queue->pop({})) {
      if (++turn % 7 == number) continue;  // Given back.
      records += lease->batch().record_count;
      lease->done();
    }
  };
  const auto produce = [&] {
    for (std::uint64_t i = 0; i < each; ++i) {
      auto completion = std::make_shared<Completion>(listener, i);
      while (!queue->push(batch_of(1, "record"), completion)) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return queue->has_room(6_B, 1); });
      }
    }
  };
  std::vector<Worker> workers;
  for (std::uint64_t i = 0; i < 3; ++i) workers.emplace_back("consumer", [&, i](std::stop_token) { consume(i); });
  for (std::uint64_t i = 0; i < producers; ++i) workers.emplace_back("producer", [&](std::stop_token) { produce(); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return listener->settled == producers * each; });
  }
  queue->close();
  workers.clear();
  CHECK(records == producers * each);
  CHECK(listener->settled == producers * each);
  CHECK(queue->status().memory == 0_B);
}

}  // namespace rankwire::queue
