// What the process says when it ends. Documented in docs/guides/command_line.md and in --help.
#pragma once

namespace rankwire::app {

enum class ExitCode : int {
  ok = 0,
  failed = 1,                 // Something went wrong while running.
  usage = 2,                  // The command line is wrong.
  invalid_configuration = 3,  // The configuration is wrong; nothing was started.
};

}  // namespace rankwire::app
