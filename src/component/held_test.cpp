#include "component/held.hpp"

#include <doctest/doctest.h>

#include "base/worker.hpp"
#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"

namespace rankwire {
namespace {

using testing::log_batch;

struct Books {
  std::vector<Held> held(std::uint64_t records, std::uint64_t token) {
    std::vector<Held> all;
    all.emplace_back(&ledger, std::make_shared<Completion>(listener, token), records);
    return all;
  }
  Patience until(Duration wait) { return {clock, {}, Deadline::after(clock, wait)}; }

  testing::FakeClock clock;
  testing::RecordingLedger ledger;
  testing::RecordingIntake next;
  std::shared_ptr<testing::RecordingListener> listener = std::make_shared<testing::RecordingListener>();
};

}  // namespace

TEST_CASE("records that are passed on are off the books, and their batch has ended when the delivery has settled") {
  Books b;
  auto held = b.held(2, 1);
  CHECK(b.ledger.held() == 2);
  REQUIRE(deliver_held(b.next, log_batch({"a", "b"}), held, b.until({})));
  CHECK(held.empty());
  CHECK(b.ledger.held() == 0);
  CHECK(b.ledger.passed_on() == 2);
  CHECK_FALSE(b.listener->end_of(1));
  b.next.settle();
  CHECK(b.listener->end_of(1) == true);
}

TEST_CASE("a loss further on is heard by every batch that was part of the delivery") {
  Books b;
  auto held = b.held(1, 1);
  held.push_back(std::move(b.held(1, 2).front()));
  REQUIRE(deliver_held(b.next, log_batch({"a", "b"}), held, b.until({})));
  b.next.lose();
  CHECK(b.listener->lost() == 2);
}

TEST_CASE("parts of a batch are settled one by one, and the batch with the last") {
  Books b;
  auto held = b.held(3, 1);
  std::vector<Held> part;
  part.push_back(held.front().split(2));
  CHECK(held.front().records() == 1);
  REQUIRE(deliver_held(b.next, log_batch({"a", "b"}), part, b.until({})));
  b.next.settle();
  CHECK_FALSE(b.listener->end_of(1));
  held.front().drop(1, "aggregated");
  CHECK(b.ledger.dropped("aggregated") == 1);
  CHECK(b.ledger.held() == 0);
  CHECK_FALSE(b.listener->end_of(1));
  held.clear();
  CHECK(b.listener->end_of(1) == true);
}

TEST_CASE("what need not be held goes on at once and is in the books") {
  Books b;
  const auto pass = [&](std::uint64_t token) {
    return pass_at_once(&b.next, &b.ledger, log_batch({"a", "b"}), std::make_shared<Completion>(b.listener, token));
  };
  REQUIRE(pass(1));
  CHECK(b.next.records() == 2);
  CHECK(b.ledger.passed_on() == 2);
  CHECK(b.ledger.held() == 0);
  b.next.settle();
  CHECK(b.listener->end_of(1) == true);
  b.next.set_full(true);
  CHECK(pass(2).error().kind() == ErrorKind::refused);
  CHECK(b.ledger.passed_on() == 2);
  b.next.set_full(false);
  // Refused for good: counted by the door, if there is a completion; who has none is told.
  b.next.set_failure(Error(ErrorKind::invalid, "too large"));
  CHECK(pass(3));
  CHECK(b.ledger.passed_on() == 4);
  CHECK_FALSE(pass_at_once(&b.next, &b.ledger, log_batch({"a"}), {}));
  CHECK(pass_at_once(nullptr, &b.ledger, log_batch({"a"}), {}));
  CHECK(b.ledger.passed_on() == 5);
  CHECK(b.ledger.held() == 0);
}

TEST_CASE("what is destroyed while it is held is lost, and counted") {
  Books b;
  b.held(3, 1).clear();
  CHECK(b.ledger.dropped("shutdown") == 3);
  CHECK(b.listener->end_of(1) == false);
}

TEST_CASE("a full pipeline is tried again until it has room") {
  Books b;
  b.next.set_full(true);
  auto held = b.held(1, 1);
  std::atomic<bool> is_done = false;
  {
    const Worker worker("deliver", [&](std::stop_token stop) {
      CHECK(deliver_held(b.next, log_batch({"a"}), held, {b.clock, stop, Deadline::never()}));
      is_done = true;
    });
    REQUIRE(b.next.wait_for_attempts(1));
    b.next.set_full(false);
    while (!is_done) b.clock.advance(std::chrono::milliseconds(1));
  }
  CHECK(b.next.records() == 1);
  b.next.settle();
  CHECK(b.listener->end_of(1) == true);
}

TEST_CASE("what finds no room in time is still held, and can be delivered later") {
  Books b;
  b.next.set_full(true);
  auto held = b.held(1, 1);
  CHECK_FALSE(deliver_held(b.next, log_batch({"a"}), held, b.until({})));
  CHECK(b.ledger.held() == 1);
  CHECK_FALSE(b.listener->end_of(1));
  b.next.set_full(false);
  REQUIRE(deliver_held(b.next, log_batch({"a"}), held, b.until({})));
  b.next.settle();
  CHECK(b.listener->end_of(1) == true);
}

TEST_CASE("what the next segment never takes has gone on: it is counted there") {
  Books b;
  b.next.set_failure(Error(ErrorKind::invalid, "too large"));
  auto held = b.held(1, 1);
  REQUIRE(deliver_held(b.next, log_batch({"a"}), held, b.until({})));
  CHECK(b.ledger.passed_on() == 1);
  CHECK(b.listener->end_of(1) == true);
}

}  // namespace rankwire
