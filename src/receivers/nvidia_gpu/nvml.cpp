#include "receivers/nvidia_gpu/nvml.hpp"

#include <dlfcn.h>

#include <array>
#include <cstring>

namespace rankwire::nvidia_gpu {
namespace {

constexpr std::uint32_t gpus_max = 256;
constexpr std::uint32_t parts_max = 64;
constexpr std::uint32_t processes_max = 1024;

// What a function writes into a buffer; empty if it fails.
template <class... Parameters, class... Arguments>
std::string text_from(NvmlStatus (*function)(Parameters...), Arguments... arguments) {
  std::array<char, 128> text{};
  const auto size = static_cast<std::uint32_t>(text.size());
  if (call(function, arguments..., text.data(), size) != NvmlStatus::success) return {};
  return {text.data(), ::strnlen(text.data(), text.size())};
}

// "00000000:38:00.0" as the kernel has it: "0000:38:00.0".
std::string kernel_address(const NvmlPci& pci) {
  constexpr std::size_t size_of_long = 16, domain_rest = 4;
  std::string address(pci.bus_id, ::strnlen(pci.bus_id, sizeof pci.bus_id));
  if (address.size() == size_of_long && address.starts_with("0000")) address.erase(0, domain_rest);
  for (char& c : address)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return address;
}

}  // namespace

Result<std::unique_ptr<Nvml>> Nvml::open(const std::string& library) {
  void* const handle = ::dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = ::dlerror();
    return Error(ErrorKind::unavailable, why != nullptr ? why : "cannot open " + library);
  }
  std::unique_ptr<Nvml> nvml(new Nvml(handle));
  if (!nvml->look_up()) return Error(ErrorKind::unavailable, library + " is no management library of NVIDIA's");
  if (const NvmlStatus status = nvml->functions_.init(); status != NvmlStatus::success)
    return Error(ErrorKind::unavailable, library + ": " + nvml->text_of(status));
  nvml->is_initialized_ = true;
  nvml->driver_version_ = text_from(nvml->functions_.driver_version);
  return nvml;
}

Nvml::~Nvml() {
  if (is_initialized_) (void)functions_.shutdown();
  (void)::dlclose(library_);
}

bool Nvml::look_up() {
  const auto find = [this](auto& function, const char* name, const char* newer_name = nullptr) {
    void* found = newer_name != nullptr ? ::dlsym(library_, newer_name) : nullptr;
    if (found == nullptr) found = ::dlsym(library_, name);
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
  };
  NvmlFunctions& f = functions_;
  find(f.init, "nvmlInit_v2");
  find(f.shutdown, "nvmlShutdown");
  find(f.error_text, "nvmlErrorString");
  find(f.driver_version, "nvmlSystemGetDriverVersion");
  find(f.device_count, "nvmlDeviceGetCount_v2");
  find(f.device_at, "nvmlDeviceGetHandleByIndex_v2");
  find(f.uuid, "nvmlDeviceGetUUID");
  find(f.name, "nvmlDeviceGetName");
  find(f.pci, "nvmlDeviceGetPciInfo_v3");
  find(f.minor, "nvmlDeviceGetMinorNumber");
  find(f.utilization, "nvmlDeviceGetUtilizationRates");
  find(f.encoder, "nvmlDeviceGetEncoderUtilization");
  find(f.decoder, "nvmlDeviceGetDecoderUtilization");
  find(f.memory, "nvmlDeviceGetMemoryInfo");
  find(f.memory2, "nvmlDeviceGetMemoryInfo_v2");
  find(f.temperature, "nvmlDeviceGetTemperature");
  find(f.power, "nvmlDeviceGetPowerUsage");
  find(f.power_limit, "nvmlDeviceGetEnforcedPowerLimit");
  find(f.energy, "nvmlDeviceGetTotalEnergyConsumption");
  find(f.clock, "nvmlDeviceGetClockInfo");
  find(f.clock_max, "nvmlDeviceGetMaxClockInfo");
  find(f.clock_reasons, "nvmlDeviceGetCurrentClocksThrottleReasons", "nvmlDeviceGetCurrentClocksEventReasons");
  find(f.violation, "nvmlDeviceGetViolationStatus");
  find(f.ecc_errors, "nvmlDeviceGetTotalEccErrors");
  find(f.remapped_rows, "nvmlDeviceGetRemappedRows");
  find(f.link_state, "nvmlDeviceGetNvLinkState");
  find(f.link_errors, "nvmlDeviceGetNvLinkErrorCounter");
  find(f.fields, "nvmlDeviceGetFieldValues");
  find(f.pcie_throughput, "nvmlDeviceGetPcieThroughput");
  find(f.pcie_replays, "nvmlDeviceGetPcieReplayCounter");
  find(f.pcie_generation, "nvmlDeviceGetCurrPcieLinkGeneration");
  find(f.pcie_width, "nvmlDeviceGetCurrPcieLinkWidth");
  find(f.performance_state, "nvmlDeviceGetPerformanceState");
  find(f.fan_speed, "nvmlDeviceGetFanSpeed");
  find(f.mig_mode, "nvmlDeviceGetMigMode");
  find(f.mig_count_max, "nvmlDeviceGetMaxMigDeviceCount");
  find(f.mig_at, "nvmlDeviceGetMigDeviceHandleByIndex");
  find(f.gpu_instance, "nvmlDeviceGetGpuInstanceId");
  find(f.processes, "nvmlDeviceGetComputeRunningProcesses_v3");
  find(f.event_set_make, "nvmlEventSetCreate");
  find(f.event_set_free, "nvmlEventSetFree");
  find(f.event_set_wait, "nvmlEventSetWait", "nvmlEventSetWait_v2");
  find(f.event_types, "nvmlDeviceGetSupportedEventTypes");
  find(f.register_events, "nvmlDeviceRegisterEvents");
  return f.init != nullptr && f.shutdown != nullptr && f.device_count != nullptr && f.device_at != nullptr;
}

