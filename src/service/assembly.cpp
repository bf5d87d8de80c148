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

template <class One, class Other>
bool is_same(const One& a, const Other& b) {
  return a.id == b.id && a.written == b.written && a.node == b.node;
}

std::array<bool, 3> signals_fed_by(const Segments& segments, const ComponentId& source) {
  std::array<bool, 3> signals{};
  for (const Segment& segment : segments.all)
    if (contains(segment.receivers, source)) signals[index_of(segment.signal)] = true;
  return signals;
}

NamedDoors::Fed pipelines_fed_by(const Segments& segments, const ComponentId& source) {
  NamedDoors::Fed fed;
  for (const Segment& segment : segments.all)
    if (contains(segment.receivers, source)) fed[index_of(segment.signal)].push_back(segment.key);
  return fed;
}

bool has_doors(const Doors& doors, const std::array<bool, 3>& signals) {
  for (std::size_t i = 0; i < doors.size(); ++i)
    if ((doors[i] != nullptr) != signals[i]) return false;
  return true;
}

Doors make_doors(const std::array<bool, 3>& signals, ComponentKind kind, const std::string& label, Engine& engine,
                 const std::string& pipeline = {}) {
  Doors doors;
  for (const Signal signal : all_signals) {
    if (!signals[index_of(signal)]) continue;
    doors[index_of(signal)] =
        std::make_unique<Door>(signal, kind, label, engine.surroundings(), engine.budget, pipeline);
  }
  return doors;
}

// The id of an extension in every spelling of its type.
std::vector<std::string> spellings(const Planned<ExtensionFactory>& extension) {
  std::vector<std::string> all = {config::ComponentId{extension.id}.text()};
  for (const std::string& alias : extension.factory->info.aliases)
    all.push_back(config::ComponentId{alias, extension.id.name}.text());
  return all;
}

// Making the next assembly, step by step.
class Assembler {
 public:
  Assembler(const Plan& plan, const Assembly& current, Engine& engine)
      : plan_(plan), segments_(segments_of(plan)), current_(current), engine_(engine) {}

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
  ComponentContext context(const ComponentId& id, const std::string& pipeline = {}) const {
    return {id, engine_.environment, pipeline};
  }

