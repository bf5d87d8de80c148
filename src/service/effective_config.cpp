// The printer of a plan: what runs, with every default filled in.
#include "service/plan.hpp"

namespace rankwire::service {
namespace {

using config::Node;

template <class AnyFactory>
void add_section(const std::string& name, const std::vector<Planned<AnyFactory>>& all, bool reveal_secrets,
                 std::vector<Node::Entry>& into) {
  if (all.empty()) return;
  std::vector<Node::Entry> entries;
  for (const auto& one : all) entries.emplace_back(one.written, one.factory->print(one.config, reveal_secrets));
  into.emplace_back(name, Node::map(std::move(entries), {}));
}

Node list_of(const std::vector<std::string>& texts) {
  std::vector<Node> items;
  for (const std::string& text : texts) items.push_back(Node::scalar(text, {}));
  return Node::sequence(std::move(items), {});
}

template <class AnyFactory>
void add_written(const std::vector<config::ComponentId>& ids, const std::vector<Planned<AnyFactory>>& all,
                 std::vector<std::string>& into) {
  for (const auto& id : ids)
    if (const auto* planned = find(all, id)) into.push_back(planned->written);
}

Node pipeline_node(const Plan& plan, const PlannedPipeline& pipeline) {
  std::vector<std::string> receivers, processors, exporters;
  add_written(pipeline.receivers, plan.receivers, receivers);
  add_written(pipeline.receivers, plan.connectors, receivers);
  add_written(pipeline.processors, plan.processors, processors);
  add_written(pipeline.exporters, plan.exporters, exporters);
  add_written(pipeline.exporters, plan.connectors, exporters);
  std::vector<Node::Entry> entries;
  entries.emplace_back("receivers", list_of(receivers));
  if (!processors.empty()) entries.emplace_back("processors", list_of(processors));
  entries.emplace_back("exporters", list_of(exporters));
  return Node::map(std::move(entries), {});
}

}  // namespace

Node effective_config(const Plan& plan, bool reveal_secrets) {
  std::vector<Node::Entry> root;
  add_section("extensions", plan.extensions, reveal_secrets, root);
  add_section("receivers", plan.receivers, reveal_secrets, root);
  add_section("processors", plan.processors, reveal_secrets, root);
  add_section("exporters", plan.exporters, reveal_secrets, root);
  add_section("connectors", plan.connectors, reveal_secrets, root);
  std::vector<Node::Entry> service;
  service.emplace_back("telemetry", config::Printer(reveal_secrets).print(plan.telemetry));
  std::vector<std::string> extensions;
  add_written(plan.started_extensions, plan.extensions, extensions);
  if (!extensions.empty()) service.emplace_back("extensions", list_of(extensions));
  std::vector<Node::Entry> pipelines;
  for (const auto& pipeline : plan.pipelines) pipelines.emplace_back(pipeline.id, pipeline_node(plan, pipeline));
  service.emplace_back("pipelines", Node::map(std::move(pipelines), {}));
  root.emplace_back("service", Node::map(std::move(service), {}));
  return Node::map(std::move(root), {});
}

}  // namespace rankwire::service