std::string Nvml::text_of(NvmlStatus status) const {
  const char* const text = functions_.error_text != nullptr ? functions_.error_text(status) : nullptr;
  return text != nullptr ? text : "error " + std::to_string(static_cast<int>(status));
}

Result<std::vector<Gpu>> find_gpus(const Nvml& nvml) {
  const NvmlFunctions& f = nvml.functions();
  std::uint32_t count = 0;
  if (const NvmlStatus status = f.device_count(&count); status != NvmlStatus::success)
    return Error(ErrorKind::unavailable, "counting GPUs: " + nvml.text_of(status));
  std::vector<Gpu> gpus(std::min(count, gpus_max));
  for (std::uint32_t index = 0; index < gpus.size(); ++index) {
    Gpu& gpu = gpus[index];
    gpu.identity.index = index;
    gpu.status = f.device_at(index, &gpu.handle);
    if (gpu.status != NvmlStatus::success) continue;
    gpu.identity.uuid = text_from(f.uuid, gpu.handle);
    gpu.identity.name = text_from(f.name, gpu.handle);
    NvmlPci pci{};
    if (call(f.pci, gpu.handle, &pci) == NvmlStatus::success) gpu.identity.pci_bus_id = kernel_address(pci);
    std::uint32_t minor = index;
    (void)call(f.minor, gpu.handle, &minor);
    gpu.identity.device = "nvidia" + std::to_string(minor);
  }
  return gpus;
}

std::vector<Gpu> find_parts(const Nvml& nvml, const Gpu& of) {
  const NvmlFunctions& f = nvml.functions();
  std::uint32_t mode = 0, pending = 0, count = 0;
  if (call(f.mig_mode, of.handle, &mode, &pending) != NvmlStatus::success || mode == 0) return {};
  if (call(f.mig_count_max, of.handle, &count) != NvmlStatus::success) return {};
  std::vector<Gpu> parts;
  for (std::uint32_t i = 0; i < std::min(count, parts_max); ++i) {
    Gpu part{.handle = nullptr, .status = NvmlStatus::success, .identity = of.identity};
    if (call(f.mig_at, of.handle, i, &part.handle) != NvmlStatus::success) continue;
    (void)call(f.gpu_instance, part.handle, &part.identity.gpu_instance);
    // "NVIDIA A100-SXM4-40GB MIG 1g.5gb"
    const std::string name = text_from(f.name, part.handle);
    constexpr std::string_view before = "MIG ";
    if (const std::size_t at = name.rfind(before); at != std::string::npos)
      part.identity.profile = name.substr(at + before.size());
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<NvmlProcess> running_processes(const Nvml& nvml, NvmlDevice device) {
  const NvmlFunctions& f = nvml.functions();
  std::vector<NvmlProcess> all(processes_max);
  std::uint32_t count = processes_max;
  const bool is_told = call(f.processes, device, &count, all.data()) == NvmlStatus::success;
  all.resize(is_told ? std::min(count, processes_max) : 0);
  return all;
}

}  // namespace rankwire::nvidia_gpu
