#include "service/plan.hpp"

#include <algorithm>
#include <set>

#include "service/plan_check.hpp"

namespace rankwire::service {
namespace {

using config::ComponentId;
using config::Diagnostics;
using config::Node;

template <class AnyFactory>
std::vector<std::string_view> spellings(const std::vector<AnyFactory>& factories) {
  std::vector<std::string_view> all;
  for (const AnyFactory& factory : factories) {
    all.push_back(factory.info.type);
    for (const std::string& alias : factory.info.aliases) all.push_back(alias);
  }
  return all;
}

// "otlp_grpc is an exporter" when a type is configured in the wrong section.
std::string other_kind(const Registry& registry, const std::string& type) {
  if (registry.receiver(type) != nullptr) return "\"" + type + "\" is a receiver";
  if (registry.processor(type) != nullptr) return "\"" + type + "\" is a processor";
  if (registry.exporter(type) != nullptr) return "\"" + type + "\" is an exporter";
  if (registry.connector(type) != nullptr) return "\"" + type + "\" is a connector";
  if (registry.extension(type) != nullptr) return "\"" + type + "\" is an extension";
  return {};
}

// One section of components; `lookup` finds a factory by any spelling of its type.
template <class AnyFactory, class Lookup>
void read_components(const Node& root, const std::string& section, const std::string& noun, const Registry& registry,
                     const std::vector<AnyFactory>& factories, Lookup lookup, Diagnostics& diagnostics,
                     std::vector<Planned<AnyFactory>>& into) {
  const Node* node = root.find(section);
  if (node == nullptr || node->is_null()) return;
  if (!node->is_map()) {
    diagnostics.error(node->place(), section, "must be a map from ids to settings");
    return;
  }
  for (const auto& [key, settings] : node->entries()) {
    const std::string path = section + "::" + key;
    auto id = ComponentId::parse(key);
    if (!id) {
      diagnostics.error(settings.key_place(), path, id.error().message());
      continue;
    }
    const AnyFactory* factory = lookup(id->type);
    if (factory == nullptr) {
      std::string suggestion = other_kind(registry, id->type);
      if (suggestion.empty()) suggestion = config::suggest(id->type, spellings(factories));
      diagnostics.error(settings.key_place(), path, "unknown " + noun + " type \"" + id->type + "\"", suggestion);
      continue;
    }
    const ComponentId canonical{factory->info.type, id->name};
    if (const auto* same = find(into, canonical)) {
      diagnostics.error(settings.key_place(), path, "configures \"" + same->written + "\" a second time");
      continue;
    }
    AnyConfig parsed = factory->parse(settings, path, diagnostics);
    into.push_back({canonical, key, factory, std::move(parsed), settings});
  }
}

void check_keys(const Node& node, const std::string& path, const std::vector<std::string_view>& allowed,
                Diagnostics& diagnostics) {
  for (const auto& [key, value] : node.entries()) {
    if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
    diagnostics.error(value.key_place(), path.empty() ? key : path + "::" + key, "unknown key \"" + key + "\"",
                      config::suggest(key, allowed));
  }
}

// `node` as a list of references, each with where it was written.
std::vector<Reference> read_references(const Node* node, const std::string& path, Diagnostics& diagnostics) {
  std::vector<Reference> all;
  if (node == nullptr || node->is_null()) return all;
  if (!node->is_sequence()) {
    diagnostics.error(node->place(), path, "must be a list of component ids");
    return all;
  }
  for (const Node& item : node->items()) {
    auto id = item.is_scalar() ? ComponentId::parse(item.text())
                               : Result<ComponentId>(Error(ErrorKind::invalid, "must be a component id"));
    if (id)
      all.push_back({std::move(*id), item.text(), item.place(), path});
    else
      diagnostics.error(item.place(), path, id.error().message());
  }
  return all;
}

void read_pipelines(const Node& service, Diagnostics& diagnostics, References& references) {
  const Node* pipelines = service.find("pipelines");
  if (pipelines == nullptr || !pipelines->is_map() || pipelines->entries().empty()) {
    const auto& place = pipelines != nullptr ? pipelines->place() : service.place();
    diagnostics.error(place, "service::pipelines", "must have at least one pipeline");
    return;
  }
  for (const auto& [key, node] : pipelines->entries()) {
    const std::string path = "service::pipelines::" + key;
    const auto id = ComponentId::parse(key);
    const std::vector<std::string_view> names = {"logs", "metrics", "traces"};
    const auto signal = id ? std::find(names.begin(), names.end(), id->type) : names.end();
    if (signal == names.end()) {
      diagnostics.error(node.key_place(), path,
                        "a pipeline is named logs, metrics or traces, or one of them with /name",
                        config::suggest(id ? id->type : key, names));
      continue;
    }
    if (!node.is_map()) {
      diagnostics.error(node.key_place(), path, "must be a map with receivers and exporters");
      continue;
    }
    check_keys(node, path, {"receivers", "processors", "exporters"}, diagnostics);
    PipelineReferences one;
    one.id = key;
    one.path = path;
    one.place = node.key_place();
    one.signal = all_signals[signal - names.begin()];
    one.receivers = read_references(node.find("receivers"), path + "::receivers", diagnostics);
    one.processors = read_references(node.find("processors"), path + "::processors", diagnostics);
    one.exporters = read_references(node.find("exporters"), path + "::exporters", diagnostics);
    references.pipelines.push_back(std::move(one));
  }
}

}  // namespace

Plan plan(const Node& root, const Registry& registry, Diagnostics& diagnostics) {
  Plan plan;
  if (!root.is_map()) {
    diagnostics.error(root.place(), "", "the configuration is empty",
                      "it needs receivers, exporters and service::pipelines");
    return plan;
  }
  check_keys(root, "", {"receivers", "processors", "exporters", "connectors", "extensions", "service"}, diagnostics);
  read_components(
      root, "receivers", "receiver", registry, registry.receivers(),
      [&](auto& type) { return registry.receiver(type); }, diagnostics, plan.receivers);
  read_components(
      root, "processors", "processor", registry, registry.processors(),
      [&](auto& type) { return registry.processor(type); }, diagnostics, plan.processors);
  read_components(
      root, "exporters", "exporter", registry, registry.exporters(),
      [&](auto& type) { return registry.exporter(type); }, diagnostics, plan.exporters);
  read_components(
      root, "connectors", "connector", registry, registry.connectors(),
      [&](auto& type) { return registry.connector(type); }, diagnostics, plan.connectors);
  read_components(
      root, "extensions", "extension", registry, registry.extensions(),
      [&](auto& type) { return registry.extension(type); }, diagnostics, plan.extensions);
  const Node* service = root.find("service");
  if (service == nullptr || !service->is_map()) {
    diagnostics.error(service != nullptr ? service->place() : root.place(), "service", "must be a map with pipelines");
    return plan;
  }
  check_keys(*service, "service", {"telemetry", "extensions", "pipelines"}, diagnostics);
  if (const Node* telemetry = service->find("telemetry"); telemetry != nullptr && !telemetry->is_null())
    plan.telemetry = config::read<TelemetrySettings>(*telemetry, "service::telemetry", diagnostics);
  References references;
  references.extensions = read_references(service->find("extensions"), "service::extensions", diagnostics);
  read_pipelines(*service, diagnostics, references);
  check_and_connect(root, registry, references, plan, diagnostics);
  return plan;
}

}  // namespace rankwire::service
