// A clock that stands still until told otherwise.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace rankwire::testing {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return Instant(Duration(nanos_.load())); }
  std::uint64_t unix_nanos() const override { return unix_epoch + static_cast<std::uint64_t>(nanos_.load()); }
  void advance(Duration by) { nanos_ += by.count(); }

 private:
  static constexpr std::uint64_t unix_epoch = 1'700'000'000'000'000'000u;
  std::atomic<std::int64_t> nanos_{1'000'000'000};
};

}  // namespace rankwire::testing
