// What a user writes about GPUs.
#pragma once

#include <string>

#include "config/fields.hpp"

namespace rankwire::nvidia_gpu {

struct NvidiaGpuConfig {
  Duration collection_interval = std::chrono::seconds(15);
  Duration initial_delay = std::chrono::seconds(1);
  std::string library = "libnvidia-ml.so.1";
  std::string root_path;
  bool processes = true;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::nvidia_gpu
