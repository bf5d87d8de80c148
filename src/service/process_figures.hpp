// What the kernel says about this process: memory, processor time and the limits of its cgroup.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "base/file_system.hpp"

namespace rankwire::service {

// Reads the resident memory again and again without reopening. Any thread.
class ResidentMemory {
 public:
  explicit ResidentMemory(FileSystem& files);
  Bytes read() const;  // 0 where the system does not say.

 private:
  std::unique_ptr<File> file_;
};

// Of the cgroup (v2 or v1) if it is limited, else of the machine; 0 if unknown.
Bytes memory_available_to_process(FileSystem& files);
double processor_seconds();

// The default memory limit: a quarter of what is available, at most 512 MiB.
Bytes default_memory_limit(FileSystem& files);

}  // namespace rankwire::service
