// What /proc/PID/stat says of a process. Its name may hold any characters, spaces and brackets too.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rankwire::host_metrics {

struct ProcessStat {
  std::string_view name;  // At most 15 characters.
  char state = '?';
  std::int64_t parent = 0;
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t user_ticks = 0, system_ticks = 0, wait_ticks = 0;  // Wait: for disks.
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // Since the machine started.
  std::uint64_t virtual_bytes = 0, resident_pages = 0;
};

// Nothing: this is no such text. The name is a part of it.
std::optional<ProcessStat> process_stat_of(std::string_view text);

}  // namespace rankwire::host_metrics
