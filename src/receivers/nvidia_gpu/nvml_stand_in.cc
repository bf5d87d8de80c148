// A stand-in for NVIDIA's management library, for tests: three GPUs, the last of them cut into two parts by MIG.
// Functions have the library's names and its binary interface. `stand_in_*` is how a test plays; RANKWIRE_STAND_IN_XID
// makes GPU 0 report that Xid once, to a whole agent.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>

#include "receivers/nvidia_gpu/nvml_abi.hpp"

namespace {

using namespace rankwire::nvidia_gpu;
using Status = NvmlStatus;

constexpr std::uint32_t gpus = 3, handles = 5;  // Handles 3 and 4 are the parts of GPU 2.
constexpr std::uint64_t gibibyte = 1ull << 30;

std::mutex mutex;
std::condition_variable reported;
std::deque<NvmlEvent> events;  // Guarded by mutex, as all below.
bool is_lost[handles] = {};
bool has_driver = true;
std::uint32_t runs_on_zero = 0;

std::uint32_t index_of(NvmlDevice device) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(device)) - 1;
}
NvmlDevice handle_of(std::uint32_t index) {
  return reinterpret_cast<NvmlDevice>(static_cast<std::uintptr_t>(index) + 1);
}

// What a function says of a device before it says anything else.
Status state_of(NvmlDevice device) {
  const std::lock_guard lock(mutex);
  if (!has_driver) return Status::driver_not_loaded;
  if (device == nullptr || index_of(device) >= handles) return Status::invalid_argument;
  return is_lost[index_of(device)] ? Status::gpu_is_lost : Status::success;
}

template <class N, class V>
Status give(NvmlDevice device, N* into, V value) {
  const Status state = state_of(device);
  if (state == Status::success) *into = static_cast<N>(value);
  return state;
}

Status give_text(const char* text, char* into, std::uint32_t size) {
  if (std::strlen(text) >= size) return Status::insufficient_size;
  std::snprintf(into, size, "%s", text);
  return Status::success;
}

}  // namespace

