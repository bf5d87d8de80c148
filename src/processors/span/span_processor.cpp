#include "processors/span/span_processor.hpp"

#include "processors/span/span_config.hpp"
#include "processors/span/span_name.hpp"

namespace rankwire::span {
namespace {

class SpanProcessor final : public Processor {
 public:
  SpanProcessor(const SpanConfig& config, SpanName name, MatchSides sides)
      : name_(std::move(name)), status_(config.status.value_or(StatusConfig())), sides_(std::move(sides)) {}

  Result<void> process(SignalBatch& batch) override {
    if (batch.signal() != Signal::traces) return {};
    Arena& arena = batch.traces().arena();
    for (SpanResource& resource : batch.traces().resources)
      for (SpanScope& scope : resource.scopes)
        for (Span& span : scope.records)
          if (sides_.let_through(resource.resource, scope.scope, span)) change(span, arena);
    return {};
  }

 private:
  void change(Span& span, Arena& arena) const {
    name_.apply(span, arena);
    if (status_.code == StatusCode::none) return;
    constexpr SpanStatusCode codes[] = {SpanStatusCode::unset, SpanStatusCode::unset, SpanStatusCode::ok,
                                        SpanStatusCode::error};
    span.status_code = codes[static_cast<std::size_t>(status_.code)];
    span.status_message = status_.description;
  }

  const SpanName name_;
  const StatusConfig status_;
  const MatchSides sides_;
};

Result<std::unique_ptr<Processor>> create(const SpanConfig& config, const ComponentContext&) {
  auto name = SpanName::compile(config.name);
  if (!name) return std::move(name).error();
  auto sides = MatchSides::compile(config.include, config.exclude);
  if (!sides) return std::move(sides).error();
  return std::unique_ptr<Processor>(std::make_unique<SpanProcessor>(config, std::move(*name), std::move(*sides)));
}

}  // namespace

ProcessorFactory span_factory() {
  return make_factory<SpanConfig, Processor>(
      {.type = "span",
       .aliases = {},
       .summary = "Renames spans by their attributes, makes attributes of parts of names, and sets the status.",
       .signals = {Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::span
