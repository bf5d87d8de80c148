// Wakes receivers that wait until a queue or the memory budget has room. Notifying costs one atomic
// load while nobody waits.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "base/clock.hpp"

namespace rankwire::service {

class RoomSignal {
 public:
  // Called after the room appeared. Any thread, no lock of a waiter's condition held.
  void notify() {
    if (waiters_.load(std::memory_order_seq_cst) == 0) return;
    {
      const std::lock_guard lock(mutex_);
      ++epoch_;
    }
    changed_.notify_all();
  }

  // Waits until `is_ready`, which is asked again after every notification and at least every
  // `recheck` (the resident memory of the process changes without telling anybody).
  template <class Ready>
  bool wait(const Clock& clock, std::stop_token stop, Deadline deadline, Duration recheck, Ready is_ready) {
    const Waiting counted(waiters_);
    for (;;) {
      std::unique_lock lock(mutex_);
      const std::uint64_t seen = epoch_;
      lock.unlock();
      if (is_ready()) return true;
      if (stop.stop_requested() || deadline.has_passed(clock)) return false;
      lock.lock();
      changed_.wait_until(lock, stop, std::min(deadline.at, clock.now() + recheck), [&] { return epoch_ != seen; });
    }
  }

 private:
  struct Waiting {
    explicit Waiting(std::atomic<int>& count) : count(count) { count.fetch_add(1, std::memory_order_seq_cst); }
    ~Waiting() { count.fetch_sub(1, std::memory_order_seq_cst); }
    std::atomic<int>& count;
  };

  std::atomic<int> waiters_{0};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t epoch_ = 0;  // Guarded by mutex_.
};

}  // namespace rankwire::service
