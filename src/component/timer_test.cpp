#include "component/timer.hpp"

#include <doctest/doctest.h>

#include <condition_variable>

#include "testing/fake_clock.hpp"

namespace rankwire {
namespace {

using std::chrono::seconds;

// Counts the times that the work was done.
class Count {
 public:
  void add() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    changed_.notify_all();
  }
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(5), [&] { return count_ >= count; });
  }
  int value() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

}  // namespace

TEST_CASE("the work is done when it is due, again and again") {
  testing::FakeClock clock;
  Count count;
  Timer timer(clock, "rw-test", [&](const std::stop_token&) {
    count.add();
    return clock.now() + seconds(10);
  });
  REQUIRE(timer.start(clock.now() + seconds(10)));
  clock.advance(seconds(9));
  CHECK(count.value() == 0);
  clock.advance(seconds(1));
  CHECK(count.wait_for(1));
  clock.advance(seconds(10));
  // Due again once the work has said so: the clock may have gone on before it did.
  if (!count.wait_for(2)) clock.advance(seconds(10));
  CHECK(count.wait_for(2));
  timer.stop();
  clock.advance(seconds(100));
  CHECK(count.value() == 2);
}

TEST_CASE("work without a time is done when it is asked for") {
  testing::FakeClock clock;
  Count count;
  Timer timer(clock, "rw-test", [&](const std::stop_token&) {
    count.add();
    return Timer::never;
  });
  REQUIRE(timer.start(Timer::never));
  timer.wake_at(clock.now());
  CHECK(count.wait_for(1));
  timer.wake_at(clock.now() + seconds(5));
  timer.wake_at(clock.now() + seconds(50));
  clock.advance(seconds(5));
  CHECK(count.wait_for(2));
}

TEST_CASE("a timer that never started stops") {
  const testing::FakeClock clock;
  Timer timer(clock, "rw-test", [](const std::stop_token&) { return Timer::never; });
  timer.stop();
}

}  // namespace rankwire
