#include "receivers/nvidia_gpu/gpu_events.hpp"

#include <algorithm>

#include "component/xid.hpp"

namespace rankwire::nvidia_gpu {
namespace {

// The library cannot be woken: how long a stop may have to wait. An event ends the wait at once.
constexpr std::uint32_t wait_ms = 500;
constexpr auto retry_pause = std::chrono::seconds(1);
constexpr std::uint32_t warning = 13, error = 17;
constexpr std::size_t processes_max = 64;

struct Kind {
  std::uint64_t type;
  std::string_view name;
  std::string_view text;
  std::uint32_t severity;
};

constexpr Kind kinds[] = {
    {event_type::xid, "hw.gpu.xid", "", error},
    {event_type::double_bit_error, "hw.gpu.memory.uncorrectable_error", "uncorrectable memory error", error},
    {event_type::single_bit_storm, "hw.gpu.memory.error_storm", "many corrected memory errors", warning},
    {event_type::retirement, "hw.gpu.memory.retirement", "memory was retired", warning},
    {event_type::retirement_failure, "hw.gpu.memory.retirement_failure", "memory could not be retired", error},
    {event_type::poison, "hw.gpu.poison", "poisoned data, contained", error},
    {event_type::fatal_poison, "hw.gpu.poison", "poisoned data, not contained", error},
    {event_type::unavailable, "hw.gpu.unavailable", "the GPU cannot be used", error},
    {event_type::recovery_action, "hw.gpu.recovery_action", "the action needed to recover changed", warning},
};

const Kind* kind_of(std::uint64_t type) {
  const auto* const found =
      std::find_if(std::begin(kinds), std::end(kinds), [type](const Kind& kind) { return (kind.type & type) != 0; });
  return found != std::end(kinds) ? found : nullptr;
}

}  // namespace

GpuEvents::GpuEvents(Environment& environment, std::string receiver, const Nvml& nvml, Intake* next,
                     const std::string& root)
    : environment_(environment),
      receiver_(std::move(receiver)),
      nvml_(nvml),
      f_(nvml.functions()),
      next_(next),
      owners_(environment.files, environment.clock, root) {}

Result<void> GpuEvents::start(const std::vector<Gpu>& gpus) {
  gpus_ = gpus;
  last_xids_.assign(gpus.size(), 0);
  if (call(f_.event_set_make, &set_) != NvmlStatus::success || f_.event_set_wait == nullptr) return {};
  std::uint64_t wanted = 0;
  for (const Kind& kind : kinds) wanted |= kind.type;
  std::size_t watched = 0;
  for (const Gpu& gpu : gpus_) {
    if (gpu.status != NvmlStatus::success) continue;
    std::uint64_t supported = wanted;
    (void)call(f_.event_types, gpu.handle, &supported);
    watched += call(f_.register_events, gpu.handle, supported & wanted, set_) == NvmlStatus::success ? 1 : 0;
  }
  if (watched != gpus_.size())
    environment_.log.warn("nvidia_gpu: not every GPU reports events",
                          {{"component", receiver_}, {"gpus", gpus_.size()}, {"report", watched}});
  if (watched == 0) return {};
  auto worker = Worker::start("rw-gpu-events", [this](const std::stop_token& stop) { run(stop); });
  if (!worker) return std::move(worker).error();
  worker_ = std::move(*worker);
  return {};
}

void GpuEvents::stop() {
  worker_.request_stop();
  worker_.join();
  if (set_ != nullptr) (void)call(f_.event_set_free, set_);
  set_ = nullptr;
}

std::uint64_t GpuEvents::last_xid(std::uint32_t gpu) const {
  const std::lock_guard lock(mutex_);
  return gpu < last_xids_.size() ? last_xids_[gpu] : 0;
}

void GpuEvents::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    NvmlEvent event;
    const NvmlStatus status = f_.event_set_wait(set_, &event, wait_ms);
    if (status == NvmlStatus::success) {
      take(event, stop);
    } else if (status != NvmlStatus::timed_out) {
      environment_.log.warn("nvidia_gpu: waiting for events failed; trying again",
                            {{"component", receiver_}, {"error", nvml_.text_of(status)}});
      (void)environment_.clock.wait_until(environment_.clock.now() + retry_pause, stop);
    }
  }
}

