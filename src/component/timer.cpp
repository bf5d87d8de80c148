#include "component/timer.hpp"

namespace rankwire {

Result<void> Timer::start(Instant first) {
  due_ = first;
  auto thread = Worker::start(thread_name_, [this](std::stop_token stop) { run(stop); });
  if (!thread) return std::move(thread).error();
  thread_ = std::move(*thread);
  return {};
}

void Timer::wake_at(Instant at) {
  const std::lock_guard lock(mutex_);
  if (at >= due_) return;
  due_ = at;
  nap_.request_stop();
}

void Timer::stop() {
  thread_.request_stop();
  thread_.join();
}

void Timer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::stop_source nap;
    Instant due;
    {
      const std::lock_guard lock(mutex_);
      nap_ = nap;
      due = due_;
    }
    {
      const std::stop_callback wake(stop, [&nap] { nap.request_stop(); });
      if (!clock_.wait_until(due, nap.get_token())) continue;
    }
    {
      // What is asked for while the work runs is on top of what the work itself says.
      const std::lock_guard lock(mutex_);
      due_ = never;
    }
    const Instant next = work_(stop);
    const std::lock_guard lock(mutex_);
    due_ = std::min(due_, next);
  }
}

}  // namespace rankwire