extern "C" {

void stand_in_reset() {
  const std::lock_guard lock(mutex);
  events.clear();
  for (bool& one : is_lost) one = false;
  has_driver = true;
  runs_on_zero = 0;
}
void stand_in_lose(std::uint32_t gpu) {
  const std::lock_guard lock(mutex);
  is_lost[gpu] = true;
}
void stand_in_unload(bool is_unloaded) {
  const std::lock_guard lock(mutex);
  has_driver = !is_unloaded;
}
void stand_in_run(std::uint32_t process) {
  const std::lock_guard lock(mutex);
  runs_on_zero = process;
}
void stand_in_report(std::uint32_t gpu, std::uint64_t type, std::uint64_t data) {
  const std::lock_guard lock(mutex);
  events.push_back({handle_of(gpu), type, data, nvml_no_instance, nvml_no_instance});
  reported.notify_all();
}

Status nvmlInit_v2() {
  if (const char* xid = std::getenv("RANKWIRE_STAND_IN_XID"); xid != nullptr)
    stand_in_report(0, event_type::xid, std::strtoull(xid, nullptr, 10));
  const std::lock_guard lock(mutex);
  return has_driver ? Status::success : Status::driver_not_loaded;
}
Status nvmlShutdown() { return Status::success; }
const char* nvmlErrorString(Status status) {
  if (status == Status::gpu_is_lost) return "GPU is lost";
  return status == Status::driver_not_loaded ? "Driver Not Loaded" : "Some Error";
}
Status nvmlSystemGetDriverVersion(char* text, std::uint32_t size) { return give_text("550.54.15", text, size); }
Status nvmlDeviceGetCount_v2(std::uint32_t* count) {
  const std::lock_guard lock(mutex);
  *count = gpus;
  return has_driver ? Status::success : Status::driver_not_loaded;
}
Status nvmlDeviceGetHandleByIndex_v2(std::uint32_t index, NvmlDevice* device) {
  if (index >= gpus) return Status::invalid_argument;
  *device = handle_of(index);
  return state_of(*device);
}
Status nvmlDeviceGetUUID(NvmlDevice device, char* text, std::uint32_t size) {
  char uuid[64];
  std::snprintf(uuid, sizeof uuid, "GPU-00000000-0000-0000-0000-00000000000%u", index_of(device));
  return give_text(uuid, text, size);
}
Status nvmlDeviceGetName(NvmlDevice device, char* text, std::uint32_t size) {
  return give_text(index_of(device) < gpus ? "NVIDIA Test GPU" : "NVIDIA Test GPU MIG 1g.5gb", text, size);
}
Status nvmlDeviceGetPciInfo_v3(NvmlDevice device, NvmlPci* pci) {
  *pci = {};
  std::snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", 0x3A + index_of(device));
  return Status::success;
}
Status nvmlDeviceGetMinorNumber(NvmlDevice device, std::uint32_t* minor) {
  return give(device, minor, index_of(device));
}
Status nvmlDeviceGetUtilizationRates(NvmlDevice device, NvmlUtilization* into) {
  return give(device, into, NvmlUtilization{90 + index_of(device), 40});
}
Status nvmlDeviceGetMemoryInfo_v2(NvmlDevice device, NvmlMemory2* into) {
  if (into->version != (sizeof(NvmlMemory2) | 2u << 24)) return Status::version_mismatch;
  NvmlMemory2 memory;
  memory.total = 80 * gibibyte, memory.reserved = gibibyte / 2, memory.used = 60 * gibibyte;
  memory.free = memory.total - memory.reserved - memory.used;
  return give(device, into, memory);
}
Status nvmlDeviceGetTemperature(NvmlDevice device, std::int32_t, std::uint32_t* into) { return give(device, into, 64); }
Status nvmlDeviceGetPowerUsage(NvmlDevice device, std::uint32_t* into) { return give(device, into, 412'500); }
Status nvmlDeviceGetEnforcedPowerLimit(NvmlDevice device, std::uint32_t* into) { return give(device, into, 700'000); }
Status nvmlDeviceGetTotalEnergyConsumption(NvmlDevice device, std::uint64_t* into) {
  return give(device, into, 9'000'000'000);
}
Status nvmlDeviceGetClockInfo(NvmlDevice device, NvmlClock clock, std::uint32_t* into) {
  return give(device, into, 1000 + static_cast<std::uint32_t>(clock));
}
Status nvmlDeviceGetCurrentClocksThrottleReasons(NvmlDevice device, std::uint64_t* into) {
  return give(device, into, 0x44);
}
Status nvmlDeviceGetViolationStatus(NvmlDevice device, NvmlPolicy policy, NvmlViolation* into) {
  if (policy != NvmlPolicy::power && policy != NvmlPolicy::thermal) return Status::not_supported;
  return give(device, into, NvmlViolation{1, policy == NvmlPolicy::power ? 5'000'000u : 7'000'000u});
}
Status nvmlDeviceGetTotalEccErrors(NvmlDevice device, NvmlEcc kind, NvmlEccSpan span, std::uint64_t* into) {
  return give(device, into, (kind == NvmlEcc::corrected ? 10 : 20) + (span == NvmlEccSpan::ever ? 1 : 0));
}
Status nvmlDeviceGetRemappedRows(NvmlDevice device, std::uint32_t* corrected, std::uint32_t* uncorrected,
                                 std::uint32_t* pending, std::uint32_t* failed) {
  *corrected = 1, *uncorrected = 2, *pending = 1;
  return give(device, failed, 0);
}
Status nvmlDeviceGetNvLinkState(NvmlDevice device, std::uint32_t link, std::uint32_t* into) {
  if (link >= 4) return Status::invalid_argument;
  return give(device, into, link == 3 ? 0 : 1);
}
Status nvmlDeviceGetNvLinkErrorCounter(NvmlDevice device, std::uint32_t link, NvmlLinkError kind, std::uint64_t* into) {
  if (kind == NvmlLinkError::crc_data) return Status::not_supported;
  return give(device, into, link);
}
Status nvmlDeviceGetFieldValues(NvmlDevice device, std::int32_t count, NvmlField* fields) {
  for (std::int32_t i = 0; i < count; ++i) {
    NvmlField& field = fields[i];
    field.status = Status::success;
    field.type = NvmlNumberType::u64;
    if (field.id == field_id::memory_temperature) {
      field.type = NvmlNumberType::u32;
      field.value.u32 = 71;
    } else if (field.id == field_id::nvlink_transmitted_kib && field.scope == nvml_all_links) {
      field.value.u64 = 4096;
    } else if (field.id == field_id::nvlink_received_kib && field.scope == nvml_all_links) {
      field.value.u64 = 2048;
    } else {
      field.status = Status::not_supported;
    }
  }
  return state_of(device);
}
Status nvmlDeviceGetPcieThroughput(NvmlDevice device, NvmlDirection direction, std::uint32_t* into) {
  return give(device, into, direction == NvmlDirection::transmitted ? 1500 : 2500);
}
Status nvmlDeviceGetPcieReplayCounter(NvmlDevice device, std::uint32_t* into) { return give(device, into, 3); }
Status nvmlDeviceGetCurrPcieLinkGeneration(NvmlDevice device, std::uint32_t* into) { return give(device, into, 5); }
Status nvmlDeviceGetCurrPcieLinkWidth(NvmlDevice device, std::uint32_t* into) { return give(device, into, 16); }
Status nvmlDeviceGetPerformanceState(NvmlDevice device, std::uint32_t* into) { return give(device, into, 0); }
Status nvmlDeviceGetMigMode(NvmlDevice device, std::uint32_t* mode, std::uint32_t* pending) {
  *pending = 0;
  return give(device, mode, index_of(device) == 2 ? 1 : 0);
}
Status nvmlDeviceGetMaxMigDeviceCount(NvmlDevice device, std::uint32_t* count) { return give(device, count, 7); }
Status nvmlDeviceGetMigDeviceHandleByIndex(NvmlDevice device, std::uint32_t index, NvmlDevice* part) {
  if (index_of(device) != 2 || index > 1) return Status::not_found;
  *part = handle_of(gpus + index);
  return Status::success;
}
Status nvmlDeviceGetGpuInstanceId(NvmlDevice device, std::uint32_t* id) {
  return give(device, id, index_of(device) + 4);
}
Status nvmlDeviceGetComputeRunningProcesses_v3(NvmlDevice device, std::uint32_t* count, NvmlProcess* into) {
  const std::uint32_t room = *count;
  *count = 0;
  if (const Status state = state_of(device); state != Status::success) return state;
  const std::lock_guard lock(mutex);
  if (index_of(device) != 0 || runs_on_zero == 0) return Status::success;
  *count = 1;
  if (room < 1) return Status::insufficient_size;
  into[0] = {runs_on_zero, 2 * gibibyte, nvml_no_instance, nvml_no_instance};
  return Status::success;
}
Status nvmlEventSetCreate(NvmlEventSet* set) {
  *set = reinterpret_cast<NvmlEventSet>(&events);
  return Status::success;
}
Status nvmlEventSetFree(NvmlEventSet) { return Status::success; }
Status nvmlDeviceGetSupportedEventTypes(NvmlDevice device, std::uint64_t* types) {
  return give(device, types, event_type::xid | event_type::double_bit_error | 0x4);
}
Status nvmlDeviceRegisterEvents(NvmlDevice device, std::uint64_t types, NvmlEventSet) {
  if ((types & 0x4) != 0) return Status::not_supported;
  return state_of(device);
}
Status nvmlEventSetWait_v2(NvmlEventSet, NvmlEvent* event, std::uint32_t timeout_ms) {
  std::unique_lock lock(mutex);
  if (!reported.wait_for(lock, std::chrono::milliseconds(timeout_ms), [] { return !events.empty(); }))
    return Status::timed_out;
  *event = events.front();
  events.pop_front();
  return Status::success;
}

}  // extern "C"
