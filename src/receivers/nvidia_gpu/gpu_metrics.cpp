#include "receivers/nvidia_gpu/gpu_metrics.hpp"

#include <array>

namespace rankwire::nvidia_gpu {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20, kibibyte = 1 << 10;
constexpr double milli = 1e-3;
constexpr std::uint32_t links_max = 36;

struct Reason {
  std::uint64_t bit;
  std::string_view name;
};
constexpr Reason reasons[] = {
    {0x1, "gpu_idle"},          {0x2, "applications_clocks"},   {0x4, "software_power_cap"},
    {0x8, "hardware_slowdown"}, {0x10, "sync_boost"},           {0x20, "software_thermal"},
    {0x40, "hardware_thermal"}, {0x80, "hardware_power_brake"}, {0x100, "display_clocks"},
    {0x200, "board_limit"},     {0x400, "reliability"},
};

double real_of(const NvmlField& field) {
  switch (field.type) {
    case NvmlNumberType::real: return field.value.real;
    case NvmlNumberType::u32: return field.value.u32;
    case NvmlNumberType::unsigned_long:
    case NvmlNumberType::u64: return static_cast<double>(field.value.u64);
    case NvmlNumberType::i64: return static_cast<double>(field.value.i64);
    case NvmlNumberType::i32: return field.value.i32;
    case NvmlNumberType::u16: return field.value.u16;
  }
  return 0;
}

}  // namespace

enum class GpuMetrics::Name : std::uint8_t {
  gpu_util,
  copy_util,
  encoder_util,
  decoder_util,
  sm_clock,
  memory_clock,
  video_clock,
  sm_clock_max,
  memory_clock_max,
  temperature,
  memory_temperature,
  power,
  power_limit,
  energy,
  memory_total,
  memory_free,
  memory_used,
  memory_reserved,
  clock_reasons,
  throttled,
  power_violation,
  thermal_violation,
  sync_boost_violation,
  board_limit_violation,
  low_util_violation,
  reliability_violation,
  ecc_single_volatile,
  ecc_double_volatile,
  ecc_single_ever,
  ecc_double_ever,
  rows_corrected,
  rows_uncorrected,
  rows_pending,
  rows_failed,
  pages_single,
  pages_double,
  pages_pending,
  pcie_sent,
  pcie_received,
  pcie_replays,
  pcie_generation,
  pcie_width,
  links_active,
  link_io,
  link_crc_flit,
  link_crc_data,
  link_replays,
  link_recoveries,
  performance_state,
  fan_speed,
  xid,
  mig_mode,
  state,
  process_memory,
};

struct GpuMetrics::Spec {
  std::string_view name, unit, description;
  bool is_counter = false;
};

