// Which container a process belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/file_system.hpp"

namespace rankwire::statsd {

// The id in the paths of a /proc/PID/cgroup file, version 1 or 2; empty: none.
std::string container_in_cgroups(std::string_view file);
// Empty: it is gone, may not be looked at, or is in no container.
std::string container_of(FileSystem& files, std::int64_t process);

// Remembers it for a while: process ids are used again. Used by one thread at a time.
class Origins {
 public:
  Origins(FileSystem& files, const Clock& clock) : files_(files), clock_(clock) {}
  const std::string& container_of(std::int64_t process);

 private:
  FileSystem& files_;
  const Clock& clock_;
  std::unordered_map<std::int64_t, std::string> known_;
  Instant known_until_{};
};

}  // namespace rankwire::statsd
