// Time comes in through the constructor, so that tests and the simulator own it.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace rankwire {

// Monotonic time since an arbitrary start. The same type as std::chrono::steady_clock's, so that
// it can be handed to condition variables.
using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; for time-outs and intervals.
  virtual Instant now() const = 0;
  // Nanoseconds since 1970 UTC; for timestamps on records.
  virtual std::uint64_t unix_nanos() const = 0;
  // Blocks the thread until `at`; false if stopped before. Instant::max(): until stopped.
  virtual bool wait_until(Instant at, std::stop_token stop) const;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  std::uint64_t unix_nanos() const override;
};

// The moment by which something must have ended.
struct Deadline {
  Instant at = Instant::max();

  static Deadline after(const Clock& clock, Duration wait) { return {clock.now() + wait}; }
  static Deadline never() { return {}; }
  bool has_passed(const Clock& clock) const { return clock.now() >= at; }
};

}  // namespace rankwire
