// NVIDIA's management library, opened while we run: the same agent runs where there is none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "receivers/nvidia_gpu/nvml_abi.hpp"

namespace rankwire::nvidia_gpu {

// `unavailable`: this library does not have the function, or it failed.
template <class... Parameters, class... Arguments>
NvmlStatus call(NvmlStatus (*function)(Parameters...), Arguments... arguments) {
  return function != nullptr ? function(arguments...) : NvmlStatus::function_not_found;
}

// Any thread.
class Nvml {
 public:
  // `unavailable`: there is no such library, or no driver.
  static Result<std::unique_ptr<Nvml>> open(const std::string& library);
  ~Nvml();
  Nvml(const Nvml&) = delete;

  const NvmlFunctions& functions() const { return functions_; }
  const std::string& driver_version() const { return driver_version_; }
  std::string text_of(NvmlStatus status) const;

 private:
  explicit Nvml(void* library) : library_(library) {}
  bool look_up();

  void* const library_;
  NvmlFunctions functions_;
  std::string driver_version_;
  bool is_initialized_ = false;
};

// Who a GPU is, or a part of it that MIG cut off.
struct GpuIdentity {
  std::uint32_t index = 0;
  std::string uuid, name;
  std::string pci_bus_id;                         // "0000:38:00.0"
  std::string device;                             // "nvidia0"
  std::uint32_t gpu_instance = nvml_no_instance;  // Of a part.
  std::string profile;                            // Of a part: "1g.5gb".
};

struct Gpu {
  NvmlDevice handle = nullptr;
  NvmlStatus status = NvmlStatus::success;  // Else it cannot be used, and only its index is known.
  GpuIdentity identity;
};

Result<std::vector<Gpu>> find_gpus(const Nvml& nvml);
std::vector<Gpu> find_parts(const Nvml& nvml, const Gpu& of);
// Empty as well where that cannot be told.
std::vector<NvmlProcess> running_processes(const Nvml& nvml, NvmlDevice device);

}  // namespace rankwire::nvidia_gpu
