#include "receivers/nvidia_gpu/nvidia_gpu_receiver.hpp"

#include <algorithm>

namespace rankwire::nvidia_gpu {
namespace {

constexpr std::uint64_t small_file_max = 4 << 10;

Result<std::unique_ptr<Receiver>> create(const NvidiaGpuConfig& config, const ComponentContext& context,
                                         Intakes intakes) {
  return std::unique_ptr<Receiver>(std::make_unique<NvidiaGpuReceiver>(config, context, intakes));
}

}  // namespace

NvidiaGpuReceiver::NvidiaGpuReceiver(const NvidiaGpuConfig& config, const ComponentContext& context, Intakes intakes)
    : config_(config),
      environment_(context.environment),
      id_(context.id.text()),
      next_(intakes),
      owners_(environment_.files, environment_.clock, config.root_path),
      failures_(environment_.counters.counter("rankwire_nvidia_gpu_failures_total",
                                              "Times that a GPU did not tell all that it should.",
                                              {{"receiver", id_}})),
      devices_(environment_.counters.gauge("rankwire_nvidia_gpu_devices", "GPUs found; 0 also without the library.",
                                           {{"receiver", id_}})),
      timer_(environment_.clock, "rw-gpu", [this](const std::stop_token&) { return work(); }) {}

Result<void> NvidiaGpuReceiver::start(Host&) {
  due_ = environment_.clock.now() + config_.initial_delay;
  return timer_.start(due_);
}

void NvidiaGpuReceiver::stop(Deadline) {
  timer_.stop();
  close();
}

Instant NvidiaGpuReceiver::work() {
  due_ = std::max(due_ + config_.collection_interval, environment_.clock.now());
  if (nvml_ != nullptr || open()) collect();
  return due_;
}

bool NvidiaGpuReceiver::open() {
  auto opened = Nvml::open(config_.library);
  if (opened) {
    nvml_ = std::move(*opened);
    auto found = find_gpus(*nvml_);
    if (found) {
      gpus_ = std::move(*found);
      devices_.set(static_cast<std::int64_t>(gpus_.size()));
      events_ = std::make_unique<GpuEvents>(environment_, id_, *nvml_, next_.logs, config_.root_path);
      if (const Result<void> started = events_->start(gpus_); !started)
        environment_.log.error("nvidia_gpu: nobody waits for events",
                               {{"component", id_}, {"error", started.error().message()}});
      environment_.log.info("nvidia_gpu reads GPUs",
                            {{"component", id_}, {"gpus", gpus_.size()}, {"driver", nvml_->driver_version()}});
      is_absence_told_ = false;
      return true;
    }
    opened = std::move(found).error();
    nvml_.reset();
  }
  if (!is_absence_told_)
    environment_.log.info("nvidia_gpu finds no GPUs here; it looks again every collection_interval",
                          {{"component", id_}, {"reason", opened.error().message()}});
  is_absence_told_ = true;
  return false;
}

void NvidiaGpuReceiver::close() {
  events_.reset();
  gpus_.clear();
  nvml_.reset();
  devices_.set(0);
}

void NvidiaGpuReceiver::collect() {
  std::uint32_t count = 0;
  const NvmlStatus present = nvml_->functions().device_count(&count);
  if (present != NvmlStatus::success || count != gpus_.size()) {
    // The driver was unloaded or exchanged, or GPUs came or went: from the beginning.
    environment_.log.warn("nvidia_gpu: the driver changed; looking again", {{"component", id_}});
    close();
    if (!open()) return;
  }
  if (next_.metrics == nullptr) return;
  if (!next_.metrics->has_room({}, 1)) {
    environment_.counters
        .counter("rankwire_nvidia_gpu_skipped_total", "Times that nothing was read, as the pipeline was full.",
                 {{"receiver", id_}})
        .add();
    return;
  }
  GpuMetrics metrics(*nvml_, environment_.clock.unix_nanos());
  for (const Gpu& gpu : gpus_) {
    NvmlStatus status = gpu.status;
    if (status == NvmlStatus::success) status = metrics.add_gpu(gpu, events_->last_xid(gpu.identity.index));
    metrics.add_state(gpu, status != NvmlStatus::gpu_is_lost && gpu.status == NvmlStatus::success);
    if (status != NvmlStatus::success) note(gpu, status);
    if (status == NvmlStatus::gpu_is_lost || gpu.status != NvmlStatus::success) continue;
    const std::vector<Gpu> parts = find_parts(*nvml_, gpu);
    for (const Gpu& part : parts) {
      metrics.add_part(part);
      add_processes(metrics, part);
    }
    if (parts.empty()) add_processes(metrics, gpu);
  }
  MetricBatch batch = metrics.take();
  const std::uint64_t points = batch.record_count();
  if (points == 0) return;
  if (const Result<void> taken = pass_on(*next_.metrics, std::move(batch), {}); !taken)
    next_.metrics->count_dropped(points, taken.error().is_final() ? "undeliverable" : "pipeline_full");
}

void NvidiaGpuReceiver::add_processes(GpuMetrics& metrics, const Gpu& gpu) {
  if (!config_.processes) return;
  for (const NvmlProcess& process : running_processes(*nvml_, gpu.handle))
    metrics.add_process(gpu, process, program_of(process.process), owners_.owner_of(process.process));
}

std::string NvidiaGpuReceiver::program_of(std::uint32_t process) {
  const auto name =
      read_file(environment_.files, config_.root_path + "/proc/" + std::to_string(process) + "/comm", small_file_max);
  return name ? name->substr(0, name->find('\n')) : std::string();
}

void NvidiaGpuReceiver::note(const Gpu& gpu, NvmlStatus status) {
  failures_.add();
  environment_.log.warn("nvidia_gpu: a GPU does not tell all that it should", {{"component", id_},
                                                                               {"gpu", gpu.identity.index},
                                                                               {"uuid", gpu.identity.uuid},
                                                                               {"error", nvml_->text_of(status)}});
}

ReceiverFactory nvidia_gpu_factory() {
  return make_factory<NvidiaGpuConfig, Receiver, Intakes>(
      {.type = "nvidia_gpu",
       .aliases = {},
       .summary = "Reads NVIDIA's GPUs: metrics with DCGM exporter's names, Xids and other events as log records.",
       .signals = {Signal::metrics, Signal::logs},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::nvidia_gpu
