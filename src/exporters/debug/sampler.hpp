// Decides which batches are shown: the first few of each second, then every n-th.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace rankwire::debug {

// Not thread-safe.
class Sampler {
 public:
  // `thereafter` 0: none after the first `initial` of a second.
  Sampler(std::uint64_t initial, std::uint64_t thereafter) : initial_(initial), thereafter_(thereafter) {}

  bool shows(Instant now) {
    if (now - begin_ >= std::chrono::seconds(1)) {
      begin_ = now;
      count_ = 0;
    }
    ++count_;
    if (count_ <= initial_) return true;
    return thereafter_ != 0 && (count_ - initial_) % thereafter_ == 0;
  }

 private:
  const std::uint64_t initial_;
  const std::uint64_t thereafter_;
  Instant begin_{};
  std::uint64_t count_ = 0;
};

}  // namespace rankwire::debug
