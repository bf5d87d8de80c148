// One thread that starts another worker for an exporter when queued work has waited a few
// milliseconds while all its workers are busy, and ends workers that have been idle for a while.
// It sleeps without a timer while no worker lives.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/worker.hpp"

namespace rankwire::service {

class Scalable {
 public:
  virtual ~Scalable() = default;
  // Starts a worker if work waits and all are busy. True: look again soon.
  virtual bool scale_up() = 0;
  // Ends workers idle since before `since`. True: some still live.
  virtual bool end_idle_workers(Instant since) = 0;
};

class WorkerScaler {
 public:
  static constexpr Duration patience = std::chrono::milliseconds(5);
  static constexpr Duration idle_max = std::chrono::seconds(10);

  explicit WorkerScaler(Clock& clock) : clock_(clock) {}
  ~WorkerScaler();

  void add(Scalable* one);
  // Returns when no call into it is under way.
  void remove(Scalable* one);
  // Work waits and no worker is idle.
  void nudge();
  // A worker was started: somebody must end it when it has been idle.
  void watch();

 private:
  void run(std::stop_token stop);
  void wake(std::atomic<bool>& flag);

  Clock& clock_;
  std::atomic<bool> is_nudged_{false}, is_watching_{false};
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool is_started_ = false;         // Guarded by mutex_.
  std::mutex members_mutex_;        // Held during calls into members, so never taken inside them.
  std::vector<Scalable*> members_;  // Guarded by members_mutex_.
  Worker thread_;
};

}  // namespace rankwire::service
