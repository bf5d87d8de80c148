// What runs of a plan: each pipeline, cut at the processors that hold data back. Such a processor ends one segment
// and starts the next as a connector does, with one instance for each pipeline.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "service/plan.hpp"

namespace rankwire::service {

// A part of a pipeline that a batch runs through on one thread.
struct Segment {
  // The pipeline's id; of what follows a holding processor "traces after tail_sampling/x".
  std::string key;
  std::string pipeline;  // For labels.
  Signal signal = Signal::logs;
  // Canonical ids. A holder's is made by `holder_id`.
  std::vector<config::ComponentId> receivers, processors, exporters;
};

// An instance of a holding processor. Its name has spaces in it, which no id that a user writes has.
config::ComponentId holder_id(const config::ComponentId& processor, const std::string& pipeline);

struct Holder {
  config::ComponentId id;
  const Planned<ProcessorFactory>* planned;  // In the plan.
  std::string pipeline;
  Signal signal = Signal::logs;
};

struct Segments {
  std::vector<Segment> all;  // Of one pipeline in order.
  // Connectors and holders; what feeds another comes first.
  std::vector<std::variant<const Planned<ConnectorFactory>*, Holder>> between;
};

// The plan outlives what is returned and is without errors.
Segments segments_of(const Plan& plan);

}  // namespace rankwire::service
