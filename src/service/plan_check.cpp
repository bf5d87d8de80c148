#include "service/plan_check.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "service/connector_check.hpp"

namespace rankwire::service {
namespace {

using config::ComponentId;
using config::Diagnostics;
using config::Node;

template <class AnyFactory>
ComponentId canonical(const ComponentId& id, const AnyFactory* factory) {
  return factory != nullptr ? ComponentId{factory->info.type, id.name} : id;
}

template <class AnyFactory>
void add_written(const std::vector<Planned<AnyFactory>>& all, std::vector<std::string_view>& into) {
  for (const auto& one : all) into.push_back(one.written);
}

bool supports(const ComponentInfo& info, Signal signal) {
  return std::find(info.signals.begin(), info.signals.end(), signal) != info.signals.end();
}

std::string signals_of(const ComponentInfo& info) {
  std::string text;
  for (const Signal signal : info.signals) text += (text.empty() ? "" : ", ") + std::string(to_string(signal));
  return text.empty() ? "it supports no signal" : "it supports " + text;
}

class Checker {
 public:
  Checker(const Registry& registry, const References& references, Plan& plan, Diagnostics& diagnostics)
      : registry_(registry), references_(references), plan_(plan), diagnostics_(diagnostics) {}

  void check(const Node& root) {
    root_ = &root;
    if (plan_.receivers.empty() && !has_any(root, "receivers"))
      diagnostics_.error(root.place(), "receivers", "at least one receiver must be configured");
    if (plan_.exporters.empty() && !has_any(root, "exporters"))
      diagnostics_.error(root.place(), "exporters", "at least one exporter must be configured");
    connector_names(root);
    for (const PipelineReferences& pipeline : references_.pipelines) connect(pipeline);
    extensions();
    connector_ends();
    check_connectors(registry_, references_, plan_, diagnostics_);
    order_connectors();
    unused();
    storage();
    authenticators();
    giving_up();
    batching();
  }

 private:
  static bool has_any(const Node& root, std::string_view section) {
    const Node* node = root.find(section);
    return node != nullptr && !node->entries().empty();
  }

  void connector_names(const Node& root) {
    const Node* connectors = root.find("connectors");
    for (const auto& connector : plan_.connectors) {
      const Node* node = connectors->find(connector.written);
      for (const char* other : {"receivers", "exporters"}) {
        const Node* section = root.find(other);
        if (section == nullptr || section->find(connector.written) == nullptr) continue;
        diagnostics_.error(node->key_place(), "connectors::" + connector.written,
                           "is also the id of one of the " + std::string(other) + "; ids must differ");
      }
    }
  }

  void connect(const PipelineReferences& from) {
    PlannedPipeline pipeline;
    pipeline.id = from.id;
    pipeline.signal = from.signal;
    if (from.receivers.empty())
      diagnostics_.error(from.place, from.path + "::receivers", "a pipeline must have at least one receiver");
    if (from.exporters.empty())
      diagnostics_.error(from.place, from.path + "::exporters", "a pipeline must have at least one exporter");
    for (const Reference& reference : from.receivers)
      end_of_pipeline(reference, from.signal, registry_.receiver(reference.id.type), plan_.receivers, "receiver",
                      pipeline.receivers);
    for (const Reference& reference : from.exporters)
      end_of_pipeline(reference, from.signal, registry_.exporter(reference.id.type), plan_.exporters, "exporter",
                      pipeline.exporters);
    for (const Reference& reference : from.processors) {
      const ComponentId id = canonical(reference.id, registry_.processor(reference.id.type));
      const auto* planned = find(plan_.processors, id);
      if (planned == nullptr) {
        std::vector<std::string_view> known;
        add_written(plan_.processors, known);
        missing(reference, "processor", known);
        continue;
      }
      used_.insert("processors::" + planned->written);
      add(reference, id, planned->factory->info, from.signal, pipeline.processors);
    }
    plan_.pipelines.push_back(std::move(pipeline));
  }

  template <class AnyFactory>
  void end_of_pipeline(const Reference& reference, Signal signal, const AnyFactory* factory,
                       const std::vector<Planned<AnyFactory>>& all, const std::string& noun,
                       std::vector<ComponentId>& into) {
    const ComponentId id = canonical(reference.id, factory);
    if (const auto* planned = find(all, id)) {
      used_.insert(noun + "s::" + planned->written);
      add(reference, id, planned->factory->info, signal, into);
      return;
    }
    const ComponentId connector_id = canonical(reference.id, registry_.connector(reference.id.type));
    if (const auto* planned = find(plan_.connectors, connector_id)) {
      used_.insert("connectors::" + planned->written);
      (noun == "receiver" ? feeds_ : fed_).insert(connector_id);
      // Whether it gives this signal is a matter of what it gets: see connector_check.hpp.
      if (noun == "receiver")
        add_once(reference, connector_id, into);
      else
        add(reference, connector_id, planned->factory->info, signal, into);
      return;
    }
    std::vector<std::string_view> known;
    add_written(all, known);
    add_written(plan_.connectors, known);
    missing(reference, noun, known);
  }

