// What runs, and the way from one plan to the next. Used by one thread at a time, except where said.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "service/assembly.hpp"

namespace rankwire::service {

class Runtime {
 public:
  explicit Runtime(Engine& engine) : engine_(engine) {}

  // Starts, replaces and stops until the plan runs. After a failure what still runs is a part of
  // what ran before, and another plan may be applied. `default_limit` is for plans without a limiter.
  Result<void> apply(const Plan& plan, const MemoryLimit& default_limit, Deadline drain);
  void stop(Deadline deadline);

  Extension* extension(const ComponentId& id);  // Any thread.
  std::vector<ComponentHealth> health();        // Any thread.

 private:
  void stop_replaced(const Assembly& next, Deadline drain);
  void stop_replaced_receivers(const Assembly& next, Deadline drain);
  Result<void> start_new(Assembly& next);
  void open_doors(const Assembly& next, Deadline drain);
  Result<void> start_receivers(const Assembly& next);
  void stop_removed(const Assembly& next, Deadline drain);
  void unwind(Assembly& next, Deadline drain);
  void publish(Assembly assembly);
  void close_doors_to(const std::vector<const void*>& destinations, Deadline drain);
  void stop_replaced_connectors(const Assembly& next, bool are_exporters_replaced, Deadline drain);
  Deadline half_of(Deadline deadline) const;
  struct DoorOf;
  template <class Visit>
  static void each_door(const RunningConnector& connector, Visit visit);
  template <class Visit>
  static void each_door(const Assembly& assembly, Visit visit);

  Engine& engine_;
  Assembly current_;  // Used by the thread that applies plans.
  // Queues of exporters that a reload replaces, until their successors take them.
  std::map<ComponentId, RunningExporter::Queues> handed_;
  // Of pipelines that deliveries had not left in time; stopped with the service.
  std::vector<std::shared_ptr<ProcessorChain>> retired_;
  std::set<const ProcessorChain*> busy_;  // Chains that deliveries may still be inside of.
  std::mutex published_mutex_;
  Assembly published_;  // What other threads may look at. Guarded by published_mutex_.
};

}  // namespace rankwire::service
