// A clock that stands still until told otherwise. Who waits on it waits for the telling.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/clock.hpp"

namespace rankwire::testing {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return Instant(Duration(nanos_.load())); }
  std::uint64_t unix_nanos() const override { return unix_epoch + static_cast<std::uint64_t>(nanos_.load()); }
  bool wait_until(Instant at, std::stop_token stop) const override {
    std::unique_lock lock(mutex_);
    return advanced_.wait(lock, stop, [&] { return now() >= at; }) && !stop.stop_requested();
  }
  void advance(Duration by) {
    {
      const std::lock_guard lock(mutex_);
      nanos_ += by.count();
    }
    advanced_.notify_all();
  }

 private:
  static constexpr std::uint64_t unix_epoch = 1'700'000'000'000'000'000u;
  std::atomic<std::int64_t> nanos_{1'000'000'000};
  mutable std::mutex mutex_;
  mutable std::condition_variable_any advanced_;
};

}  // namespace rankwire::testing
