// The part of NVML's binary interface that is used here, as the library has it on 64-bit Linux: what structures look
// like and which numbers mean what. Functions are looked up by name, so a library of any age is taken.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rankwire::nvidia_gpu {

using NvmlDevice = struct NvmlDeviceHandle*;
using NvmlEventSet = struct NvmlEventSetHandle*;

enum class NvmlStatus : std::int32_t {
  success = 0,
  uninitialized = 1,
  invalid_argument = 2,
  not_supported = 3,
  no_permission = 4,
  not_found = 6,
  insufficient_size = 7,
  driver_not_loaded = 9,
  timed_out = 10,
  function_not_found = 13,
  gpu_is_lost = 15,
  reset_required = 16,
  version_mismatch = 18,
  unknown = 999,
};

struct NvmlPci {
  char legacy_bus_id[16];
  std::uint32_t domain, bus, device, device_id, subsystem_id;
  char bus_id[32];  // "00000000:38:00.0"
};
static_assert(sizeof(NvmlPci) == 68);

struct NvmlUtilization {
  std::uint32_t gpu, memory;  // Percent.
};

struct NvmlMemory {
  std::uint64_t total, free, used;  // Bytes; `used` with what is reserved.
};

struct NvmlMemory2 {
  std::uint32_t version = sizeof(NvmlMemory2) | 2u << 24;
  std::uint64_t total = 0, reserved = 0, free = 0, used = 0;
};
static_assert(sizeof(NvmlMemory2) == 40);

struct NvmlViolation {
  std::uint64_t reference_micros, violation_nanos;
};

struct NvmlProcess {  // Of the functions whose names end in _v3.
  std::uint32_t process;
  std::uint64_t used_bytes;  // All ones: not told.
  std::uint32_t gpu_instance, compute_instance;
};
static_assert(sizeof(NvmlProcess) == 24);

union NvmlNumber {
  double real;
  std::uint32_t u32;
  std::uint64_t u64;
  std::int64_t i64;
  std::int32_t i32;
  std::uint16_t u16;
};
enum class NvmlNumberType : std::int32_t { real, u32, unsigned_long, u64, i64, i32, u16 };

struct NvmlField {
  std::uint32_t id = 0;
  std::uint32_t scope = 0;
  std::int64_t time = 0, latency = 0;
  NvmlNumberType type = NvmlNumberType::real;
  NvmlStatus status = NvmlStatus::not_supported;
  NvmlNumber value{};
};
static_assert(sizeof(NvmlField) == 40);

struct NvmlEvent {
  NvmlDevice device = nullptr;
  std::uint64_t type = 0;
  std::uint64_t data = 0;  // Of an Xid: its code.
  std::uint32_t gpu_instance = 0, compute_instance = 0;
};
static_assert(sizeof(NvmlEvent) == 32);

inline constexpr std::uint32_t nvml_no_instance = 0xffffffff;
inline constexpr std::uint32_t nvml_all_links = 0xffffffff;
inline constexpr std::uint64_t nvml_not_available = ~std::uint64_t{0};

// Parameters of functions.
inline constexpr std::int32_t nvml_sensor_gpu = 0;
enum class NvmlClock : std::int32_t { graphics, sm, memory, video };
enum class NvmlPolicy : std::int32_t { power, thermal, sync_boost, board_limit, low_utilization, reliability };
enum class NvmlEcc : std::int32_t { corrected, uncorrected };
enum class NvmlEccSpan : std::int32_t { since_load, ever };
enum class NvmlDirection : std::int32_t { transmitted, received };
enum class NvmlLinkError : std::int32_t { replay, recovery, crc_flit, crc_data };

namespace field_id {
inline constexpr std::uint32_t retired_single_bit = 29, retired_double_bit = 30, retired_pending = 31;
inline constexpr std::uint32_t memory_temperature = 82;
inline constexpr std::uint32_t nvlink_transmitted_kib = 138, nvlink_received_kib = 139;
}  // namespace field_id

namespace event_type {
inline constexpr std::uint64_t double_bit_error = 0x2, xid = 0x8, single_bit_storm = 0x200, retirement = 0x400,
                               retirement_failure = 0x800, poison = 0x1000, fatal_poison = 0x2000, unavailable = 0x4000,
                               recovery_action = 0x8000;
}

