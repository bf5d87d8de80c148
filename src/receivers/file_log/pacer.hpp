// How long to wait before the next look at files that are written to all the time. The first line
// after a quiet moment is read at once; a stream of writes is read in larger pieces, which costs far
// fewer wake-ups.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace rankwire::file_log {

class Pacer {
 public:
  // Notes that `writes` changes were seen by `now`; what was read of them in between does not matter.
  void note(std::uint64_t writes, Instant now) {
    const double seconds = std::chrono::duration<double>(now - at_).count();
    at_ = now;
    // Exponential forgetting over a fifth of a second.
    const double kept = std::max(0.0, 1.0 - seconds / window_seconds);
    rate_ = std::min(rate_ * kept + static_cast<double>(writes), 1e7);
  }
  // Nothing up to 200 writes a second, then 5 to 25 ms.
  Duration gap() const {
    constexpr double unpaced = 200 * window_seconds;
    constexpr double slowest = 2000 * window_seconds;
    if (rate_ <= unpaced) return {};
    const double share = std::min(1.0, (rate_ - unpaced) / (slowest - unpaced));
    return std::chrono::microseconds(static_cast<std::int64_t>(5000 + 20000 * share));
  }

 private:
  static constexpr double window_seconds = 0.2;

  Instant at_{};
  double rate_ = 0;  // Writes within the window, weighted by age.
};

}  // namespace rankwire::file_log
