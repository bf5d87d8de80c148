// The process: arguments in, exit code out. Nothing else in the project ends it.
#include <iostream>

#include "app/command_line.hpp"
#include "service/service.hpp"

int main(int count, char** arguments) {
  rankwire::service::tune_allocator();
  const std::span<const char* const> given(arguments + 1, count > 0 ? static_cast<std::size_t>(count - 1) : 0);
  return static_cast<int>(rankwire::app::run_command_line(given, {std::cout, std::cerr}));
}
