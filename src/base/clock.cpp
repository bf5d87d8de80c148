#include "base/clock.hpp"

namespace rankwire {

std::uint64_t SystemClock::unix_nanos() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

}  // namespace rankwire
