#include "service/connector_check.hpp"

#include <algorithm>
#include <set>

namespace rankwire::service {
namespace {

using config::Node;

struct End {
  const Reference* reference;
  Signal signal;
};

std::string listed(const std::vector<Signal>& signals) {
  std::string text;
  for (const Signal signal : signals) text += (text.empty() ? "" : ", ") + std::string(to_string(signal));
  return text;
}

std::string pairs_of(const ComponentInfo& info) {
  std::string text;
  for (const Signal from : info.signals)
    text += (text.empty() ? "" : ", ") + listed(info.given(from)) + " of " + std::string(to_string(from));
  return "it makes " + text;
}

// Where a text was written; the node's own place if it is nowhere in it.
const Node* find_text(const Node& node, const std::string& text) {
  if (node.is_scalar()) return node.text() == text ? &node : nullptr;
  for (const Node& item : node.items())
    if (const Node* found = find_text(item, text)) return found;
  for (const auto& [key, value] : node.entries())
    if (const Node* found = find_text(value, text)) return found;
  return nullptr;
}

class ConnectorCheck {
 public:
  ConnectorCheck(const Planned<ConnectorFactory>& connector, const Plan& plan, config::Diagnostics& diagnostics)
      : connector_(connector), plan_(plan), diagnostics_(diagnostics) {}

  void add_ends(const Registry& registry, const PipelineReferences& pipeline) {
    for (const auto* side : {&pipeline.exporters, &pipeline.receivers})
      for (const Reference& reference : *side)
        if (registry.connector(reference.id.type) == connector_.factory && reference.id.name == connector_.id.name)
          (side == &pipeline.exporters ? fed_ : feeds_).push_back({&reference, pipeline.signal});
  }

  void signals() const {
    if (fed_.empty() || feeds_.empty()) return;  // Reported by others.
    const ComponentInfo& info = connector_.factory->info;
    for (const End& end : fed_) {
      const std::vector<Signal> given = info.given(end.signal);
      if (given.empty() || std::any_of(given.begin(), given.end(), [this](Signal s) { return is_wanted(s); })) continue;
      diagnostics_.error(end.reference->place, end.reference->path,
                         "\"" + connector_.written + "\" makes " + listed(given) + " of " +
                             std::string(to_string(end.signal)) + ", but no pipeline of " + listed(given) +
                             " has it as a receiver");
    }
    for (const End& end : feeds_) {
      const bool is_made = std::any_of(fed_.begin(), fed_.end(), [&](const End& from) {
        const std::vector<Signal> given = info.given(from.signal);
        return std::find(given.begin(), given.end(), end.signal) != given.end();
      });
      if (!is_made)
        diagnostics_.error(
            end.reference->place, end.reference->path,
            "\"" + connector_.written + "\" makes no " + std::string(to_string(end.signal)) + " of what it gets here",
            pairs_of(info));
    }
  }

  void names() const {
    if (!connector_.factory->named_pipelines || !connector_.config) return;
    std::set<std::string> named;
    for (const std::string& id : connector_.factory->named_pipelines(connector_.config))
      if (named.insert(id).second) name(id);
    if (named.empty()) return;
    for (const PlannedPipeline& pipeline : plan_.pipelines)
      if (has_it(pipeline) && !named.contains(pipeline.id))
        diagnostics_.warning(
            connector_.node.key_place(), path(),
            "does not name pipeline \"" + pipeline.id + "\", which has it as a receiver and gets nothing from it");
  }

 private:
  bool is_wanted(Signal signal) const {
    return std::any_of(feeds_.begin(), feeds_.end(), [&](const End& end) { return end.signal == signal; });
  }
  bool has_it(const PlannedPipeline& pipeline) const {
    return std::find(pipeline.receivers.begin(), pipeline.receivers.end(), connector_.id) != pipeline.receivers.end();
  }
  std::string path() const { return "connectors::" + connector_.written; }

  void name(const std::string& id) const {
    const Node* written = find_text(connector_.node, id);
    const config::Place& place = written != nullptr ? written->place() : connector_.node.key_place();
    std::vector<std::string_view> known;
    for (const PlannedPipeline& pipeline : plan_.pipelines) {
      known.emplace_back(pipeline.id);
      if (pipeline.id != id) continue;
      if (!has_it(pipeline))
        diagnostics_.error(
            place, path(),
            "names pipeline \"" + id + "\", which does not have \"" + connector_.written + "\" as a receiver",
            "add it to service::pipelines::" + id + "::receivers");
      return;
    }
    diagnostics_.error(place, path(), "names pipeline \"" + id + "\", which is not configured",
                       config::suggest(id, known));
  }

  const Planned<ConnectorFactory>& connector_;
  const Plan& plan_;
  config::Diagnostics& diagnostics_;
  std::vector<End> fed_, feeds_;  // Pipelines that it is an exporter of, and a receiver of.
};

}  // namespace

void check_connectors(const Registry& registry, const References& references, const Plan& plan,
                      config::Diagnostics& diagnostics) {
  for (const auto& connector : plan.connectors) {
    ConnectorCheck check(connector, plan, diagnostics);
    for (const PipelineReferences& pipeline : references.pipelines) check.add_ends(registry, pipeline);
    check.signals();
    check.names();
  }
}

}  // namespace rankwire::service
