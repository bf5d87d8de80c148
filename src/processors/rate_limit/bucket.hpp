// Token buckets of one key. Whoever finds anything left may take as much as it needs, a whole batch even, and whoever
// comes next waits until the debt is paid: so batches of every size get through, and the rate still holds.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/clock.hpp"

namespace rankwire::rate_limit {

struct Amount {
  double records = 0, bytes = 0;

  Amount& operator+=(const Amount& other) {
    records += other.records;
    bytes += other.bytes;
    return *this;
  }
};

struct Limits {
  Amount rates;  // A second; 0: not limited.
  double burst_seconds = 1;
};

class Bucket {
 public:
  void fill(const Limits& limits, Instant now) {
    if (!is_filled_ || now < filled_at_) {
      if (!is_filled_) left_ = {limits.rates.records * limits.burst_seconds, limits.rates.bytes * limits.burst_seconds};
      is_filled_ = true;
      filled_at_ = now;
      return;
    }
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    filled_at_ = now;
    left_.records = topped_up(left_.records, limits.rates.records, seconds, limits.burst_seconds);
    left_.bytes = topped_up(left_.bytes, limits.rates.bytes, seconds, limits.burst_seconds);
  }

  bool has_room(const Limits& limits) const {
    return (limits.rates.records == 0 || left_.records > 0) && (limits.rates.bytes == 0 || left_.bytes > 0);
  }
  void take(const Amount& amount) {
    left_.records -= amount.records;
    left_.bytes -= amount.bytes;
  }
  double seconds_until_room(const Limits& limits) const {
    const auto wait = [](double left, double rate) { return rate == 0 || left > 0 ? 0 : -left / rate; };
    return std::max(wait(left_.records, limits.rates.records), wait(left_.bytes, limits.rates.bytes));
  }

 private:
  static double topped_up(double left, double rate, double seconds, double burst_seconds) {
    return std::min(left + rate * seconds, rate * burst_seconds);
  }

  Amount left_;
  Instant filled_at_{};
  bool is_filled_ = false;
};

}  // namespace rankwire::rate_limit
