// Waits for what GPUs report by themselves, on a thread of its own, and passes it on as log records at once.
#pragma once

#include <mutex>
#include <vector>

#include "base/worker.hpp"
#include "component/component.hpp"
#include "component/process_owners.hpp"
#include "receivers/nvidia_gpu/nvml.hpp"

namespace rankwire::nvidia_gpu {

class GpuEvents {
 public:
  // `next` null: only the last Xid is remembered. All outlive this.
  GpuEvents(Environment& environment, std::string receiver, const Nvml& nvml, Intake* next, const std::string& root);
  ~GpuEvents() { stop(); }

  Result<void> start(const std::vector<Gpu>& gpus);
  void stop();
  // Of this GPU; 0: none. Any thread.
  std::uint64_t last_xid(std::uint32_t gpu) const;

 private:
  void run(const std::stop_token& stop);
  void take(const NvmlEvent& event, const std::stop_token& stop);
  LogBatch record_of(const Gpu& gpu, const NvmlEvent& event, std::uint64_t at);
  void deliver(const Gpu& gpu, const NvmlEvent& event, const std::stop_token& stop);
  void add_processes(const Gpu& gpu, Attributes& record, Attributes& resource, Arena& arena);

  Environment& environment_;
  const std::string receiver_;
  const Nvml& nvml_;
  const NvmlFunctions& f_;
  Intake* const next_;
  ProcessOwners owners_;
  std::vector<Gpu> gpus_;
  NvmlEventSet set_ = nullptr;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> last_xids_;  // Guarded by mutex_.
  Worker worker_;                         // Uses everything above.
};

}  // namespace rankwire::nvidia_gpu