void GpuEvents::take(const NvmlEvent& event, const std::stop_token& stop) {
  const auto gpu = std::find_if(gpus_.begin(), gpus_.end(), [&](const Gpu& one) { return one.handle == event.device; });
  if (gpu == gpus_.end() || kind_of(event.type) == nullptr) return;
  if ((event.type & event_type::xid) != 0) {
    const std::lock_guard lock(mutex_);
    last_xids_[gpu->identity.index] = event.data;
  }
  environment_.counters
      .counter("rankwire_nvidia_gpu_events_total", "Events that GPUs reported.",
               {{"receiver", receiver_}, {"event", std::string(kind_of(event.type)->name)}})
      .add();
  if (next_ != nullptr) deliver(*gpu, event, stop);
}

// Later ones wait in the library meanwhile.
void GpuEvents::deliver(const Gpu& gpu, const NvmlEvent& event, const std::stop_token& stop) {
  const std::uint64_t at = environment_.clock.unix_nanos();
  for (;;) {
    const Result<void> taken = pass_on(*next_, record_of(gpu, event, at), {});
    if (taken) return;
    if (!taken.error().is_retryable() || stop.stop_requested())
      return next_->count_dropped(1, stop.stop_requested() ? "shutdown" : "undeliverable");
    const Instant until = environment_.clock.now() + retry_pause;
    if (!next_->has_room({}, 1)) (void)next_->wait_for_room(stop, Deadline{until});
    (void)environment_.clock.wait_until(until, stop);
  }
}

LogBatch GpuEvents::record_of(const Gpu& gpu, const NvmlEvent& event, std::uint64_t at) {
  const Kind& kind = *kind_of(event.type);
  const bool is_xid = kind.type == event_type::xid;
  const XidMeaning& meaning = meaning_of_xid(event.data);
  LogBatch batch;
  Arena& arena = batch.arena();
  LogResource& resource = batch.resources.add(arena);
  LogRecord& record = resource.scopes.add(arena).records.add(arena);
  record.event_name = kind.name;
  record.time_unix_nanos = record.observed_time_unix_nanos = at;
  record.severity_number = is_xid ? meaning.severity_number : kind.severity;
  record.severity_text = record.severity_number >= error     ? "ERROR"
                         : record.severity_number >= warning ? "WARN"
                                                             : "INFO";
  const auto add = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) set(record.attributes, arena, key, Value::of(arena.copy(text)));
  };
  add("hw.type", "gpu");
  add("hw.vendor", "NVIDIA");
  add("hw.id", gpu.identity.uuid);
  add("hw.model", gpu.identity.name);
  add("hw.pci.address", gpu.identity.pci_bus_id);
  set(record.attributes, arena, "hw.gpu.index", Value::of(static_cast<std::int64_t>(gpu.identity.index)));
  std::string text(kind.text);
  if (is_xid) {
    text = "Xid " + std::to_string(event.data) + ": " + std::string(meaning.meaning);
    set(record.attributes, arena, "hw.gpu.xid.code", Value::of(static_cast<std::int64_t>(event.data)));
    add("hw.gpu.xid.meaning", meaning.meaning);
    add("hw.gpu.xid.cause", meaning.cause);
    add("hw.gpu.xid.action", meaning.action);
  }
  if (event.gpu_instance != nvml_no_instance)
    set(record.attributes, arena, "hw.gpu.mig.instance", Value::of(static_cast<std::int64_t>(event.gpu_instance)));
  record.body = Value::of(arena.copy("GPU " + std::to_string(gpu.identity.index) + ": " + text));
  add_processes(gpu, record.attributes, resource.resource.attributes, arena);
  return batch;
}

// Whom it concerns: what runs there. If all of it is one container's, the record is its, too.
void GpuEvents::add_processes(const Gpu& gpu, Attributes& record, Attributes& resource, Arena& arena) {
  const std::vector<NvmlProcess> processes = running_processes(nvml_, gpu.handle);
  if (processes.empty()) return;
  List<Value> ids;
  const ProcessOwner first = owners_.owner_of(processes.front().process);
  bool is_one = true;
  for (const NvmlProcess& process : processes) {
    if (ids.size() < processes_max) ids.push(arena, Value::of(static_cast<std::int64_t>(process.process)));
    is_one = is_one && owners_.owner_of(process.process).container == first.container;
  }
  set(record, arena, "process.pids", Value::of(ids));
  if (is_one && !first.container.empty()) set(resource, arena, "container.id", Value::of(arena.copy(first.container)));
  if (is_one && !first.pod_uid.empty()) set(resource, arena, "k8s.pod.uid", Value::of(arena.copy(first.pod_uid)));
}

}  // namespace rankwire::nvidia_gpu
