#include "processors/redaction/redaction_processor.hpp"

#include "component/settings/attribute_actions.hpp"
#include "processors/redaction/redactor.hpp"

namespace rankwire::redaction {
namespace {

class RedactionProcessor final : public Processor {
 public:
  RedactionProcessor(std::unique_ptr<Redactor> redactor, const ComponentContext& context)
      : redactor_(std::move(redactor)),
        masked_(context.environment.counters.counter("rankwire_redaction_masked_values_total",
                                                     "Values in which something was masked.",
                                                     {{"processor", context.id.text()}})),
        removed_(context.environment.counters.counter("rankwire_redaction_removed_keys_total",
                                                      "Attributes removed because their key is not allowed.",
                                                      {{"processor", context.id.text()}})) {}

  Result<void> process(SignalBatch& batch) override {
    RedactionCounts counts;
    switch (batch.signal()) {
      case Signal::logs: redact(batch.logs(), counts); break;
      case Signal::metrics: redact(batch.metrics(), counts); break;
      case Signal::traces: redact(batch.traces(), counts); break;
    }
    if (counts.masked_values != 0) masked_.add(counts.masked_values);
    if (counts.removed_keys != 0) removed_.add(counts.removed_keys);
    return {};
  }

 private:
  template <class Batch>
  void redact(Batch& batch, RedactionCounts& counts) const {
    Arena& arena = batch.arena();
    SharedAttributesMemo attributes([&](Attributes& list) { counts += redactor_->redact(list, arena); });
    for (auto& resource : batch.resources) {
      attributes(resource.resource.attributes);
      for (auto& scope : resource.scopes) {
        attributes(scope.scope.attributes);
        for (auto& record : scope.records) redact_record(record, attributes, arena, counts);
      }
    }
  }

  template <class Memo>
  void redact_record(LogRecord& record, Memo& attributes, Arena& arena, RedactionCounts& counts) const {
    attributes(record.attributes);
    redactor_->redact_body(record.body, record.attributes, arena, counts);
  }

  template <class Memo>
  void redact_record(Span& span, Memo& attributes, Arena& arena, RedactionCounts& counts) const {
    // First: what the name is depends on attributes that may be removed.
    if (redactor_->redact_name(span, arena)) ++counts.masked_values;
    attributes(span.attributes);
    for (SpanEvent& event : span.events) attributes(event.attributes);
    for (SpanLink& link : span.links) attributes(link.attributes);
  }

  template <class Memo>
  void redact_record(Metric& metric, Memo& attributes, Arena&, RedactionCounts&) const {
    attributes(metric.metadata);
    const auto points = [&attributes](auto& list) {
      for (auto& point : list) {
        attributes(point.attributes);
        if constexpr (requires { point.exemplars; })
          for (Exemplar& exemplar : point.exemplars) attributes(exemplar.filtered_attributes);
      }
    };
    points(metric.numbers);
    points(metric.histograms);
    points(metric.exponential_histograms);
    points(metric.summaries);
  }

  const std::unique_ptr<Redactor> redactor_;
  Counter& masked_;
  Counter& removed_;
};

Result<std::unique_ptr<Processor>> create(const RedactionConfig& config, const ComponentContext& context) {
  auto redactor = Redactor::compile(config);
  if (!redactor) return std::move(redactor).error();
  return std::unique_ptr<Processor>(std::make_unique<RedactionProcessor>(std::move(*redactor), context));
}

}  // namespace

ProcessorFactory redaction_factory() {
  return make_factory<RedactionConfig, Processor>(
      {.type = "redaction",
       .aliases = {},
       .summary = "Removes attributes that are not allowed and masks blocked values, also in log bodies.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::redaction
