#include "processors/attributes/attributes_processor.hpp"

#include "component/settings/attribute_actions.hpp"
#include "component/settings/record_match.hpp"

namespace rankwire::attributes {
namespace {

struct AttributesConfig {
  std::vector<AttributeActionConfig> actions;
  std::optional<MatchConfig> include, exclude;

  void fields(config::Fields& f) {
    f.list("actions", actions, "Actions on each record's attributes, in order.");
    f.optional_section("include", include, "Only records that match are changed.");
    f.optional_section("exclude", exclude, "Records that match are left alone.");
  }
  void validate(config::Validator& v) const {
    if (actions.empty()) v.error("actions", "must name at least one action");
  }
};

class AttributesProcessor final : public Processor {
 public:
  AttributesProcessor(AttributeActions actions, MatchSides sides)
      : actions_(std::move(actions)), sides_(std::move(sides)) {}

  Result<void> process(SignalBatch& batch) override {
    switch (batch.signal()) {
      case Signal::logs: change(batch.logs(), batch.client().get()); break;
      case Signal::metrics: change(batch.metrics(), batch.client().get()); break;
      case Signal::traces: change(batch.traces(), batch.client().get()); break;
    }
    return {};
  }

 private:
  template <class Batch>
  void change(Batch& batch, const Client* client) const {
    Arena& arena = batch.arena();
    SharedAttributesMemo apply([&](Attributes& list) { actions_.apply(list, arena, client); });
    for (auto& resource : batch.resources)
      for (auto& scope : resource.scopes)
        for (auto& record : scope.records) change_record(resource.resource, scope.scope, record, apply);
  }

  template <class Record, class Memo>
  void change_record(const Resource& resource, const Scope& scope, Record& record, Memo& apply) const {
    if constexpr (requires { record.attributes; }) {
      if (sides_.let_through(resource, scope, record)) apply(record.attributes);
    } else {
      change_points(resource, scope, record, record.numbers, apply);
      change_points(resource, scope, record, record.histograms, apply);
      change_points(resource, scope, record, record.exponential_histograms, apply);
      change_points(resource, scope, record, record.summaries, apply);
    }
  }

  template <class Points, class Memo>
  void change_points(const Resource& resource, const Scope& scope, const Metric& metric, Points& points,
                     Memo& apply) const {
    for (auto& point : points)
      if (sides_.let_through(resource, scope, metric, &std::as_const(point.attributes))) apply(point.attributes);
  }

  const AttributeActions actions_;
  const MatchSides sides_;
};

Result<std::unique_ptr<Processor>> create(const AttributesConfig& config, const ComponentContext&) {
  auto actions = AttributeActions::compile(config.actions);
  if (!actions) return std::move(actions).error();
  auto sides = MatchSides::compile(config.include, config.exclude);
  if (!sides) return std::move(sides).error();
  return std::unique_ptr<Processor>(std::make_unique<AttributesProcessor>(std::move(*actions), std::move(*sides)));
}

}  // namespace

ProcessorFactory attributes_factory() {
  return make_factory<AttributesConfig, Processor>(
      {.type = "attributes",
       .aliases = {},
       .summary = "Changes the attributes of log records, spans and data points.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::attributes
