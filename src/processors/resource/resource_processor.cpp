#include "processors/resource/resource_processor.hpp"

#include "component/settings/attribute_actions.hpp"

namespace rankwire::resource {
namespace {

struct ResourceConfig {
  std::vector<AttributeActionConfig> attributes;

  void fields(config::Fields& f) {
    f.list("attributes", attributes, "Actions on each resource's attributes, in order.");
  }
  void validate(config::Validator& v) const {
    if (attributes.empty()) v.error("attributes", "must name at least one action");
  }
};

class ResourceProcessor final : public Processor {
 public:
  explicit ResourceProcessor(AttributeActions actions) : actions_(std::move(actions)) {}

  Result<void> process(SignalBatch& batch) override {
    switch (batch.signal()) {
      case Signal::logs: apply(batch.logs(), batch.client().get()); break;
      case Signal::metrics: apply(batch.metrics(), batch.client().get()); break;
      case Signal::traces: apply(batch.traces(), batch.client().get()); break;
    }
    return {};
  }

 private:
  template <class Batch>
  void apply(Batch& batch, const Client* client) const {
    for (auto& group : batch.resources) actions_.apply(group.resource.attributes, batch.arena(), client);
  }

  const AttributeActions actions_;
};

Result<std::unique_ptr<Processor>> create(const ResourceConfig& config, const ComponentContext&) {
  auto actions = AttributeActions::compile(config.attributes);
  if (!actions) return std::move(actions).error();
  return std::unique_ptr<Processor>(std::make_unique<ResourceProcessor>(std::move(*actions)));
}

}  // namespace

ProcessorFactory resource_factory() {
  return make_factory<ResourceConfig, Processor>({.type = "resource",
                                                  .aliases = {},
                                                  .summary = "Changes the attributes of resources.",
                                                  .signals = {Signal::logs, Signal::metrics, Signal::traces},
                                                  .stability = Stability::beta},
                                                 create);
}

}  // namespace rankwire::resource
