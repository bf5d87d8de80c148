#include "service/service.hpp"

#include <malloc.h>

#include <atomic>

#include "service/runtime.hpp"
#include "service/self_telemetry.hpp"

namespace rankwire::service {
namespace {

void reclaim_memory(BufferPool& buffers) {
  buffers.trim();
  ::malloc_trim(0);
}

}  // namespace

struct Service::State {
  State(Environment& environment, ServiceOptions options, Host& host)
      : environment(environment),
        options(options),
        resident(environment.files),
        budget(std::make_shared<MemoryBudget>(
            environment.clock, room, [this] { return resident.read(); },
            [buffers = environment.buffers] { reclaim_memory(*buffers); })),
        engine{environment, host, budget, room},
        runtime(engine),
        figures(register_process_figures(environment, resident, budget)) {}

  MemoryLimit default_limit() {
    const Bytes limit =
        options.memory_limit.count != 0 ? options.memory_limit : default_memory_limit(environment.files);
    return {limit, Bytes{limit.count / 5}, std::chrono::seconds(1)};
  }

  // The metrics endpoint of `plan`; the one that runs stays if it is the same.
  Result<void> serve(const Plan& plan) {
    const auto wanted = options.serves_metrics ? plan.telemetry.metrics.endpoint() : std::nullopt;
    const bool is_same = endpoint && wanted && wanted->host == served.host && wanted->port == served.port;
    if (is_same) return {};
    if (!wanted) {
      endpoint.reset();
      return {};
    }
    auto started = serve_metrics(*wanted, environment);
    if (!started) return std::move(started).error();
    endpoint = std::move(*started);
    served = *wanted;
    return {};
  }

  Deadline drain() const { return Deadline::after(environment.clock, options.reload_drain); }

  Environment& environment;
  const ServiceOptions options;
  RoomSignal room;
  const ResidentMemory resident;
  const std::shared_ptr<MemoryBudget> budget;
  Engine engine;
  Runtime runtime;
  const std::vector<std::shared_ptr<void>> figures;
  std::unique_ptr<MetricsEndpoint> endpoint;
  PrometheusReader served;
  std::optional<Plan> plan;  // What runs.
  std::atomic<bool> is_ready{false};
};

Service::Service(Environment& environment, ServiceOptions options)
    : state_(std::make_unique<State>(environment, options, *this)) {}

Service::~Service() { stop(Deadline{state_->environment.clock.now()}); }

Result<void> Service::start(Plan plan) {
  State& s = *state_;
  RANKWIRE_TRY(s.serve(plan));
  if (Result<void> applied = s.runtime.apply(plan, s.default_limit(), s.drain()); !applied) {
    s.runtime.stop(s.drain());
    s.endpoint.reset();
    return applied;
  }
  s.plan = std::move(plan);
  s.is_ready = true;
  s.environment.log.info("everything is running",
                         {{"pipelines", s.plan->pipelines.size()}, {"memory_limit_bytes", s.budget->limit().count}});
  return {};
}

Result<void> Service::reload(Plan plan) {
  State& s = *state_;
  if (!s.plan) return start(std::move(plan));
  Result<void> applied = s.serve(plan);
  if (applied) applied = s.runtime.apply(plan, s.default_limit(), s.drain());
  if (applied) {
    s.plan = std::move(plan);
    s.is_ready = true;
    s.environment.log.info("the new configuration is running", {{"pipelines", s.plan->pipelines.size()}});
    return {};
  }
  s.environment.log.error("the new configuration cannot start; the old one is put back",
                          {{"error", applied.error().message()}});
  Result<void> restored = s.serve(*s.plan);
  if (restored) restored = s.runtime.apply(*s.plan, s.default_limit(), s.drain());
  if (!restored) {
    s.is_ready = false;
    s.environment.log.error("the old configuration cannot start any more", {{"error", restored.error().message()}});
  }
  return applied;
}

void Service::stop(Deadline deadline) {
  State& s = *state_;
  s.is_ready = false;
  if (!s.plan) return;
  s.runtime.stop(deadline);
  s.plan.reset();
  s.endpoint.reset();
}

Extension* Service::extension(const config::ComponentId& id) { return state_->runtime.extension(id); }
std::vector<ComponentHealth> Service::health() { return state_->runtime.health(); }
bool Service::is_ready() { return state_->is_ready; }
std::uint16_t Service::metrics_port() const { return state_->endpoint ? state_->endpoint->port() : 0; }

void tune_allocator() {
  // Two arenas: one thread reads and works, others send. Eight per core, the default, keep what each
  // thread once needed.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 512 * 1024);
  // Fixed, because the default grows with what is freed and then batches fragment the heap.
  ::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
}

}  // namespace rankwire::service
