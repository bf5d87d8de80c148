// What a configuration asks for, checked as a whole before anything starts. A plan points into the
// registry it was made from, which outlives it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "component/factory.hpp"
#include "config/diagnostics.hpp"
#include "config/node.hpp"
#include "service/telemetry_settings.hpp"

namespace rankwire::service {

// One configured component. `id` carries the canonical type, so that both spellings of a type name
// the same component (and the same stored files); `written` is what the user wrote, for labels.
template <class AnyFactory>
struct Planned {
  config::ComponentId id;
  std::string written;
  const AnyFactory* factory = nullptr;
  AnyConfig config;
  config::Node node;  // As configured; compared at a reload.
};

struct PlannedPipeline {
  Signal signal = Signal::logs;
  std::string id;  // "logs", "traces/2".
  // Canonical ids; receivers and exporters may be connectors.
  std::vector<config::ComponentId> receivers, processors, exporters;
};

struct Plan {
  std::vector<Planned<ReceiverFactory>> receivers;
  std::vector<Planned<ProcessorFactory>> processors;
  std::vector<Planned<ExporterFactory>> exporters;
  std::vector<Planned<ConnectorFactory>> connectors;
  std::vector<Planned<ExtensionFactory>> extensions;
  std::vector<config::ComponentId> started_extensions;  // In the order of service::extensions.
  std::vector<PlannedPipeline> pipelines;
  TelemetrySettings telemetry;
};

// Null if there is none.
template <class AnyFactory>
const Planned<AnyFactory>* find(const std::vector<Planned<AnyFactory>>& all, const config::ComponentId& id) {
  for (const auto& one : all)
    if (one.id == id) return &one;
  return nullptr;
}

// Whether `id` is the id of an extension, in any spelling of its type.
inline bool is_named(const Planned<ExtensionFactory>& extension, const config::ComponentId& id) {
  const ComponentInfo& info = extension.factory->info;
  return id.name == extension.id.name &&
         (id.type == info.type || std::find(info.aliases.begin(), info.aliases.end(), id.type) != info.aliases.end());
}

// Every problem goes to `diagnostics`; the plan may be used only when it has no errors.
Plan plan(const config::Node& root, const Registry& registry, config::Diagnostics& diagnostics);

// The configuration with every default filled in; secrets as "[REDACTED]" unless `reveal_secrets`.
config::Node effective_config(const Plan& plan, bool reveal_secrets);

}  // namespace rankwire::service
