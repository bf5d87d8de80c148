// How much memory this process may use at most, as the kernel sees it.
#pragma once

#include "base/bytes.hpp"
#include "base/file_system.hpp"

namespace rankwire::memory_limiter {

// The smallest of the machine's memory and the limits of this process's control groups and their
// parents (versions 1 and 2). `root` is put before /proc and /sys, for tests.
Result<Bytes> total_memory(FileSystem& files, const std::string& root = "");

}  // namespace rankwire::memory_limiter
