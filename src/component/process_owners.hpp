// Which container and pod a process of this machine belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/file_system.hpp"

namespace rankwire {

// Empty: it is gone, may not be looked at, or is in none.
struct ProcessOwner {
  std::string container;
  std::string pod_uid;
};

// Remembers it for a while: process ids are used again. Used by one thread at a time.
class ProcessOwners {
 public:
  // `root`: where the host's root is mounted; empty: we are on the host, or see its processes.
  ProcessOwners(FileSystem& files, const Clock& clock, std::string root = {})
      : files_(files), clock_(clock), root_(std::move(root)) {}
  const ProcessOwner& owner_of(std::int64_t process);

 private:
  FileSystem& files_;
  const Clock& clock_;
  const std::string root_;
  std::unordered_map<std::int64_t, ProcessOwner> known_;
  Instant known_until_{};
};

}  // namespace rankwire
