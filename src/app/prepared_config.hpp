// From the command line's sources to a checked plan; shared by run, validate and print-config.
#pragma once

#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "config/diagnostics.hpp"
#include "config/load.hpp"
#include "service/plan.hpp"

namespace rankwire::app {

struct PreparedConfig {
  service::Plan plan;  // Usable only without errors.
  config::Node root;   // After merge and expansion.
  config::Diagnostics diagnostics;
  std::vector<std::string> files;  // To be watched.
};

// Without locations, the built-in configuration. The plan points into the registry.
PreparedConfig prepare_config(const config::Sources& sources, FileSystem& files, const Registry& registry);

}  // namespace rankwire::app