  void add(const Reference& reference, const ComponentId& id, const ComponentInfo& info, Signal signal,
           std::vector<ComponentId>& into) {
    if (!supports(info, signal))
      diagnostics_.error(reference.place, reference.path,
                         "\"" + reference.written + "\" does not support " + std::string(to_string(signal)),
                         signals_of(info));
    add_once(reference, id, into);
  }

  void add_once(const Reference& reference, const ComponentId& id, std::vector<ComponentId>& into) {
    if (std::find(into.begin(), into.end(), id) != into.end())
      diagnostics_.error(reference.place, reference.path, "names \"" + reference.written + "\" twice");
    else
      into.push_back(id);
  }

  void missing(const Reference& reference, const std::string& noun, const std::vector<std::string_view>& known) {
    // What is configured but of an unknown type has been reported already.
    const Node* section = root_->find(noun + "s");
    if (section != nullptr && section->is_map() && section->find(reference.written) != nullptr) return;
    diagnostics_.error(reference.place, reference.path,
                       "names " + noun + " \"" + reference.written + "\", which is not configured",
                       config::suggest(reference.written, known));
  }

  void extensions() {
    for (const Reference& reference : references_.extensions) {
      const ComponentId id = canonical(reference.id, registry_.extension(reference.id.type));
      const auto* planned = find(plan_.extensions, id);
      if (planned == nullptr) {
        std::vector<std::string_view> known;
        add_written(plan_.extensions, known);
        missing(reference, "extension", known);
      } else if (std::find(plan_.started_extensions.begin(), plan_.started_extensions.end(), id) !=
                 plan_.started_extensions.end()) {
        diagnostics_.error(reference.place, reference.path, "names \"" + reference.written + "\" twice");
      } else {
        plan_.started_extensions.push_back(id);
        used_.insert("extensions::" + planned->written);
      }
    }
  }

  // A connector must be an exporter of one pipeline and a receiver of another.
  void connector_ends() {
    for (const auto& connector : plan_.connectors) {
      const bool is_fed = fed_.contains(connector.id);
      const bool feeds = feeds_.contains(connector.id);
      const std::string path = "connectors::" + connector.written;
      if (is_fed && !feeds)
        diagnostics_.error(connector.node.key_place(), path,
                           "is an exporter of a pipeline but no pipeline has it as a receiver");
      if (feeds && !is_fed)
        diagnostics_.error(connector.node.key_place(), path,
                           "is a receiver of a pipeline but no pipeline has it as an exporter");
    }
  }

  // Depth first from each connector through the pipelines it feeds.
  void order_connectors() {
    std::vector<Planned<ConnectorFactory>> order;
    for (const auto& connector : plan_.connectors)
      if (!visit(connector, order)) return;
    std::reverse(order.begin(), order.end());
    plan_.connectors = std::move(order);
  }

  bool visit(const Planned<ConnectorFactory>& connector, std::vector<Planned<ConnectorFactory>>& order) {
    enum : int { entered = 1, left = 2 };
    int& state = visited_[connector.id];
    if (state == left) return true;
    if (state == entered) {
      diagnostics_.error(connector.node.key_place(), "connectors::" + connector.written,
                         "leads back to itself through the pipelines that it feeds");
      return false;
    }
    state = entered;
    for (const PlannedPipeline& pipeline : plan_.pipelines) {
      if (std::find(pipeline.receivers.begin(), pipeline.receivers.end(), connector.id) == pipeline.receivers.end())
        continue;
      for (const ComponentId& to : pipeline.exporters)
        if (const auto* next = find(plan_.connectors, to))
          if (!visit(*next, order)) return false;
    }
    visited_[connector.id] = left;
    order.push_back(connector);
    return true;
  }

  template <class AnyFactory>
  void warn_unused(const std::vector<Planned<AnyFactory>>& all, const std::string& section, const char* where) {
    for (const auto& one : all) {
      const std::string path = section + "::" + one.written;
      if (!used_.contains(path))
        diagnostics_.warning(one.node.key_place(), path, std::string("is configured but not named in ") + where);
    }
  }

  void unused() {
    warn_unused(plan_.receivers, "receivers", "any pipeline; it is not started");
    warn_unused(plan_.processors, "processors", "any pipeline; it is not started");
    warn_unused(plan_.exporters, "exporters", "any pipeline; it is not started");
    warn_unused(plan_.connectors, "connectors", "any pipeline; it is not started");
    warn_unused(plan_.extensions, "extensions", "service::extensions; it is not started");
  }

  bool is_started(const std::string& written) const {
    const auto id = ComponentId::parse(written);
    const auto& started = plan_.started_extensions;
    return id && std::any_of(started.begin(), started.end(),
                             [&](const ComponentId& one) { return is_named(*find(plan_.extensions, one), *id); });
  }

  void must_be_started(const Node& names, const std::string& path) {
    if (is_started(names.text())) return;
    diagnostics_.error(names.place(), path,
                       "names \"" + names.text() + "\", which is not listed in service::extensions",
                       "configure it under extensions and list it in service::extensions");
  }