// Null: the library has none such.
struct NvmlFunctions {
  NvmlStatus (*init)() = nullptr;
  NvmlStatus (*shutdown)() = nullptr;
  const char* (*error_text)(NvmlStatus) = nullptr;
  NvmlStatus (*driver_version)(char*, std::uint32_t) = nullptr;
  NvmlStatus (*device_count)(std::uint32_t*) = nullptr;
  NvmlStatus (*device_at)(std::uint32_t, NvmlDevice*) = nullptr;
  NvmlStatus (*uuid)(NvmlDevice, char*, std::uint32_t) = nullptr;
  NvmlStatus (*name)(NvmlDevice, char*, std::uint32_t) = nullptr;
  NvmlStatus (*pci)(NvmlDevice, NvmlPci*) = nullptr;
  NvmlStatus (*minor)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*utilization)(NvmlDevice, NvmlUtilization*) = nullptr;
  NvmlStatus (*encoder)(NvmlDevice, std::uint32_t*, std::uint32_t*) = nullptr;
  NvmlStatus (*decoder)(NvmlDevice, std::uint32_t*, std::uint32_t*) = nullptr;
  NvmlStatus (*memory)(NvmlDevice, NvmlMemory*) = nullptr;
  NvmlStatus (*memory2)(NvmlDevice, NvmlMemory2*) = nullptr;
  NvmlStatus (*temperature)(NvmlDevice, std::int32_t, std::uint32_t*) = nullptr;
  NvmlStatus (*power)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*power_limit)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*energy)(NvmlDevice, std::uint64_t*) = nullptr;
  NvmlStatus (*clock)(NvmlDevice, NvmlClock, std::uint32_t*) = nullptr;
  NvmlStatus (*clock_max)(NvmlDevice, NvmlClock, std::uint32_t*) = nullptr;
  NvmlStatus (*clock_reasons)(NvmlDevice, std::uint64_t*) = nullptr;
  NvmlStatus (*violation)(NvmlDevice, NvmlPolicy, NvmlViolation*) = nullptr;
  NvmlStatus (*ecc_errors)(NvmlDevice, NvmlEcc, NvmlEccSpan, std::uint64_t*) = nullptr;
  NvmlStatus (*remapped_rows)(NvmlDevice, std::uint32_t*, std::uint32_t*, std::uint32_t*, std::uint32_t*) = nullptr;
  NvmlStatus (*link_state)(NvmlDevice, std::uint32_t, std::uint32_t*) = nullptr;
  NvmlStatus (*link_errors)(NvmlDevice, std::uint32_t, NvmlLinkError, std::uint64_t*) = nullptr;
  NvmlStatus (*fields)(NvmlDevice, std::int32_t, NvmlField*) = nullptr;
  NvmlStatus (*pcie_throughput)(NvmlDevice, NvmlDirection, std::uint32_t*) = nullptr;
  NvmlStatus (*pcie_replays)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*pcie_generation)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*pcie_width)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*performance_state)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*fan_speed)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*mig_mode)(NvmlDevice, std::uint32_t*, std::uint32_t*) = nullptr;
  NvmlStatus (*mig_count_max)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*mig_at)(NvmlDevice, std::uint32_t, NvmlDevice*) = nullptr;
  NvmlStatus (*gpu_instance)(NvmlDevice, std::uint32_t*) = nullptr;
  NvmlStatus (*processes)(NvmlDevice, std::uint32_t*, NvmlProcess*) = nullptr;
  NvmlStatus (*event_set_make)(NvmlEventSet*) = nullptr;
  NvmlStatus (*event_set_free)(NvmlEventSet) = nullptr;
  NvmlStatus (*event_set_wait)(NvmlEventSet, NvmlEvent*, std::uint32_t) = nullptr;
  NvmlStatus (*event_types)(NvmlDevice, std::uint64_t*) = nullptr;
  NvmlStatus (*register_events)(NvmlDevice, std::uint64_t, NvmlEventSet) = nullptr;
};

}  // namespace rankwire::nvidia_gpu
