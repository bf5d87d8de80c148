#include "receivers/nvidia_gpu/nvidia_gpu_config.hpp"

namespace rankwire::nvidia_gpu {

void NvidiaGpuConfig::fields(config::Fields& f) {
  f.field("collection_interval", collection_interval, "How often everything is read.", {.min = 1e8, .max = 86400e9});
  f.field("initial_delay", initial_delay, "How long after the start for the first time.", {.min = 0, .max = 86400e9});
  f.field("library", library, "NVIDIA's management library: a name that the system finds, or a path.");
  f.field("root_path", root_path, "Where the host's root is, in a container without the host's processes: /hostfs.");
  f.field("processes", processes, "Give the memory that each process uses, with its container and pod.");
}

void NvidiaGpuConfig::validate(config::Validator& v) const {
  if (library.empty()) v.error("library", "must be set");
  if (!root_path.empty() && !root_path.starts_with('/')) v.error("root_path", "must be an absolute path");
}

}  // namespace rankwire::nvidia_gpu
