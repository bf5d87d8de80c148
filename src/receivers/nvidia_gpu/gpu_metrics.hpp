// What is read of a GPU, and the batch that it makes: names, units and labels of DCGM exporter where it has them.
#pragma once

#include "component/process_owners.hpp"
#include "receivers/nvidia_gpu/nvml.hpp"
#include "signal/batch.hpp"

namespace rankwire::nvidia_gpu {

// Of one round. Used by one thread.
class GpuMetrics {
 public:
  GpuMetrics(const Nvml& nvml, std::uint64_t unix_nanos);

  // Everything that this GPU can tell; says what failed. `last_xid`: 0: there was none.
  NvmlStatus add_gpu(const Gpu& gpu, std::uint64_t last_xid);
  // Of a part that MIG cut off a GPU.
  void add_part(const Gpu& part);
  // Whether it can be used.
  void add_state(const Gpu& gpu, bool is_ok);
  void add_process(const Gpu& on, const NvmlProcess& process, std::string_view program, const ProcessOwner& owner);
  MetricBatch take() { return std::move(batch_); }

 private:
  struct Spec;
  static const Spec specs[];
  enum class Name : std::uint8_t;
  enum { names = 64 };

  void add(Name name, Number value, std::string_view key = {}, std::string_view label = {});
  void add(Name name, std::uint64_t value, std::string_view key = {}, std::string_view label = {});
  void add_real(Name name, double value);
  // Reads a number with a function of the library and gives it, if there is one.
  template <class N, class... Parameters, class... Arguments>
  bool read(N& into, NvmlStatus (*function)(Parameters...), Arguments... arguments);
  void note(NvmlStatus status);
  void add_memory(const Gpu& gpu);
  void add_load(const Gpu& gpu);
  void add_clocks(const Gpu& gpu);
  void add_throttling(const Gpu& gpu);
  void add_power(const Gpu& gpu);
  void add_errors(const Gpu& gpu);
  void add_links(const Gpu& gpu);
  void add_fields(const Gpu& gpu);
  MetricScope& scope() { return batch_.resources[0].scopes[0]; }
  void begin(const Gpu& gpu);
  static Metric& metric_of(Arena& arena, MetricScope& scope, const Spec& spec);

  const Nvml& nvml_;
  const NvmlFunctions& f_;
  const std::uint64_t now_;
  MetricBatch batch_;
  Attributes labels_;                  // Of the GPU at hand.
  NvmlStatus worst_;                   // Of the GPU at hand.
  std::uint32_t records_[names] = {};  // Where a metric is in the scope, plus one; 0: nowhere yet.
};

}  // namespace rankwire::nvidia_gpu
