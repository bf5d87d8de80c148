// The process: arguments in, exit code out. Nothing else in the project ends it.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "app/command_line.hpp"
#include "service/service.hpp"

namespace {

// The usual soft limit of 1024 is for programs that use select(); this one does not.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

// Headers and keys lie in memory while they are used: no core dump, and no other process of the same user may read
// it. The variable is for debugging; it is asked before anything of a configuration is read.
void keep_memory_private() {
  const char* wanted = std::getenv("RANKWIRE_CORE_DUMPS");
  if (wanted == nullptr || std::strcmp(wanted, "1") != 0) (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

int main(int count, char** arguments) {
  keep_memory_private();
  rankwire::service::tune_allocator();
  raise_descriptor_limit();
  const std::span<const char* const> given(arguments + 1, count > 0 ? static_cast<std::size_t>(count - 1) : 0);
  return static_cast<int>(rankwire::app::run_command_line(given, {std::cout, std::cerr}));
}
