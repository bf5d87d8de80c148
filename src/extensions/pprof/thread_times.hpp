// The CPU time of each thread of this process, as the kernel counts it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"

namespace rankwire::pprof {

struct ThreadTime {
  std::string name;  // Of its kind: "rw-otlp_http/logs".
  std::uint64_t user_ticks = 0, system_ticks = 0;
  std::uint64_t threads = 1;
};

// One line of /proc/PID/task/TID/stat; nothing if it is none.
std::optional<ThreadTime> read_stat(std::string_view line);

// Threads of one name together, the busiest first.
Result<std::vector<ThreadTime>> thread_times(FileSystem& files);

}  // namespace rankwire::pprof
