// A set of running parts, and how to get from one set to the next: parts that are unchanged are
// shared by both, new ones are made without side effects.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "service/engine.hpp"
#include "service/plan.hpp"
#include "service/running.hpp"

namespace rankwire::service {

using config::ComponentId;

struct Assembly {
  std::vector<std::shared_ptr<RunningExtension>> extensions;  // In the order of starting.
  std::map<ComponentId, std::shared_ptr<RunningExporter>> exporters;
  std::vector<std::shared_ptr<RunningConnector>> connectors;          // What feeds another comes first.
  std::map<std::string, std::shared_ptr<RunningPipeline>> pipelines;  // By the keys of their segments.
  std::map<ComponentId, std::shared_ptr<RunningReceiver>> receivers;
  std::map<ComponentId, ExporterWiring> wiring;  // What the pipelines ask of the exporters.
  std::optional<MemoryLimit> memory_limit;       // Of the memory_limiter, if there is one.

  std::shared_ptr<RunningConnector> connector(const ComponentId& id) const;  // Null if there is none.
};

// Creates what `plan` needs and `current` has not. Nothing is started or changed by a failure.
Result<Assembly> assemble(const Plan& plan, const Assembly& current, Engine& engine);

// Makes the pipeline of each entry that has none, or whose destinations changed, from started parts.
void build_pipelines(Assembly& assembly, Engine& engine);

// The pipelines that a receiver or connector feeds with a signal; of those named, if any are.
PipelineSet fed_by(const Assembly& assembly, const ComponentId& source, Signal signal,
                   const std::vector<std::string>& named = {});

}  // namespace rankwire::service
