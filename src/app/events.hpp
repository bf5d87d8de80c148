// What wakes the main thread while the agent runs: signals and a change of the configuration files.
#pragma once

#include <cstdint>
#include <optional>

#include "base/worker.hpp"

namespace rankwire::app {

enum class Event : std::uint8_t { stop, reload, files_changed };

// Blocks SIGTERM, SIGINT and SIGHUP for this thread and those it starts later, so it is made before
// any thread; ignores SIGPIPE. Destroyed, it restores what was there.
class Events {
 public:
  Events();
  Events(const Events&) = delete;
  ~Events();

  // Waits for ever; one event at a time, stop first.
  Event wait();
  // Any thread.
  void files_changed();
  // From now on SIGTERM and SIGINT end the process at once, after a second in which they do nothing:
  // `timeout` and some supervisors send the same signal twice. Waiting is over.
  void let_signals_kill();

 private:
  std::optional<Event> take_signal();

  int signals_ = -1;
  int changes_ = -1;
  Worker killer_;
};

}  // namespace rankwire::app
