#include "base/clock.hpp"

#include <condition_variable>
#include <mutex>

namespace rankwire {

bool Clock::wait_until(Instant at, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested() && now() < at) never.wait_until(lock, stop, at, [] { return false; });
  return !stop.stop_requested();
}

std::uint64_t SystemClock::unix_nanos() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

}  // namespace rankwire
