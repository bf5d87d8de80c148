#include "base/worker.hpp"

#include <pthread.h>

namespace rankwire {

Worker::Worker(const std::string& name, std::function<void(std::stop_token)> body)
    : thread_([label = name.substr(0, 15), body = std::move(body)](std::stop_token stop) {
        pthread_setname_np(pthread_self(), label.c_str());
        body(stop);
      }) {}

}  // namespace rankwire
