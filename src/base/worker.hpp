// A named thread that is asked to stop and joined when destroyed.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/error.hpp"

namespace rankwire {

class Worker {
 public:
  Worker() = default;
  // `name` is shown by ps and gdb; at most 15 characters of it are. `refused` where the system gives no thread, or no
  // memory for its stack: a later try may succeed.
  static Result<Worker> start(const std::string& name, std::function<void(std::stop_token)> body);
  // For tests: ends the process where there is no thread.
  Worker(const std::string& name, std::function<void(std::stop_token)> body);
  Worker(Worker&&) noexcept = default;
  Worker& operator=(Worker&&) noexcept = default;

  void request_stop() { thread_.request_stop(); }
  bool joinable() const { return thread_.joinable(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::jthread thread_;
};

}  // namespace rankwire
