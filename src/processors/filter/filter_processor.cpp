#include "processors/filter/filter_processor.hpp"

#include "component/settings/record_match.hpp"

namespace rankwire::filter {
namespace {

// The filter processor spells some of the shared match conditions its own way.
struct LogMatchConfig : MatchConfig {
  void fields(config::Fields& f) {
    f.choice("match_type", match_type,
             {{"strict", static_cast<int>(MatchType::strict)}, {"regexp", static_cast<int>(MatchType::regexp)}},
             "How texts are compared: strict or regexp.");
    f.list("resource_attributes", resources, "Attributes of the resource; all must match.");
    f.list("record_attributes", attributes, "Attributes of the record; all must match.");
    f.field("severity_texts", log_severity_texts, "Severity texts; one must match.");
    f.optional_section("severity_number", log_severity_number, "Lowest severity that matches.");
    f.field("bodies", log_bodies, "Bodies (text only); one must match.");
  }
  void validate(config::Validator& v) const {
    const bool needs_type =
        !log_severity_texts.empty() || !log_bodies.empty() || !attributes.empty() || !resources.empty();
    if (match_type == MatchType::none && needs_type) v.error("match_type", "must be set", "strict or regexp");
    if (is_empty()) v.error("", "needs at least one condition");
    if (const auto compiled = RecordMatch::compile(*this); !compiled) v.error("", compiled.error().message());
  }
};

struct MetricMatchConfig : MatchConfig {
  void fields(config::Fields& f) {
    f.choice("match_type", match_type,
             {{"strict", static_cast<int>(MatchType::strict)}, {"regexp", static_cast<int>(MatchType::regexp)}},
             "How texts are compared: strict or regexp.");
    f.optional_section("regexp", regexp, "Cache settings of the original.");
    f.field("metric_names", metric_names, "Names of metrics; one must match.");
    f.list("resource_attributes", resources, "Attributes of the resource; all must match.");
    f.unsupported("expressions", "expressions over data points are not supported");
  }
};

template <class Match>
struct SidesConfig {
  std::optional<Match> include, exclude;

  void fields(config::Fields& f) {
    f.optional_section("include", include, "Only what matches is kept.");
    f.optional_section("exclude", exclude, "What matches is dropped.");
    for (const char* key : {"log_record", "metric", "datapoint", "span", "spanevent", "resource"})
      f.unsupported(key, "OTTL conditions are not supported yet");
  }
};

enum class ErrorMode : std::uint8_t { ignore, silent, propagate };

struct FilterConfig {
  ErrorMode error_mode = ErrorMode::ignore;
  std::optional<SidesConfig<LogMatchConfig>> logs;
  std::optional<SidesConfig<MetricMatchConfig>> metrics;
  std::optional<SidesConfig<MatchConfig>> spans;

  void fields(config::Fields& f) {
    f.choice("error_mode", error_mode,
             {{"ignore", static_cast<int>(ErrorMode::ignore)},
              {"silent", static_cast<int>(ErrorMode::silent)},
              {"propagate", static_cast<int>(ErrorMode::propagate)}},
             "Of conditions that fail to evaluate; the conditions supported today cannot fail.");
    f.optional_section("logs", logs, "Which log records to keep.");
    f.optional_section("metrics", metrics, "Which metrics to keep.");
    f.optional_section("spans", spans, "Which spans to keep.");
    for (const char* key :
         {"log_conditions", "metric_conditions", "trace_conditions", "profile_conditions", "traces", "profiles"})
      f.unsupported(key, "OTTL conditions are not supported yet");
  }
  void validate(config::Validator& v) const {
    if (!logs && !metrics && !spans) v.error("", "needs at least one of logs, metrics and spans");
  }
};

struct Sides {
  std::optional<RecordMatch> include, exclude;

  template <class... Record>
  bool keeps(const Record&... record) const {
    return (!include || include->matches(record...)) && !(exclude && exclude->matches(record...));
  }
};

template <class Config>
Result<std::optional<Sides>> compile(const std::optional<Config>& config) {
  if (!config) return std::optional<Sides>();
  Sides sides;
  for (const auto& [from, into] : {std::pair(&config->include, &sides.include), {&config->exclude, &sides.exclude}}) {
    if (!*from) continue;
    auto match = RecordMatch::compile(**from);
    if (!match) return std::move(match).error();
    into->emplace(std::move(*match));
  }
  return std::optional<Sides>(std::move(sides));
}

// Keeps order; groups that end up empty go too.
template <class Batch, class Keep>
void keep_only(Batch& batch, Keep keep) {
  std::uint32_t resources_kept = 0;
  for (auto& resource : batch.resources) {
    std::uint32_t scopes_kept = 0;
    for (auto& scope : resource.scopes) {
      std::uint32_t kept = 0;
      for (auto& record : scope.records) {
        if (!keep(resource.resource, scope.scope, std::as_const(record))) continue;
        scope.records[kept++] = record;
      }
      scope.records.truncate(kept);
      if (kept != 0) resource.scopes[scopes_kept++] = scope;
    }
    resource.scopes.truncate(scopes_kept);
    if (scopes_kept != 0) batch.resources[resources_kept++] = resource;
  }
  batch.resources.truncate(resources_kept);
}

class FilterProcessor final : public Processor {
 public:
  FilterProcessor(std::optional<Sides> logs, std::optional<Sides> metrics, std::optional<Sides> spans)
      : logs_(std::move(logs)), metrics_(std::move(metrics)), spans_(std::move(spans)) {}

  Result<void> process(SignalBatch& batch) override {
    switch (batch.signal()) {
      case Signal::logs:
        if (logs_) keep_only(batch.logs(), [this](const auto&... record) { return logs_->keeps(record...); });
        break;
      case Signal::metrics:
        if (metrics_)
          keep_only(batch.metrics(), [this](const Resource& resource, const Scope& scope, const Metric& metric) {
            return metrics_->keeps(resource, scope, metric, static_cast<const Attributes*>(nullptr));
          });
        break;
      case Signal::traces:
        if (spans_) keep_only(batch.traces(), [this](const auto&... record) { return spans_->keeps(record...); });
        break;
    }
    return {};
  }

 private:
  const std::optional<Sides> logs_, metrics_, spans_;
};

Result<std::unique_ptr<Processor>> create(const FilterConfig& config, const ComponentContext&) {
  auto logs = compile(config.logs);
  if (!logs) return std::move(logs).error();
  auto metrics = compile(config.metrics);
  if (!metrics) return std::move(metrics).error();
  auto spans = compile(config.spans);
  if (!spans) return std::move(spans).error();
  return std::unique_ptr<Processor>(
      std::make_unique<FilterProcessor>(std::move(*logs), std::move(*metrics), std::move(*spans)));
}

}  // namespace

ProcessorFactory filter_factory() {
  return make_factory<FilterConfig, Processor>(
      {.type = "filter",
       .aliases = {},
       .summary = "Drops log records, metrics and spans by severity, name, text and attributes.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::alpha},
      create);
}

}  // namespace rankwire::filter
