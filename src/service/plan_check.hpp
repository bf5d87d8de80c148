// The rules about a configuration as a whole: every reference leads to a component that can do what
// is asked of it, and connectors form no circle.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/types.hpp"
#include "service/plan.hpp"

namespace rankwire::service {

// A component named in a pipeline or in service::extensions.
struct Reference {
  config::ComponentId id;  // As written; the type may be an alias.
  std::string written;
  config::Place place;
  std::string path;
};

struct PipelineReferences {
  std::string id, path;
  config::Place place;
  Signal signal = Signal::logs;
  std::vector<Reference> receivers, processors, exporters;
};

struct References {
  std::vector<Reference> extensions;
  std::vector<PipelineReferences> pipelines;
};

// Fills in the plan's pipelines and started extensions, and puts its connectors in the order in
// which data reaches them.
void check_and_connect(const config::Node& root, const Registry& registry, const References& references, Plan& plan,
                       config::Diagnostics& diagnostics);

}  // namespace rankwire::service