  Result<void> extensions() {
    for (const auto& running : current_.extensions)
      for (std::string& spelling : spellings(running->planned)) changed_extensions_.insert(std::move(spelling));
    const auto same_as = [this](const Planned<ExtensionFactory>& planned) {
      return std::find_if(current_.extensions.begin(), current_.extensions.end(),
                          [&](const auto& running) { return is_same(running->planned, planned); });
    };
    for (const ComponentId& id : plan_.started_extensions) {
      const auto* planned = find(plan_.extensions, id);
      if (same_as(*planned) == current_.extensions.end()) continue;
      for (const std::string& spelling : spellings(*planned)) changed_extensions_.erase(spelling);
    }
    // Whoever has another behind it goes with it.
    const auto is_changed = [this](const Planned<ExtensionFactory>& planned) {
      return changed_extensions_.contains(config::ComponentId{planned.id}.text());
    };
    for (bool has_grown = true; has_grown;) {
      has_grown = false;
      for (const ComponentId& id : plan_.started_extensions) {
        const auto* planned = find(plan_.extensions, id);
        if (is_changed(*planned) || !mentions(planned->node, changed_extensions_)) continue;
        for (std::string& spelling : spellings(*planned)) changed_extensions_.insert(std::move(spelling));
        has_grown = true;
      }
    }
    for (const ComponentId& id : plan_.started_extensions) {
      const auto* planned = find(plan_.extensions, id);
      const auto kept = same_as(*planned);
      if (kept != current_.extensions.end() && !is_changed(*planned)) {
        next_.extensions.push_back(*kept);
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
    for (const Segment& planned : segments_.all) {
      auto running = std::make_shared<RunningPipeline>();
      running->planned = planned;
      for (const ComponentId& id : planned.processors)
        running->processor_nodes.push_back(find(plan_.processors, id)->node);
      const auto before = current_.pipelines.find(planned.key);
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
      next_.pipelines.emplace(planned.key, std::move(running));
    }
    for (const PlannedPipeline& pipeline : plan_.pipelines) collect_settings(pipeline);
    return {};
  }

  bool has_same_processors(const RunningPipeline& before, const RunningPipeline& now) const {
    if (before.planned.signal != now.planned.signal || before.planned.processors != now.planned.processors ||
        before.processor_nodes != now.processor_nodes)
      return false;
    return std::none_of(now.processor_nodes.begin(), now.processor_nodes.end(),
                        [this](const config::Node& node) { return mentions(node, changed_extensions_); });
  }

  // The one that runs already in this pipeline, wherever in it; null if there is none, or if it changes.
  std::shared_ptr<RunningProcessor> running_processor(const std::string& pipeline,
                                                      const Planned<ProcessorFactory>& planned) const {
    if (mentions(planned.node, changed_extensions_)) return nullptr;
    for (const auto& [key, before] : current_.pipelines) {
      if (before->planned.pipeline != pipeline) continue;
      const auto& ids = before->planned.processors;
      const auto at = static_cast<std::size_t>(std::find(ids.begin(), ids.end(), planned.id) - ids.begin());
      if (at < ids.size() && before->processor_nodes[at] == planned.node)
        return before->processors->steps()[at].processor;
    }
    return nullptr;
  }

  Result<void> create_processors(RunningPipeline& running) {
    std::vector<ProcessorChain::Step> steps;
    for (const ComponentId& id : running.planned.processors) {
      const auto* planned = find(plan_.processors, id);
      auto processor = running_processor(running.planned.pipeline, *planned);
      if (!processor) {
        auto created = planned->factory->create(planned->config, context(id, running.planned.pipeline));
        if (!created) return std::move(created).error().during("creating processor " + planned->written);
        processor = std::make_shared<RunningProcessor>(std::move(*created));
      }
      steps.push_back({planned->written, std::move(processor)});
    }
    running.processors = std::make_shared<ProcessorChain>(std::move(steps), running.planned.signal,
                                                          running.planned.pipeline, engine_.environment);
    return {};
  }

  // What memory_limiter and batch mean for the process and for the exporters of the pipeline, wherever in it they are.
  void collect_settings(const PlannedPipeline& pipeline) {
    const std::size_t at = index_of(pipeline.signal);
    for (const ComponentId& id : pipeline.exporters) wiring_[id].is_used[at] = true;
    for (const Segment& segment : segments_.all) {
      if (segment.pipeline != pipeline.id) continue;
      for (const auto& step : next_.pipelines.at(segment.key)->processors->steps()) {
        if (const auto limit = (*step.processor)->memory_limit()) {
          if (!next_.memory_limit || limit->limit < next_.memory_limit->limit) next_.memory_limit = limit;
        }
        const auto batch = (*step.processor)->batch_policy();
        if (!batch) continue;
        for (const ComponentId& id : pipeline.exporters) {
          auto& slot = wiring_[id].batch[at];
          if (slot) continue;
          slot = batch;
          wiring_[id].batch_processor[at] = step.label;
        }
      }
    }
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
    for (const auto& one : segments_.between) {
      if (const auto* holder = std::get_if<Holder>(&one))
        RANKWIRE_TRY(this->holder(*holder));
      else
        RANKWIRE_TRY(connector(*std::get<const Planned<ConnectorFactory>*>(one)));
    }
    return {};
  }

  // Whether the one that runs goes on; then it is part of what is assembled.
  template <class PlannedOne>
  bool keep(const std::shared_ptr<RunningConnector>& before, const PlannedOne& planned,
            const std::array<bool, 3>& signals) {
    if (!before || before->written != planned.written || !(before->node == planned.node) ||
        !has_doors(before->doors, signals) || mentions(planned.node, changed_extensions_))
      return false;
    if (before->named && before->named->are_used() && before->named->fed() != pipelines_fed_by(segments_, planned.id))
      return false;
    next_.connectors.push_back(before);
    return true;
  }

  Result<void> connector(const Planned<ConnectorFactory>& planned) {
    const auto signals = signals_fed_by(segments_, planned.id);
    if (signals == std::array<bool, 3>{} || keep(current_.connector(planned.id), planned, signals)) return {};
    auto running = std::make_shared<RunningConnector>();
    running->id = planned.id;
    running->written = planned.written;
    running->node = planned.node;
    running->doors = make_doors(signals, ComponentKind::connector, planned.written, engine_);
    running->named = std::make_unique<NamedDoors>(pipelines_fed_by(segments_, planned.id), planned.written,
                                                  engine_.surroundings(), engine_.budget);
    auto created = planned.factory->create(planned.config, context(planned.id), running->intakes());
    if (!created) return std::move(created).error().during("creating connector " + planned.written);
    add(std::move(running), std::move(*created));
    return {};
  }

  Result<void> holder(const Holder& holder) {
    const auto signals = signals_fed_by(segments_, holder.id);
    const Planned<ProcessorFactory>& planned = *holder.planned;
    if (keep(current_.connector(holder.id), planned, signals)) return {};
    auto running = std::make_shared<RunningConnector>();
    running->id = holder.id;
    running->kind = ComponentKind::processor;
    running->written = planned.written;
    running->node = planned.node;
    running->pipeline = holder.pipeline;
    running->doors = make_doors(signals, ComponentKind::processor, planned.written, engine_, holder.pipeline);
    running->account = std::make_unique<HeldAccount>(holder.id.text(), holder.signal, engine_.surroundings());
    auto created =
        planned.factory->create_holding(planned.config, context(planned.id, holder.pipeline), running->intakes());
    if (!created) return std::move(created).error().during("creating processor " + planned.written);
    add(std::move(running), std::move(*created));
    return {};
  }

  void add(std::shared_ptr<RunningConnector> running, std::unique_ptr<Connector> created) {
    running->connector = std::move(created);
    running->register_figures(engine_);
    next_.connectors.push_back(std::move(running));
  }

  Result<void> receivers() {
    for (const auto& planned : plan_.receivers) {
      const auto signals = signals_fed_by(segments_, planned.id);
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
  const Segments segments_;
  const Assembly& current_;
  Engine& engine_;
  Assembly next_;
  std::set<std::string> changed_extensions_;  // Replaced or gone: whoever names one starts again.
  std::map<ComponentId, ExporterWiring> wiring_;
};

}  // namespace

std::shared_ptr<RunningConnector> Assembly::connector(const ComponentId& id) const {
  for (const auto& running : connectors)
    if (running->id == id) return running;
  return nullptr;
}

Result<Assembly> assemble(const Plan& plan, const Assembly& current, Engine& engine) {
  return Assembler(plan, current, engine).assemble();
}

PipelineSet fed_by(const Assembly& assembly, const ComponentId& source, Signal signal,
                   const std::vector<std::string>& named) {
  PipelineSet pipelines;
  for (const auto& [key, running] : assembly.pipelines) {
    if (running->planned.signal != signal || !contains(running->planned.receivers, source)) continue;
    if (named.empty() || std::find(named.begin(), named.end(), key) != named.end())
      pipelines.push_back(running->pipeline);
  }
  return pipelines;
}

namespace {

std::shared_ptr<Outlet> outlet_to(const std::shared_ptr<RunningConnector>& to, const Segment& from, Engine& engine) {
  const bool is_holder = to->kind == ComponentKind::processor;
  Counters& counters = engine.environment.counters;
  ConnectorOutlet::Way way{
      .owner = to,
      .connector = *to->connector,
      .label = std::string(to_string(to->kind)) + " " + to->written,
      .signal = from.signal,
      .doors = to->default_doors(),
      .holds_back = is_holder,
      .consumed = FlowCounter(counters, "otelcol_" + std::string(to_string(to->kind)) + "_consumed_items",
                              "Records handed to the component.",
                              component_labels(to->kind, to->written, from.signal, to->pipeline)),
      .incoming = nullptr};
  if (is_holder)
    way.incoming =
        &counters.counter("otelcol_processor_incoming_items", "Records passed to the processor.",
                          {{"processor", to->written}, {"otel_signal", std::string(to_string(from.signal))}});
  return std::make_shared<ConnectorOutlet>(std::move(way), engine.accounting);
}

}  // namespace

void build_pipelines(Assembly& assembly, Engine& engine) {
  for (const auto& [key, running] : assembly.pipelines) {
    const Segment& planned = running->planned;
    std::vector<const void*> destinations;
    std::vector<std::shared_ptr<Outlet>> outlets;
    for (const ComponentId& to : planned.exporters) {
      if (const auto connector = assembly.connector(to)) {
        destinations.push_back(connector.get());
        outlets.push_back(outlet_to(connector, planned, engine));
      } else {
        const auto& exporter = assembly.exporters.at(to);
        destinations.push_back(exporter.get());
        outlets.push_back(exporter->outlet(planned.signal));
      }
    }
    if (running->pipeline && running->destinations == destinations) continue;
    running->destinations = std::move(destinations);
    running->pipeline = std::make_shared<const Pipeline>(key, planned.signal, running->processors, std::move(outlets),
                                                         engine.surroundings());
  }
}

}  // namespace rankwire::service
