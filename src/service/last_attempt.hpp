// The last delivery of a component that is being stopped and holds the batch in memory only. Who does not take it now
// is passed over, and that is counted there, so that one destination that is down does not cost the others their data.
// Also holds for the pipelines behind connectors, which pass on on the caller's thread.
#pragma once

#include <utility>

namespace rankwire::service {

// Exists while the delivery runs, on the thread that delivers.
class LastAttempt {
 public:
  LastAttempt() : outer_(std::exchange(current_, this)) {}
  LastAttempt(const LastAttempt&) = delete;
  LastAttempt& operator=(const LastAttempt&) = delete;
  ~LastAttempt() { current_ = outer_; }

  // Null: the delivery of this thread will be tried again.
  static LastAttempt* current() { return current_; }

  bool was_any_passed_over = false;

 private:
  LastAttempt* const outer_;
  static inline thread_local LastAttempt* current_ = nullptr;
};

}  // namespace rankwire::service
