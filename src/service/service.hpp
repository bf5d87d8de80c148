// The engine: runs a plan. One object for the life of the process; `app` makes it.
//
//   Plan plan = service::plan(root, registry, diagnostics);   // Check diagnostics.
//   Service service(environment);
//   RANKWIRE_TRY(service.start(std::move(plan)));
//   … on a change of the file: service.reload(new plan) …
//   service.stop(Deadline::after(clock, std::chrono::seconds(30)));
#pragma once

#include <memory>
#include <vector>

#include "component/component.hpp"
#include "service/plan.hpp"

namespace rankwire::service {

struct ServiceOptions {
  // How long a component that a reload replaces may take to hand on what it holds.
  Duration reload_drain = std::chrono::seconds(10);
  // Of the whole process when no memory_limiter is configured; 0: a quarter of the memory that the
  // cgroup (or else the machine) has, at most 512 MiB.
  Bytes memory_limit{0};
  bool serves_metrics = true;
};

class Service final : public Host {
 public:
  // The environment outlives the service.
  explicit Service(Environment& environment, ServiceOptions options = {});
  ~Service() override;  // Stops at once what still runs.

  // Extensions first, receivers last. On failure everything that had started is stopped again.
  Result<void> start(Plan plan);
  // Changes what differs from what runs; everything else keeps running with what it holds. If the
  // new plan cannot start, the old one is put back and the error says which component failed. If
  // that cannot start either, only a part of it runs: `is_ready` is false until another plan does.
  Result<void> reload(Plan plan);
  // Receivers first, then what they feed, exporters last. Returns by the deadline: what memory
  // queues still hold then is given back to replayable sources unsettled.
  void stop(Deadline deadline);

  Extension* extension(const config::ComponentId& id) override;
  std::vector<ComponentHealth> health() override;
  bool is_ready() override;
  // Where /metrics is served; 0: nowhere.
  std::uint16_t metrics_port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Fewer malloc arenas, eager return of free memory: call once, first thing in main.
void tune_allocator();

}  // namespace rankwire::service
