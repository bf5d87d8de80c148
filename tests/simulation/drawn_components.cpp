#include "drawn_components.hpp"

#include <algorithm>

#include "app/components.hpp"

namespace rankwire::simulation {
namespace {

struct Entry {
  std::string_view type;
  std::string_view settings;
};

constexpr Entry settings[] = {
    {"batch", "{timeout: 200ms, send_batch_size: 100}"},
    {"resource", "{attributes: [{key: cluster, value: east, action: upsert}]}"},
    {"attributes", "{actions: [{key: zone, value: z1, action: insert}]}"},
    {"filter", "{log_conditions: ['log.body == \"nobody writes this\"', 'log.severity_number > 24']}"},
    {"rate_limit", "{records_per_second: 1000000}"},
    {"transform", "{log_statements: ['set(log.attributes[\"seen\"], true) where log.body != nil']}"},
    {"memory_limiter", "{limit_mib: 64, spike_limit_mib: 16, check_interval: 100ms}"},
    {"debug", "{verbosity: detailed}"},
    {"health_check", "{endpoint: 'localhost:13133'}"},
    // Connectors; % is the pipeline behind.
    {"failover", "{priority_levels: [[%]]}"},
    {"routing",
     "{default_pipelines: [%], table: [{context: resource, condition: 'attributes[\"k8s.pod.name\"] == nil', "
     "pipelines: [%]}]}"},
};

std::string settings_of(std::string_view type) {
  for (const Entry& entry : settings)
    if (entry.type == type) return std::string(entry.settings);
  return "{}";
}

bool is_any(std::string_view type, std::initializer_list<std::string_view> of) {
  return std::find(of.begin(), of.end(), type) != of.end();
}

// Whether every signal goes through as it is.
bool passes_on(const ComponentInfo& info) {
  return std::all_of(std::begin(all_signals), std::end(all_signals),
                     [&](Signal signal) { return info.given(signal) == std::vector<Signal>{signal}; });
}

// Of processors for single signals the checks do not know yet what they may change.
bool is_drawable(const ProcessorFactory& factory) { return factory.info.signals.size() == std::size(all_signals); }

// A line of YAML, and ", NAME" behind the names.
void add(std::string& yaml, std::string& names, std::string_view type) {
  yaml.append("  ").append(type).append(": ").append(settings_of(type)).append("\n");
  names.append(", ").append(type);
}

}  // namespace

const Registry& registry() {
  static const Registry all = app::built_in_components();
  return all;
}

const std::vector<std::string>& all_components() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    const auto add_kind = [&](const char* kind, const auto& factories) {
      for (const auto& factory : factories) {
        if constexpr (requires { is_drawable(factory); })
          if (!is_drawable(factory)) continue;
        names.push_back(std::string(kind) + " " + factory.info.type);
      }
    };
    add_kind("receiver", registry().receivers());
    add_kind("processor", registry().processors());
    add_kind("exporter", registry().exporters());
    add_kind("connector", registry().connectors());
    add_kind("extension", registry().extensions());
    return names;
  }();
  return all;
}

std::uint64_t bits_of(const std::set<std::string>& names) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < all_components().size(); ++i)
    if (names.contains(all_components()[i])) bits |= std::uint64_t{1} << i;
  return bits;
}

DrawnComponents draw_components(Dice& dice, const Faults& faults) {
  DrawnComponents drawn;
  for (const auto& factory : registry().processors()) {
    const std::string& type = factory.info.type;
    if (type == "redaction") continue;  // First in every pipeline.
    if (!is_drawable(factory)) continue;
    const bool is_drawn = type == "memory_limiter" ? faults.is_on(Fault::memory_pressure) : dice.chance(0.25);
    if (!is_drawn) continue;
    std::string name;
    add(drawn.processors, name, type);
    for (const Signal signal : factory.info.signals) drawn.processor_names[static_cast<std::size_t>(signal)] += name;
    drawn.holds_back |= factory.holds_back();
    drawn.names.insert("processor " + type);
  }
  for (const auto& factory : registry().exporters()) {
    const std::string& type = factory.info.type;
    // These are destinations, whose arrivals are checked.
    if (is_any(type, {"otlp_http", "otlp_grpc", "file"}) || !dice.chance(0.1)) continue;
    add(drawn.exporters, drawn.exporter_names, type);
    drawn.names.insert("exporter " + type);
  }
  for (const auto& factory : registry().extensions()) {
    const std::string& type = factory.info.type;
    if (type == "file_storage" || !dice.chance(0.1)) continue;
    add(drawn.extensions, drawn.extension_names, type);
    drawn.names.insert("extension " + type);
  }
  std::vector<std::string> between;
  for (const auto& factory : registry().connectors()) {
    const std::string& type = factory.info.type;
    if (passes_on(factory.info))
      between.push_back(type);
    else if (dice.chance(0.1))
      drawn.aside.push_back(type);
  }
  if (dice.chance(0.3)) drawn.between = dice.one_of(between);
  if (!drawn.between.empty()) drawn.names.insert("connector " + drawn.between);
  return drawn;
}

std::string connector_settings(const std::string& type, const std::string& pipeline) {
  std::string yaml = settings_of(type);
  for (std::size_t at = 0; (at = yaml.find('%', at)) != std::string::npos; at += pipeline.size())
    yaml.replace(at, 1, pipeline);
  return yaml;
}

}  // namespace rankwire::simulation
