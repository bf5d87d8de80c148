// The sender of one batch, waiting on its own thread until the batch is settled.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/error.hpp"
#include "component/completion.hpp"

namespace rankwire::service {

class ResultWaiter final : public CompletionListener {
 public:
  // Why the lease that this thread is discarding is discarded.
  static inline thread_local const Error* discard_reason = nullptr;

  void batch_ended(std::uint64_t, bool is_settled) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      if (discard_reason)
        failure_ = *discard_reason;
      else if (!is_settled)
        failure_ = Error(ErrorKind::unavailable, "stopped before the destination had the data");
      is_ended_ = true;
    }
    ended_.notify_all();
  }

  Result<void> wait(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, stop, [this] { return is_ended_; });
    if (!is_ended_) return Error(ErrorKind::unavailable, "stopped before the destination had the data");
    if (failure_) return *failure_;
    return {};
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  bool is_ended_ = false;         // Guarded by mutex_.
  std::optional<Error> failure_;  // Guarded by mutex_.
};

}  // namespace rankwire::service
