#include "processors/span/span_processor.hpp"

#include "processors/span/span_config.hpp"
#include "processors/span/span_name.hpp"

namespace rankwire::span {
namespace {

class SpanProcessor final : public Processor {
 public:
  SpanProcessor(const SpanConfig& config, SpanName name, std::optional<RecordMatch> include,
                std::optional<RecordMatch> exclude)
      : name_(std::move(name)),
        status_(config.status.value_or(StatusConfig())),
        include_(std::move(include)),
        exclude_(std::move(exclude)) {}

  Result<void> process(SignalBatch& batch) override {
    if (batch.signal() != Signal::traces) return {};
    Arena& arena = batch.traces().arena();
    for (SpanResource& resource : batch.traces().resources)
      for (SpanScope& scope : resource.scopes)
        for (Span& span : scope.records)
          if (is_meant(resource.resource, scope.scope, span)) change(span, arena);
    return {};
  }

 private:
  bool is_meant(const Resource& resource, const Scope& scope, const Span& span) const {
    return (!include_ || include_->matches(resource, scope, span)) &&
           !(exclude_ && exclude_->matches(resource, scope, span));
  }

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
  const std::optional<RecordMatch> include_, exclude_;
};

Result<std::optional<RecordMatch>> compiled(const std::optional<MatchConfig>& config) {
  if (!config) return std::optional<RecordMatch>();
  auto match = RecordMatch::compile(*config);
  if (!match) return std::move(match).error();
  return std::optional<RecordMatch>(std::move(*match));
}

Result<std::unique_ptr<Processor>> create(const SpanConfig& config, const ComponentContext&) {
  auto name = SpanName::compile(config.name);
  if (!name) return std::move(name).error();
  auto include = compiled(config.include);
  if (!include) return std::move(include).error();
  auto exclude = compiled(config.exclude);
  if (!exclude) return std::move(exclude).error();
  return std::unique_ptr<Processor>(
      std::make_unique<SpanProcessor>(config, std::move(*name), std::move(*include), std::move(*exclude)));
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
