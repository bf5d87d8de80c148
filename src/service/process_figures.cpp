#include "service/process_figures.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace rankwire::service {
namespace {

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto start = std::min(text.find_first_of("0123456789"), text.size());
  std::from_chars(text.data() + start, text.data() + text.size(), number);
  return number;
}

// The first number of a small file; 0 if there is none ("max").
std::uint64_t number_of_file(FileSystem& files, const std::string& path) {
  const auto file = files.open(path, {});
  if (!file) return 0;
  char text[256];
  const auto size = (*file)->read_at(0, text, sizeof text);
  return size ? number_in({text, *size}) : 0;
}

}  // namespace

ResidentMemory::ResidentMemory(FileSystem& files) {
  if (auto file = files.open("/proc/self/statm", {})) file_ = std::move(*file);
}

Bytes ResidentMemory::read() const {
  char text[128];
  if (!file_) return {};
  const auto size = file_->read_at(0, text, sizeof text);
  if (!size) return {};
  const std::string_view line(text, *size);
  const auto second = line.find(' ');
  if (second == std::string_view::npos) return {};
  return Bytes{number_in(line.substr(second + 1)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

Bytes memory_available_to_process(FileSystem& files) {
  // "MemTotal:  16384 kB" is the first line.
  std::uint64_t available = number_of_file(files, "/proc/meminfo") * 1024;
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const std::uint64_t limit = number_of_file(files, path);
    if (limit != 0) available = available == 0 ? limit : std::min(available, limit);
  }
  return Bytes{available};
}

Bytes default_memory_limit(FileSystem& files) {
  Bytes available = memory_available_to_process(files);
  // Stacks and the allocator's reserves take of the address space too; a quarter leaves room for them.
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    available.count = available.count == 0 ? space.rlim_cur : std::min<std::uint64_t>(available.count, space.rlim_cur);
  if (available.count == 0) return 512_MiB;
  return std::min(Bytes{available.count / 4}, Bytes{512_MiB});
}

double processor_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace rankwire::service
