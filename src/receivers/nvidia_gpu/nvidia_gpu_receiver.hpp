// Reads NVIDIA's GPUs once every interval, and passes on what they report by themselves at once. A machine without the
// library is looked at again each interval: a driver may come later.
#pragma once

#include "component/factory.hpp"
#include "component/timer.hpp"
#include "receivers/nvidia_gpu/gpu_events.hpp"
#include "receivers/nvidia_gpu/gpu_metrics.hpp"
#include "receivers/nvidia_gpu/nvidia_gpu_config.hpp"

namespace rankwire::nvidia_gpu {

class NvidiaGpuReceiver final : public Receiver {
 public:
  NvidiaGpuReceiver(const NvidiaGpuConfig& config, const ComponentContext& context, Intakes intakes);

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;

 private:
  Instant work();
  bool open();
  void close();
  void collect();
  void add_processes(GpuMetrics& metrics, const Gpu& gpu);
  void note(const Gpu& gpu, NvmlStatus status);
  std::string program_of(std::uint32_t process);

  const NvidiaGpuConfig config_;
  Environment& environment_;
  const std::string id_;
  const Intakes next_;
  ProcessOwners owners_;
  Counter& failures_;
  Gauge& devices_;
  bool is_absence_told_ = false;
  // Of the library, while there is one.
  std::unique_ptr<Nvml> nvml_;
  std::vector<Gpu> gpus_;
  std::unique_ptr<GpuEvents> events_;  // Uses nvml_.
  Instant due_;
  Timer timer_;  // Last: its thread uses the rest.
};

ReceiverFactory nvidia_gpu_factory();

}  // namespace rankwire::nvidia_gpu
