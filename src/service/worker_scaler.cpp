#include "service/worker_scaler.hpp"

#include <algorithm>

namespace rankwire::service {

WorkerScaler::~WorkerScaler() {
  thread_.request_stop();
  thread_.join();
}

void WorkerScaler::add(Scalable* one) {
  const std::lock_guard lock(members_mutex_);
  members_.push_back(one);
}

void WorkerScaler::remove(Scalable* one) {
  const std::lock_guard lock(members_mutex_);
  std::erase(members_, one);
}

void WorkerScaler::wake(std::atomic<bool>& flag) {
  if (flag.exchange(true)) return;
  const std::lock_guard lock(mutex_);
  if (!is_started_) {
    auto worker = Worker::start("rw-scaler", [this](std::stop_token stop) { run(stop); });
    // The next call tries again.
    if (!worker) return flag = false, void();
    thread_ = std::move(*worker);
    is_started_ = true;
  }
  woken_.notify_all();
}

void WorkerScaler::nudge() { wake(is_nudged_); }
void WorkerScaler::watch() { wake(is_watching_); }

void WorkerScaler::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (is_watching_.load())
        woken_.wait_until(lock, stop, clock_.now() + idle_max, [&] { return is_nudged_.load(); });
      else
        woken_.wait(lock, stop, [&] { return is_nudged_.load() || is_watching_.load(); });
      if (is_nudged_.load()) woken_.wait_until(lock, stop, clock_.now() + patience, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const bool was_nudged = is_nudged_.exchange(false);
    // Cleared before looking: a worker started meanwhile sets it again.
    is_watching_ = false;
    bool is_wanted = false;
    bool lives = false;
    {
      const std::lock_guard lock(members_mutex_);
      for (Scalable* one : members_) {
        if (was_nudged) is_wanted |= one->scale_up();
        lives |= one->end_idle_workers(clock_.now() - idle_max);
      }
    }
    if (is_wanted) is_nudged_ = true;
    if (lives) is_watching_ = true;
  }
}

}  // namespace rankwire::service
