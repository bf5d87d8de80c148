// The demo's training job: one process per rank, each writing a container log as a runtime does, rotation
// included. Nothing in it knows of the agent that tails it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace rankwire::app {

class DemoJob {
 public:
  struct Settings {
    std::string directory;  // Laid out as /var/log/pods.
    int ranks = 4;
    std::uint64_t lines_per_second = 2000;  // Of each rank.
    std::uint64_t lines_per_file = 4000;    // Then the file is rotated.
    Duration duration = std::chrono::seconds(10);
  };

  // Starts the ranks. Call before the process has other threads: the ranks are forked.
  static Result<DemoJob> start(const Settings& settings);
  DemoJob(DemoJob&&) noexcept;
  DemoJob& operator=(DemoJob&&) = delete;
  ~DemoJob();  // Ends what still runs.

  // Records that the ranks have finished writing; a traceback counts once, as the runtime wrote its lines.
  std::uint64_t records_written() const;
  std::uint64_t bytes_written() const;
  std::uint64_t rotations() const;
  bool is_running();
  void end();

 private:
  struct Progress;

  DemoJob() = default;
  Progress* progress_ = nullptr;  // Shared with the ranks.
  std::vector<pid_t> ranks_;
};

}  // namespace rankwire::app
