#include "service/assembly.hpp"

#include <algorithm>

namespace rankwire::service {
namespace {

std::size_t index_of(Signal signal) { return static_cast<std::size_t>(signal); }

bool contains(const std::vector<ComponentId>& ids, const ComponentId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Whether a value anywhere in `node` names one of the extensions: then the component uses it.
bool mentions(const config::Node& node, const std::set<std::string>& extensions) {
  if (extensions.empty()) return false;
  if (node.is_scalar()) return extensions.contains(node.text());
  for (const auto& item : node.items())
    if (mentions(item, extensions)) return true;
  for (const auto& [key, value] : node.entries())
    if (mentions(value, extensions)) return true;
  return false;
}

template <class PlannedOne>
bool is_same(const PlannedOne& a, const PlannedOne& b) {
  return a.id == b.id && a.written == b.written && a.node == b.node;
}

std::array<bool, 3> signals_fed_by(const Plan& plan, const ComponentId& source) {
  std::array<bool, 3> signals{};
  for (const PlannedPipeline& pipeline : plan.pipelines)
    if (contains(pipeline.receivers, source)) signals[index_of(pipeline.signal)] = true;
  return signals;
}

bool has_doors(const Doors& doors, const std::array<bool, 3>& signals) {
  for (std::size_t i = 0; i < doors.size(); ++i)
    if ((doors[i] != nullptr) != signals[i]) return false;
  return true;
}

Doors make_doors(const std::array<bool, 3>& signals, ComponentKind kind, const std::string& label, Engine& engine) {
  Doors doors;
  for (const Signal signal : all_signals) {
    if (!signals[index_of(signal)]) continue;
    doors[index_of(signal)] = std::make_unique<Door>(signal, kind, label, engine.surroundings(), engine.budget);
  }
  return doors;
}

// Making the next assembly, step by step.
class Assembler {
 public:
  Assembler(const Plan& plan, const Assembly& current, Engine& engine)
      : plan_(plan), current_(current), engine_(engine) {}

  Result<Assembly> assemble() {
    RANKWIRE_TRY(extensions());
    RANKWIRE_TRY(pipelines());
    RANKWIRE_TRY(exporters());
    RANKWIRE_TRY(connectors());
    RANKWIRE_TRY(receivers());
    next_.wiring = std::move(wiring_);
    return std::move(next_);
  }

 private:
  ComponentContext context(const ComponentId& id) const { return {id, engine_.environment}; }

  Result<void> extensions() {
    for (const auto& running : current_.extensions) changed_extensions_.insert(running->planned.written);
    for (const ComponentId& id : plan_.started_extensions) {
      const auto* planned = find(plan_.extensions, id);
      const auto kept = std::find_if(current_.extensions.begin(), current_.extensions.end(),
                                     [&](const auto& running) { return is_same(running->planned, *planned); });
      if (kept != current_.extensions.end()) {
        next_.extensions.push_back(*kept);
        changed_extensions_.erase(planned->written);
        continue;
      }
      auto created = planned->factory->create(planned->config, context(id));
      if (!created) return std::move(created).error().during("creating extension " + planned->written);
      auto running = std::make_shared<RunningExtension>(RunningExtension{*planned, std::move(*created), false});
      next_.extensions.push_back(std::move(running));
    }
    return {};
  }

  Result<void> pipelines() {
    for (const PlannedPipeline& planned : plan_.pipelines) {
      auto running = std::make_shared<RunningPipeline>();
      running->planned = planned;
      for (const ComponentId& id : planned.processors)
        running->processor_nodes.push_back(find(plan_.processors, id)->node);
      const auto before = current_.pipelines.find(planned.id);
      if (before != current_.pipelines.end() && has_same_processors(*before->second, *running)) {
        running->processors = before->second->processors;
        running->are_processors_started = before->second->are_processors_started;
        running->pipeline = before->second->pipeline;
        running->destinations = before->second->destinations;
        const bool is_unchanged = before->second->planned.exporters == planned.exporters;
        if (!is_unchanged) running->destinations.clear();
      } else {
        RANKWIRE_TRY(create_processors(*running));
      }
      collect_settings(*running);
      next_.pipelines.emplace(planned.id, std::move(running));
    }
    return {};
  }

  bool has_same_processors(const RunningPipeline& before, const RunningPipeline& now) const {
    if (before.planned.signal != now.planned.signal || before.planned.processors != now.planned.processors ||
        before.processor_nodes != now.processor_nodes)
      return false;
    return std::none_of(now.processor_nodes.begin(), now.processor_nodes.end(),
                        [this](const config::Node& node) { return mentions(node, changed_extensions_); });
  }

  Result<void> create_processors(RunningPipeline& running) {
    std::vector<ProcessorChain::Step> steps;
    for (const ComponentId& id : running.planned.processors) {
      const auto* planned = find(plan_.processors, id);
      auto created = planned->factory->create(planned->config, context(id));
      if (!created) return std::move(created).error().during("creating processor " + planned->written);
      steps.push_back({planned->written, std::move(*created)});
    }
    running.processors = std::make_shared<ProcessorChain>(std::move(steps), running.planned.signal, running.planned.id,
                                                          engine_.environment);
    return {};
  }

  // What memory_limiter and batch mean for the process and for the exporters of the pipeline.
  void collect_settings(const RunningPipeline& running) {
    for (const auto& step : running.processors->steps()) {
      if (const auto limit = step.processor->memory_limit()) {
        if (!next_.memory_limit || limit->limit < next_.memory_limit->limit) next_.memory_limit = limit;
      }
      const auto batch = step.processor->batch_policy();
      if (!batch) continue;
      for (const ComponentId& id : running.planned.exporters) {
        auto& slot = wiring_[id].batch[index_of(running.planned.signal)];
        if (slot) continue;
        slot = batch;
        wiring_[id].batch_processor[index_of(running.planned.signal)] = step.label;
      }
    }
    for (const ComponentId& id : running.planned.exporters)
      wiring_[id].is_used[index_of(running.planned.signal)] = true;
  }

  Result<void> exporters() {
    for (const auto& planned : plan_.exporters) {
      const auto used = wiring_.find(planned.id);
      if (used == wiring_.end()) continue;
      const auto before = current_.exporters.find(planned.id);
      if (before != current_.exporters.end() && is_same(before->second->planned, planned) &&
          batches_agree(before->second->wiring, used->second) && !mentions(planned.node, changed_extensions_)) {
        next_.exporters.emplace(planned.id, before->second);
        continue;
      }
      auto created = planned.factory->create(planned.config, context(planned.id));
      if (!created) return std::move(created).error().during("creating exporter " + planned.written);
      auto running = std::make_shared<RunningExporter>();
      running->planned = planned;
      running->exporter = std::move(*created);
      running->wiring = used->second;
      next_.exporters.emplace(planned.id, std::move(running));
    }
    return {};
  }

  static bool batches_agree(const ExporterWiring& before, const ExporterWiring& now) {
    for (std::size_t i = 0; i < now.is_used.size(); ++i)
      if (before.is_used[i] && now.is_used[i] &&
          (before.batch[i] != now.batch[i] || before.batch_processor[i] != now.batch_processor[i]))
        return false;
    return true;
  }

  Result<void> connectors() {
    for (const auto& planned : plan_.connectors) {
      const auto signals = signals_fed_by(plan_, planned.id);
      if (signals == std::array<bool, 3>{}) continue;
      RunningConnector* before = current_.connector(planned.id);
      if (before != nullptr && is_same(before->planned, planned) && has_doors(before->doors, signals) &&
          !mentions(planned.node, changed_extensions_)) {
        for (const auto& running : current_.connectors)
          if (running.get() == before) next_.connectors.push_back(running);
        continue;
      }
      auto running = std::make_shared<RunningConnector>();
      running->planned = planned;
      running->doors = make_doors(signals, ComponentKind::connector, planned.written, engine_);
      auto created = planned.factory->create(planned.config, context(planned.id), intakes_of(running->doors));
      if (!created) return std::move(created).error().during("creating connector " + planned.written);
      running->connector = std::move(*created);
      next_.connectors.push_back(std::move(running));
    }
    return {};
  }

  Result<void> receivers() {
    for (const auto& planned : plan_.receivers) {
      const auto signals = signals_fed_by(plan_, planned.id);
      if (signals == std::array<bool, 3>{}) continue;
      const auto before = current_.receivers.find(planned.id);
      if (before != current_.receivers.end() && is_same(before->second->planned, planned) &&
          has_doors(before->second->doors, signals) && !mentions(planned.node, changed_extensions_)) {
        next_.receivers.emplace(planned.id, before->second);
        continue;
      }
      auto running = std::make_shared<RunningReceiver>();
      running->planned = planned;
      running->doors = make_doors(signals, ComponentKind::receiver, planned.written, engine_);
      auto created = planned.factory->create(planned.config, context(planned.id), intakes_of(running->doors));
      if (!created) return std::move(created).error().during("creating receiver " + planned.written);
      running->receiver = std::move(*created);
      next_.receivers.emplace(planned.id, std::move(running));
    }
    return {};
  }

  const Plan& plan_;
  const Assembly& current_;
  Engine& engine_;
  Assembly next_;
  std::set<std::string> changed_extensions_;  // Replaced or gone: whoever names one starts again.
  std::map<ComponentId, ExporterWiring> wiring_;
};

}  // namespace

RunningConnector* Assembly::connector(const ComponentId& id) const {
  for (const auto& running : connectors)
    if (running->planned.id == id) return running.get();
  return nullptr;
}

Result<Assembly> assemble(const Plan& plan, const Assembly& current, Engine& engine) {
  return Assembler(plan, current, engine).assemble();
}

PipelineSet fed_by(const Assembly& assembly, const ComponentId& source, Signal signal) {
  PipelineSet pipelines;
  for (const auto& [id, running] : assembly.pipelines)
    if (running->planned.signal == signal && contains(running->planned.receivers, source))
      pipelines.push_back(running->pipeline);
  return pipelines;
}

void build_pipelines(Assembly& assembly, Engine& engine) {
  for (const auto& [id, running] : assembly.pipelines) {
    const PlannedPipeline& planned = running->planned;
    std::vector<const void*> destinations;
    std::vector<std::shared_ptr<Outlet>> outlets;
    for (const ComponentId& to : planned.exporters) {
      if (RunningConnector* connector = assembly.connector(to)) {
        destinations.push_back(connector);
        std::vector<Door*> doors;
        for (const auto& door : connector->doors)
          if (door) doors.push_back(door.get());
        outlets.push_back(std::make_shared<ConnectorOutlet>(
            *connector->connector, std::move(doors), engine.accounting,
            FlowCounter(engine.environment.counters, "otelcol_connector_consumed_items",
                        "Records handed to the connector.",
                        component_labels(ComponentKind::connector, connector->planned.written, planned.signal))));
      } else {
        const auto& exporter = assembly.exporters.at(to);
        destinations.push_back(exporter.get());
        outlets.push_back(exporter->outlet(planned.signal));
      }
    }
    if (running->pipeline && running->destinations == destinations) continue;
    running->destinations = std::move(destinations);
    running->pipeline = std::make_shared<const Pipeline>(planned.id, planned.signal, running->processors,
                                                         std::move(outlets), engine.surroundings());
  }
}

}  // namespace rankwire::service