  template <class AnyFactory>
  void check_storage(const std::vector<Planned<AnyFactory>>& all, const std::string& section) {
    for (const auto& one : all) {
      const Node* queue = one.node.find("sending_queue");
      for (const Node* holder : {&one.node, queue}) {
        const Node* storage = holder != nullptr && holder->is_map() ? holder->find("storage") : nullptr;
        if (storage == nullptr || !storage->is_scalar() || storage->text().empty()) continue;
        must_be_started(*storage,
                        section + "::" + one.written + (holder == queue ? "::sending_queue::storage" : "::storage"));
      }
    }
  }

  // Of `auth` wherever it is: a receiver has one for each protocol.
  void check_authenticators(const Node& node, const std::string& path) {
    for (const auto& [key, value] : node.entries()) {
      const Node* named = key == "auth" && value.is_map() ? value.find("authenticator") : nullptr;
      if (named != nullptr && named->is_scalar() && !named->text().empty())
        must_be_started(*named, path + "::auth::authenticator");
      else if (value.is_map())
        check_authenticators(value, path + "::" + key);
    }
  }

  void storage() {
    check_storage(plan_.receivers, "receivers");
    check_storage(plan_.exporters, "exporters");
  }

  void authenticators() {
    for (const auto& one : plan_.receivers) check_authenticators(one.node, "receivers::" + one.written);
    for (const auto& one : plan_.exporters) check_authenticators(one.node, "exporters::" + one.written);
    for (const auto& one : plan_.extensions) {
      check_authenticators(one.node, "extensions::" + one.written);
      if (const Node* named = one.node.find("additional_auth"); named != nullptr && named->is_scalar())
        must_be_started(*named, "extensions::" + one.written + "::additional_auth");
    }
  }

  // Whoever wants a queue on disk does not expect its data to go after five minutes, the default of otelcol.
  void giving_up() {
    for (const auto& one : plan_.exporters) {
      const Node* queue = one.node.find("sending_queue");
      if (queue == nullptr || !queue->is_map() || queue->find("storage") == nullptr) continue;
      const Node* retry = one.node.find("retry_on_failure");
      const bool is_chosen = retry != nullptr && retry->is_map() &&
                             (retry->find("max_elapsed_time") != nullptr || retry->find("enabled") != nullptr);
      if (!is_chosen)
        diagnostics_.warning(queue->find("storage")->place(),
                             "exporters::" + one.written + "::retry_on_failure::max_elapsed_time",
                             "is 300s by default: a batch that fails for so long is dropped although it is on disk",
                             "write 0s to never give up, or the time you want");
    }
  }

  const Planned<ProcessorFactory>* batching_of(const PlannedPipeline& pipeline) const {
    for (const ComponentId& id : pipeline.processors)
      if (const auto* planned = find(plan_.processors, id); planned->factory->info.sets_batching) return planned;
    return nullptr;
  }

  // An exporter has one queue for each signal, and a queue one batching.
  void batching() {
    struct First {
      const Planned<ProcessorFactory>* batch;
      std::string pipeline;
    };
    std::map<std::pair<ComponentId, Signal>, First> firsts;
    for (const PlannedPipeline& pipeline : plan_.pipelines) {
      const auto* batch = batching_of(pipeline);
      if (batch == nullptr) continue;
      for (const ComponentId& id : pipeline.exporters) {
        const auto* exporter = find(plan_.exporters, id);
        if (exporter == nullptr || has_own_batching(exporter->node)) continue;
        const auto [found, is_first] = firsts.try_emplace({id, pipeline.signal}, First{batch, pipeline.id});
        const auto* other = found->second.batch;
        if (is_first || batch->factory->print(batch->config, false) == other->factory->print(other->config, false))
          continue;
        diagnostics_.warning(batch->node.key_place(), "processors::" + batch->written,
                             "\"" + batch->written + "\" has no effect on exporter \"" + exporter->written +
                                 "\" in pipeline \"" + pipeline.id + "\": \"" + other->written + "\" of pipeline \"" +
                                 found->second.pipeline + "\" already says how its queue batches",
                             "give the exporter a sending_queue::batch, or each pipeline an exporter of its own");
      }
    }
  }

  static bool has_own_batching(const Node& exporter) {
    const Node* queue = exporter.is_map() ? exporter.find("sending_queue") : nullptr;
    return queue != nullptr && queue->is_map() && queue->find("batch") != nullptr;
  }

  const Node* root_ = nullptr;
  const Registry& registry_;
  const References& references_;
  Plan& plan_;
  Diagnostics& diagnostics_;
  std::set<std::string> used_;         // "receivers::otlp"
  std::set<ComponentId> fed_, feeds_;  // Connectors that are exporters, that are receivers.
  std::map<ComponentId, int> visited_;
};

}  // namespace

void check_and_connect(const Node& root, const Registry& registry, const References& references, Plan& plan,
                       Diagnostics& diagnostics) {
  Checker(registry, references, plan, diagnostics).check(root);
}

}  // namespace rankwire::service
