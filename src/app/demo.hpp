// `rankwire demo`: a small training-like job tailed through the real pipeline into a local folder.
#pragma once

#include <string>

#include "app/commands.hpp"

namespace rankwire::app {

struct DemoOptions {
  std::string directory;  // Where logs and results go; empty: rankwire-demo below the current one.
  Duration duration = std::chrono::seconds(15);
};

int run_demo(const DemoOptions& options);

}  // namespace rankwire::app
