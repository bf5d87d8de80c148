// `rankwire components`: what is in this binary, in the shape of the Collector's listing (which
// leaves out components that have an alias; ours lists them all), as a short table, or with every key.
#include <iomanip>
#include <map>
#include <ostream>

#include "app/commands.hpp"
#include "app/components.hpp"
#include "config/fields.hpp"
#include "config/node.hpp"
#include "service/telemetry_settings.hpp"

namespace rankwire::app {
namespace {

using config::Node;

Node text(std::string value) { return Node::scalar(std::move(value), {}, true); }

Node entry(const ComponentInfo& info, bool is_connector) {
  std::vector<Node::Entry> fields{{"name", text(info.type)}, {"description", text(info.summary)}};
  std::vector<Node> aliases;
  for (const std::string& alias : info.aliases) aliases.push_back(text(alias));
  if (!aliases.empty()) fields.emplace_back("aliases", Node::sequence(std::move(aliases), {}));
  const std::string stability(to_string(info.stability));
  std::vector<Node::Entry> by_signal;
  for (const Signal signal : info.signals) {
    std::string from(to_string(signal));
    if (!is_connector) by_signal.emplace_back(from, text(stability));
    if (is_connector)
      for (const Signal to : info.given(signal))
        by_signal.emplace_back(from + "-to-" + std::string(to_string(to)), text(stability));
  }
  if (by_signal.empty()) by_signal.emplace_back("extension", text(stability));
  fields.emplace_back("stability", Node::map(std::move(by_signal), {}));
  return Node::map(std::move(fields), {});
}

struct Group {
  const char* name;
  std::vector<ComponentInfo> components;
  std::vector<std::vector<config::FieldInfo>> fields;  // Of each component, in the same order.
};

template <class Factories>
Group group(const char* name, const Factories& factories) {
  std::map<std::string, std::size_t> by_type;
  for (std::size_t i = 0; i < factories.size(); ++i) by_type.emplace(factories[i].info.type, i);
  Group result{name, {}, {}};
  for (const auto& [type, index] : by_type) {
    result.components.push_back(factories[index].info);
    result.fields.push_back(factories[index].describe());
  }
  return result;
}

// The keys of `service`, for documentation.
struct PipelineKeys {
  std::vector<std::string> receivers, processors, exporters;

  void fields(config::Fields& f) {
    f.field("receivers", receivers, "Receivers and connectors that feed it.");
    f.field("processors", processors, "In their order.");
    f.field("exporters", exporters, "Exporters and connectors that get everything.");
  }
};

struct ServiceKeys {
  service::TelemetrySettings telemetry;
  std::vector<std::string> extensions;
  std::vector<std::pair<std::string, PipelineKeys>> pipelines;

  void fields(config::Fields& f) {
    f.section("telemetry", telemetry, "The agent's log and metrics about itself.");
    f.field("extensions", extensions, "Those that are started, in their order.");
    f.named_sections("pipelines", pipelines, "By id: a signal, perhaps with a name.");
  }
};

void print_keys(const std::string& component, const std::vector<config::FieldInfo>& fields, std::ostream& out) {
  constexpr const char* support_names[] = {"supported", "ignored", "unsupported", "renamed"};
  for (const config::FieldInfo& field : fields)
    out << component << '\t' << field.path << '\t' << support_names[static_cast<int>(field.support)] << '\t'
        << field.type << '\t' << field.doc << '\n';
}

// A line a key, for programs: kind, component, key, what becomes of it, its type and why, with tabs between. Last come
// those of `service`, as if it were a component.
void print_fields(const std::vector<Group>& groups, std::ostream& out) {
  for (const Group& one : groups)
    for (std::size_t i = 0; i < one.components.size(); ++i)
      print_keys(std::string(one.name) + '\t' + one.components[i].type, one.fields[i], out);
  print_keys("service\tservice", config::Describer().describe<ServiceKeys>(), out);
}

void print_table(const std::vector<Group>& groups, std::ostream& out) {
  for (const Group& one : groups) {
    for (const ComponentInfo& info : one.components) {
      std::string name = info.type;
      for (const std::string& alias : info.aliases) name += ", " + alias;
      std::string signals;
      for (const Signal signal : info.signals) (signals += signals.empty() ? "" : " ") += to_string(signal);
      out << std::left << std::setw(11) << one.name << std::setw(28) << name << std::setw(21)
          << (signals.empty() ? "-" : signals) << std::setw(12) << to_string(info.stability) << info.summary << '\n';
    }
  }
}

}  // namespace

ExitCode list_components(const std::string& format, const Output& output) {
  const Registry registry = built_in_components();
  const std::vector<Group> groups{group("receivers", registry.receivers()), group("processors", registry.processors()),
                                  group("exporters", registry.exporters()), group("connectors", registry.connectors()),
                                  group("extensions", registry.extensions())};
  if (format == "table") {
    print_table(groups, output.out);
    return ExitCode::ok;
  }
  if (format == "fields") {
    print_fields(groups, output.out);
    return ExitCode::ok;
  }
  std::vector<Node::Entry> build{{"command", text("rankwire")}, {"version", text(RANKWIRE_VERSION)}};
  std::vector<Node::Entry> all{{"buildinfo", Node::map(std::move(build), {})}};
  for (const Group& one : groups) {
    std::vector<Node> entries;
    for (const ComponentInfo& info : one.components)
      entries.push_back(entry(info, std::string_view(one.name) == "connectors"));
    all.emplace_back(one.name, Node::sequence(std::move(entries), {}));
  }
  output.out << config::to_yaml(Node::map(std::move(all), {}));
  return ExitCode::ok;
}

}  // namespace rankwire::app
