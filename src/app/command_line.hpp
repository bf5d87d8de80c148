// The command line to one call of a sub-command. Everything about the argument parser is in the
// .cpp: it is by far the slowest header of the project.
#pragma once

#include <span>

#include "app/commands.hpp"

namespace rankwire::app {

// `arguments` without the program's name.
ExitCode run_command_line(std::span<const char* const> arguments, const Output& output);

}  // namespace rankwire::app
