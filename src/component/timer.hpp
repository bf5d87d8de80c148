// One thread that does a piece of work when it is due, for components that flush or expire what they hold. Waits on
// the Clock, so a test advances a FakeClock; nothing runs while nothing is due.
//
//   Timer timer_{clock, "rw-interval", [this] { return flush(); }};   // Says when it is due again.
//   start: RANKWIRE_TRY(timer_.start(clock.now() + interval));        stop: timer_.stop(); then a last flush.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/worker.hpp"

namespace rankwire {

class Timer {
 public:
  static constexpr Instant never = Instant::max();

  // `work` gets the token of `stop` and returns when it is due again; `never`: not until `wake_at` says. The clock
  // outlives this. Thread names have at most 15 characters.
  Timer(const Clock& clock, std::string thread_name, std::function<Instant(const std::stop_token&)> work)
      : clock_(clock), thread_name_(std::move(thread_name)), work_(std::move(work)) {}
  ~Timer() { stop(); }

  Result<void> start(Instant first);
  // Due then, if it is not due earlier. Any thread.
  void wake_at(Instant at);
  // Asks the work under way to end and waits for it. It does not run again.
  void stop();

 private:
  void run(const std::stop_token& stop);

  const Clock& clock_;
  const std::string thread_name_;
  const std::function<Instant(const std::stop_token&)> work_;
  std::mutex mutex_;
  Instant due_ = never;   // Guarded by mutex_.
  std::stop_source nap_;  // Guarded by mutex_. Ends the wait under way.
  Worker thread_;         // Last: joined before the rest goes.
};

}  // namespace rankwire
