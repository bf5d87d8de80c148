#include "base/worker.hpp"

#include <pthread.h>

#include <system_error>

#include "base/require.hpp"

namespace rankwire {

Result<Worker> Worker::start(const std::string& name, std::function<void(std::stop_token)> body) {
  Worker worker;
  try {
    worker.thread_ = std::jthread([label = name.substr(0, 15), body = std::move(body)](std::stop_token stop) {
      pthread_setname_np(pthread_self(), label.c_str());
      body(stop);
    });
  } catch (const std::system_error& error) {
    return Error(ErrorKind::refused, "starting thread " + name + ": " + error.code().message());
  }
  return worker;
}

Worker::Worker(const std::string& name, std::function<void(std::stop_token)> body) {
  auto started = start(name, std::move(body));
  require(started.has_value(), "the system gives a thread");
  thread_ = std::move(started->thread_);
}

}  // namespace rankwire