// By name, in its order.
const GpuMetrics::Spec GpuMetrics::specs[] = {
    {"DCGM_FI_DEV_GPU_UTIL", "%", "Time in which the GPU ran something."},
    {"DCGM_FI_DEV_MEM_COPY_UTIL", "%", "Time in which memory was read or written."},
    {"DCGM_FI_DEV_ENC_UTIL", "%", "Load of the video encoder."},
    {"DCGM_FI_DEV_DEC_UTIL", "%", "Load of the video decoder."},
    {"DCGM_FI_DEV_SM_CLOCK", "MHz", "Clock of the multiprocessors."},
    {"DCGM_FI_DEV_MEM_CLOCK", "MHz", "Clock of the memory."},
    {"DCGM_FI_DEV_VIDEO_CLOCK", "MHz", "Clock of the video engines."},
    {"DCGM_FI_DEV_MAX_SM_CLOCK", "MHz", "Highest clock of the multiprocessors."},
    {"DCGM_FI_DEV_MAX_MEM_CLOCK", "MHz", "Highest clock of the memory."},
    {"DCGM_FI_DEV_GPU_TEMP", "Cel", "Temperature of the GPU."},
    {"DCGM_FI_DEV_MEMORY_TEMP", "Cel", "Temperature of the memory."},
    {"DCGM_FI_DEV_POWER_USAGE", "W", "Power drawn."},
    {"DCGM_FI_DEV_ENFORCED_POWER_LIMIT", "W", "Power that may be drawn."},
    {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "mJ", "Energy since the driver was loaded.", true},
    {"DCGM_FI_DEV_FB_TOTAL", "MiBy", "Memory."},
    {"DCGM_FI_DEV_FB_FREE", "MiBy", "Free memory."},
    {"DCGM_FI_DEV_FB_USED", "MiBy", "Used memory."},
    {"DCGM_FI_DEV_FB_RESERVED", "MiBy", "Memory that the driver keeps."},
    {"DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "1", "Why clocks are not higher, a bit each."},
    {"hw.gpu.throttled", "1", "Whether this keeps clocks down: 1 or 0."},
    {"DCGM_FI_DEV_POWER_VIOLATION", "ns", "Time throttled by power.", true},
    {"DCGM_FI_DEV_THERMAL_VIOLATION", "ns", "Time throttled by heat.", true},
    {"DCGM_FI_DEV_SYNC_BOOST_VIOLATION", "ns", "Time throttled by synchronised boost.", true},
    {"DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", "ns", "Time throttled by the board's limit.", true},
    {"DCGM_FI_DEV_LOW_UTIL_VIOLATION", "ns", "Time throttled by low utilization.", true},
    {"DCGM_FI_DEV_RELIABILITY_VIOLATION", "ns", "Time throttled by reliability.", true},
    {"DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "{errors}", "Errors of single bits since the driver was loaded.", true},
    {"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "{errors}", "Errors of two bits since the driver was loaded.", true},
    {"DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", "{errors}", "Errors of single bits, ever.", true},
    {"DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", "{errors}", "Errors of two bits, ever.", true},
    {"DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "{rows}", "Rows remapped for errors that were corrected.", true},
    {"DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "{rows}", "Rows remapped for errors that were not.", true},
    {"DCGM_FI_DEV_ROW_REMAP_PENDING", "1", "Whether rows wait for a reset to be remapped."},
    {"DCGM_FI_DEV_ROW_REMAP_FAILURE", "1", "Whether remapping a row failed."},
    {"DCGM_FI_DEV_RETIRED_SBE", "{pages}", "Pages retired for errors of single bits.", true},
    {"DCGM_FI_DEV_RETIRED_DBE", "{pages}", "Pages retired for errors of two bits.", true},
    {"DCGM_FI_DEV_RETIRED_PENDING", "1", "Whether pages wait for being retired."},
    {"DCGM_FI_DEV_PCIE_TX_THROUGHPUT", "KBy/s", "Sent over PCIe in the last 20 ms."},
    {"DCGM_FI_DEV_PCIE_RX_THROUGHPUT", "KBy/s", "Received over PCIe in the last 20 ms."},
    {"DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "{retries}", "Retries on PCIe.", true},
    {"DCGM_FI_DEV_PCIE_LINK_GEN", "1", "Generation of PCIe that the link runs with."},
    {"DCGM_FI_DEV_PCIE_LINK_WIDTH", "{lanes}", "Lanes of PCIe that the link runs with."},
    {"hw.gpu.nvlink.active", "{links}", "NVLinks that are up."},
    {"hw.gpu.nvlink.io", "By", "Bytes over all NVLinks.", true},
    {"DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "{errors}", "Checksum errors of flow control.", true},
    {"DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL", "{errors}", "Checksum errors of data.", true},
    {"DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "{errors}", "Retries on NVLinks.", true},
    {"DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "{errors}", "Recoveries of NVLinks.", true},
    {"DCGM_FI_DEV_PSTATE", "1", "Performance state: 0 is the fastest."},
    {"DCGM_FI_DEV_FAN_SPEED", "%", "Speed of the fan."},
    {"DCGM_FI_DEV_XID_ERRORS", "1", "Code of the last Xid; 0: none since the agent started."},
    {"DCGM_FI_DEV_MIG_MODE", "1", "Whether the GPU is cut into parts."},
    {"hw.status", "1", "Whether the GPU is in this state: 1 or 0."},
    {"hw.gpu.process.memory.usage", "By", "Memory of the GPU that a process uses."},
};

GpuMetrics::GpuMetrics(const Nvml& nvml, std::uint64_t unix_nanos)
    : nvml_(nvml), f_(nvml.functions()), now_(unix_nanos), worst_(NvmlStatus::success) {
  static_assert(static_cast<std::size_t>(Name::process_memory) < names);
  static_assert(std::size(specs) == static_cast<std::size_t>(Name::process_memory) + 1);
  batch_.resources.add(batch_.arena()).scopes.add(batch_.arena()).scope.name = "nvidia_gpu";
}

void GpuMetrics::begin(const Gpu& gpu) {
  Arena& arena = batch_.arena();
  worst_ = NvmlStatus::success;
  labels_ = {};
  const auto label = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) set(labels_, arena, key, Value::of(arena.copy(value)));
  };
  label("gpu", std::to_string(gpu.identity.index));
  label("UUID", gpu.identity.uuid);
  label("pci_bus_id", gpu.identity.pci_bus_id);
  label("device", gpu.identity.device);
  label("modelName", gpu.identity.name);
  if (gpu.identity.gpu_instance != nvml_no_instance) {
    label("GPU_I_ID", std::to_string(gpu.identity.gpu_instance));
    label("GPU_I_PROFILE", gpu.identity.profile);
  }
  label("DCGM_FI_DRIVER_VERSION", nvml_.driver_version());
}

Metric& GpuMetrics::metric_of(Arena& arena, MetricScope& scope, const Spec& spec) {
  Metric& metric = scope.records.add(arena);
  metric.name = spec.name;
  metric.unit = spec.unit;
  metric.description = spec.description;
  metric.type = spec.is_counter ? MetricType::sum : MetricType::gauge;
  metric.is_monotonic = spec.is_counter;
  if (spec.is_counter) metric.temporality = Temporality::cumulative;
  return metric;
}

void GpuMetrics::add(Name name, Number value, std::string_view key, std::string_view label) {
  const auto at = static_cast<std::size_t>(name);
  Arena& arena = batch_.arena();
  if (records_[at] == 0) {
    (void)metric_of(arena, scope(), specs[at]);
    records_[at] = scope().records.size();
  }
  NumberPoint& point = scope().records[records_[at] - 1].numbers.add(arena);
  point.time_unix_nanos = now_;
  point.value = value;
  point.attributes = Attributes::shared(labels_.data(), labels_.size());
  if (!key.empty()) set(point.attributes, arena, key, Value::of(label));
}

void GpuMetrics::add(Name name, std::uint64_t value, std::string_view key, std::string_view label) {
  add(name, Number{.type = NumberType::integer, .integer = static_cast<std::int64_t>(value)}, key, label);
}

void GpuMetrics::add_real(Name name, double value) {
  Number number{.type = NumberType::real, .integer = 0};
  number.real = value;
  add(name, number);
}

void GpuMetrics::note(NvmlStatus status) {
  const bool is_absent = status == NvmlStatus::not_supported || status == NvmlStatus::function_not_found ||
                         status == NvmlStatus::no_permission || status == NvmlStatus::invalid_argument ||
                         status == NvmlStatus::not_found;
  if (!is_absent && status != NvmlStatus::success && worst_ != NvmlStatus::gpu_is_lost) worst_ = status;
}

template <class N, class... Parameters, class... Arguments>
bool GpuMetrics::read(N& into, NvmlStatus (*function)(Parameters...), Arguments... arguments) {
  if (worst_ == NvmlStatus::gpu_is_lost) return false;  // To ask on takes long, and gives nothing.
  into = {};
  const NvmlStatus status = call(function, arguments..., &into);
  note(status);
  return status == NvmlStatus::success;
}

NvmlStatus GpuMetrics::add_gpu(const Gpu& gpu, std::uint64_t last_xid) {
  begin(gpu);
  add(Name::xid, last_xid);
  add_load(gpu);
  add_memory(gpu);
  add_clocks(gpu);
  add_throttling(gpu);
  add_power(gpu);
  add_errors(gpu);
  add_links(gpu);
  add_fields(gpu);
  return worst_;
}

void GpuMetrics::add_part(const Gpu& part) {
  begin(part);
  add_memory(part);
}

void GpuMetrics::add_state(const Gpu& gpu, bool is_ok) {
  begin(gpu);
  add(Name::state, is_ok ? 1 : 0, "hw.state", "ok");
  add(Name::state, is_ok ? 0 : 1, "hw.state", "failed");
}

void GpuMetrics::add_load(const Gpu& gpu) {
  NvmlUtilization load{};
  if (read(load, f_.utilization, gpu.handle)) {
    add(Name::gpu_util, load.gpu);
    add(Name::copy_util, load.memory);
  }
  std::uint32_t percent = 0, period = 0;
  if (call(f_.encoder, gpu.handle, &percent, &period) == NvmlStatus::success) add(Name::encoder_util, percent);
  if (call(f_.decoder, gpu.handle, &percent, &period) == NvmlStatus::success) add(Name::decoder_util, percent);
  std::uint32_t number = 0, pending = 0;
  if (read(number, f_.performance_state, gpu.handle)) add(Name::performance_state, number);
  if (read(number, f_.fan_speed, gpu.handle)) add(Name::fan_speed, number);
  if (call(f_.mig_mode, gpu.handle, &number, &pending) == NvmlStatus::success) add(Name::mig_mode, number);
}

void GpuMetrics::add_memory(const Gpu& gpu) {
  NvmlMemory2 memory;
  NvmlMemory older{};
  const NvmlStatus status = call(f_.memory2, gpu.handle, &memory);
  if (status == NvmlStatus::success) {
    add(Name::memory_reserved, memory.reserved / mebibyte);
  } else if (read(older, f_.memory, gpu.handle)) {
    memory.total = older.total, memory.free = older.free, memory.used = older.used;
  } else {
    return;
  }
  add(Name::memory_total, memory.total / mebibyte);
  add(Name::memory_free, memory.free / mebibyte);
  add(Name::memory_used, memory.used / mebibyte);
}

void GpuMetrics::add_clocks(const Gpu& gpu) {
  std::uint32_t megahertz = 0;
  if (read(megahertz, f_.clock, gpu.handle, NvmlClock::sm)) add(Name::sm_clock, megahertz);
  if (read(megahertz, f_.clock, gpu.handle, NvmlClock::memory)) add(Name::memory_clock, megahertz);
  if (read(megahertz, f_.clock, gpu.handle, NvmlClock::video)) add(Name::video_clock, megahertz);
  if (read(megahertz, f_.clock_max, gpu.handle, NvmlClock::sm)) add(Name::sm_clock_max, megahertz);
  if (read(megahertz, f_.clock_max, gpu.handle, NvmlClock::memory)) add(Name::memory_clock_max, megahertz);
}

void GpuMetrics::add_throttling(const Gpu& gpu) {
  std::uint64_t bits = 0;
  if (read(bits, f_.clock_reasons, gpu.handle)) {
    add(Name::clock_reasons, bits);
    for (const Reason& reason : reasons) add(Name::throttled, (bits & reason.bit) != 0 ? 1 : 0, "reason", reason.name);
  }
  static constexpr std::pair<NvmlPolicy, Name> policies[] = {
      {NvmlPolicy::power, Name::power_violation},
      {NvmlPolicy::thermal, Name::thermal_violation},
      {NvmlPolicy::sync_boost, Name::sync_boost_violation},
      {NvmlPolicy::board_limit, Name::board_limit_violation},
      {NvmlPolicy::low_utilization, Name::low_util_violation},
      {NvmlPolicy::reliability, Name::reliability_violation},
  };
  NvmlViolation violation{};
  for (const auto& [policy, name] : policies)
    if (read(violation, f_.violation, gpu.handle, policy)) add(name, violation.violation_nanos);
}

void GpuMetrics::add_power(const Gpu& gpu) {
  std::uint32_t number = 0;
  std::uint64_t energy = 0;
  if (read(number, f_.power, gpu.handle)) add_real(Name::power, number * milli);
  if (read(number, f_.power_limit, gpu.handle)) add_real(Name::power_limit, number * milli);
  if (read(energy, f_.energy, gpu.handle)) add(Name::energy, energy);
  if (read(number, f_.temperature, gpu.handle, nvml_sensor_gpu)) add(Name::temperature, number);
}

void GpuMetrics::add_errors(const Gpu& gpu) {
  std::uint64_t errors = 0;
  const auto ecc = [&](Name name, NvmlEcc kind, NvmlEccSpan span) {
    if (read(errors, f_.ecc_errors, gpu.handle, kind, span)) add(name, errors);
  };
  ecc(Name::ecc_single_volatile, NvmlEcc::corrected, NvmlEccSpan::since_load);
  ecc(Name::ecc_double_volatile, NvmlEcc::uncorrected, NvmlEccSpan::since_load);
  ecc(Name::ecc_single_ever, NvmlEcc::corrected, NvmlEccSpan::ever);
  ecc(Name::ecc_double_ever, NvmlEcc::uncorrected, NvmlEccSpan::ever);
  std::uint32_t corrected = 0, uncorrected = 0, pending = 0, failed = 0;
  const NvmlStatus status = call(f_.remapped_rows, gpu.handle, &corrected, &uncorrected, &pending, &failed);
  if (status != NvmlStatus::success) return note(status);
  add(Name::rows_corrected, corrected);
  add(Name::rows_uncorrected, uncorrected);
  add(Name::rows_pending, pending);
  add(Name::rows_failed, failed);
}

void GpuMetrics::add_links(const Gpu& gpu) {
  std::uint32_t number = 0;
  if (read(number, f_.pcie_throughput, gpu.handle, NvmlDirection::transmitted)) add(Name::pcie_sent, number);
  if (read(number, f_.pcie_throughput, gpu.handle, NvmlDirection::received)) add(Name::pcie_received, number);
  if (read(number, f_.pcie_replays, gpu.handle)) add(Name::pcie_replays, number);
  if (read(number, f_.pcie_generation, gpu.handle)) add(Name::pcie_generation, number);
  if (read(number, f_.pcie_width, gpu.handle)) add(Name::pcie_width, number);
  static constexpr std::pair<NvmlLinkError, Name> kinds[] = {{NvmlLinkError::crc_flit, Name::link_crc_flit},
                                                             {NvmlLinkError::crc_data, Name::link_crc_data},
                                                             {NvmlLinkError::replay, Name::link_replays},
                                                             {NvmlLinkError::recovery, Name::link_recoveries}};
  std::uint32_t links = 0, active = 0;
  std::array<std::uint64_t, std::size(kinds)> sums{};
  std::array<bool, std::size(kinds)> are_told{};
  for (; links < links_max && read(number, f_.link_state, gpu.handle, links); ++links) {
    active += number != 0 ? 1 : 0;
    for (std::size_t i = 0; i < std::size(kinds); ++i) {
      std::uint64_t errors = 0;
      if (!read(errors, f_.link_errors, gpu.handle, links, kinds[i].first)) continue;
      sums[i] += errors;
      are_told[i] = true;
    }
  }
  if (links == 0) return;
  add(Name::links_active, active);
  for (std::size_t i = 0; i < std::size(kinds); ++i)
    if (are_told[i]) add(kinds[i].second, sums[i]);
}

void GpuMetrics::add_fields(const Gpu& gpu) {
  std::array<NvmlField, 6> fields{};
  fields[0].id = field_id::memory_temperature;
  fields[1].id = field_id::retired_single_bit;
  fields[2].id = field_id::retired_double_bit;
  fields[3].id = field_id::retired_pending;
  fields[4].id = field_id::nvlink_transmitted_kib;
  fields[5].id = field_id::nvlink_received_kib;
  fields[4].scope = fields[5].scope = nvml_all_links;
  if (call(f_.fields, gpu.handle, static_cast<std::int32_t>(fields.size()), fields.data()) != NvmlStatus::success)
    return;
  const auto number = [&](std::size_t i) { return static_cast<std::uint64_t>(std::max(real_of(fields[i]), 0.0)); };
  static constexpr Name pages[] = {Name::memory_temperature, Name::pages_single, Name::pages_double,
                                   Name::pages_pending};
  for (std::size_t i = 0; i < std::size(pages); ++i)
    if (fields[i].status == NvmlStatus::success) add(pages[i], number(i));
  if (fields[4].status == NvmlStatus::success)
    add(Name::link_io, number(4) * kibibyte, "network.io.direction", "transmit");
  if (fields[5].status == NvmlStatus::success)
    add(Name::link_io, number(5) * kibibyte, "network.io.direction", "receive");
}

void GpuMetrics::add_process(const Gpu& on, const NvmlProcess& process, std::string_view program,
                             const ProcessOwner& owner) {
  begin(on);
  Arena& arena = batch_.arena();
  MetricResource& resource = batch_.resources.add(arena);
  Attributes& attributes = resource.resource.attributes;
  set(attributes, arena, "process.pid", Value::of(static_cast<std::int64_t>(process.process)));
  if (!program.empty()) set(attributes, arena, "process.executable.name", Value::of(arena.copy(program)));
  if (!owner.container.empty()) set(attributes, arena, "container.id", Value::of(arena.copy(owner.container)));
  if (!owner.pod_uid.empty()) set(attributes, arena, "k8s.pod.uid", Value::of(arena.copy(owner.pod_uid)));
  MetricScope& scope = resource.scopes.add(arena);
  scope.scope.name = "nvidia_gpu";
  Metric& metric = metric_of(arena, scope, specs[static_cast<std::size_t>(Name::process_memory)]);
  NumberPoint& point = metric.numbers.add(arena);
  point.time_unix_nanos = now_;
  point.value.type = NumberType::integer;
  const bool is_told = process.used_bytes != nvml_not_available;
  point.value.integer = is_told ? static_cast<std::int64_t>(process.used_bytes) : 0;
  point.attributes = Attributes::shared(labels_.data(), labels_.size());
}

}  // namespace rankwire::nvidia_gpu
