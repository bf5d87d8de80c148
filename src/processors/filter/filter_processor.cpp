#include "processors/filter/filter_processor.hpp"

#include "component/settings/record_match.hpp"
#include "ottl/functions/metric_functions.hpp"
#include "processors/filter/condition_filter.hpp"
#include "signal/retain.hpp"

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

// What the signals of the older style share.
template <class Match>
struct SidesConfig {
  std::optional<Match> include, exclude;

  void fields(config::Fields& f) {
    f.optional_section("include", include, "Only what matches is kept.");
    f.optional_section("exclude", exclude, "What matches is dropped.");
  }
  bool has_sides() const { return include || exclude; }
};

using Texts = std::vector<std::string>;

constexpr const char* mixing_remedy = "use one of them, or two filters one after the other";

struct LogsConfig : SidesConfig<LogMatchConfig> {
  Texts resource, log_record;

  void fields(config::Fields& f) {
    SidesConfig::fields(f);
    f.field("resource", resource, "Conditions on resources; what one is true for is dropped.");
    f.field("log_record", log_record, "Conditions on log records; what one is true for is dropped.");
  }
  bool has_conditions() const { return !resource.empty() || !log_record.empty(); }
  void validate(config::Validator& v) const {
    if (has_sides() && has_conditions())
      v.error("", "include and exclude cannot stand beside conditions", mixing_remedy);
  }
};

struct MetricsConfig : SidesConfig<MetricMatchConfig> {
  Texts resource, metric, datapoint;

  void fields(config::Fields& f) {
    SidesConfig::fields(f);
    f.ignored("regexp", "regular expressions here need no cache");
    f.field("resource", resource, "Conditions on resources; what one is true for is dropped.");
    f.field("metric", metric, "Conditions on metrics; what one is true for is dropped.");
    f.field("datapoint", datapoint, "Conditions on data points; a metric without any left is dropped.");
  }
  bool has_conditions() const { return !resource.empty() || !metric.empty() || !datapoint.empty(); }
  void validate(config::Validator& v) const {
    if (has_sides() && has_conditions())
      v.error("", "include and exclude cannot stand beside conditions", mixing_remedy);
  }
};

struct TracesConfig {
  Texts resource, span, spanevent;

  void fields(config::Fields& f) {
    f.field("resource", resource, "Conditions on resources; what one is true for is dropped.");
    f.field("span", span, "Conditions on spans; what one is true for is dropped.");
    f.field("spanevent", spanevent, "Conditions on span events; a span without any left is kept.");
  }
};

struct FilterConfig {
  ottl::ErrorMode error_mode = ottl::ErrorMode::ignore;
  std::vector<ottl::ConditionSettings> log_conditions, metric_conditions, trace_conditions;
  std::optional<LogsConfig> logs;
  std::optional<MetricsConfig> metrics;
  std::optional<TracesConfig> traces;
  std::optional<SidesConfig<MatchConfig>> spans;

  void fields(config::Fields& f) {
    ottl::error_mode_field(f, error_mode);
    f.list("log_conditions", log_conditions,
           "Over logs: conditions, or groups of them; what one is true for is dropped.");
    f.list("metric_conditions", metric_conditions, "Over metrics: conditions, or groups of them.");
    f.list("trace_conditions", trace_conditions, "Over traces: conditions, or groups of them.");
    f.optional_section("logs", logs, "Which log records to keep or drop, in the older style.");
    f.optional_section("metrics", metrics, "Which metrics to keep or drop, in the older style.");
    f.optional_section("traces", traces, "Which spans to drop, in the older style.");
    f.optional_section("spans", spans, "Which spans to keep or drop, without conditions.");
    for (const char* key : {"profile_conditions", "profiles"}) f.unsupported(key, "there is no signal for profiles");
  }
  std::vector<ottl::ConditionRunner> compile(Signal signal, const ottl::ErrorReporter::Owner* owner,
                                             ottl::SettingsProblems& problems) const;
  void validate(config::Validator& v) const {
    if (!log_conditions.empty() && logs) v.error("logs", "cannot stand beside log_conditions", mixing_remedy);
    if (!metric_conditions.empty() && metrics)
      v.error("metrics", "cannot stand beside metric_conditions", mixing_remedy);
    if (!trace_conditions.empty() && traces) v.error("traces", "cannot stand beside trace_conditions", mixing_remedy);
    if (spans && (traces || !trace_conditions.empty()))
      v.error("spans", "cannot stand beside conditions on traces", mixing_remedy);
    ottl::SettingsProblems problems;
    for (const Signal signal : all_signals) (void)compile(signal, nullptr, problems);
    report(problems, v);
  }
};

std::vector<ottl::ConditionRunner> FilterConfig::compile(Signal signal, const ottl::ErrorReporter::Owner* owner,
                                                         ottl::SettingsProblems& problems) const {
  const ottl::Dialect dialect{ottl::filter_functions(signal), ottl::contexts_of(signal)};
  ottl::GroupCompiler compiler(error_mode, owner, problems);
  std::vector<ottl::ConditionRunner> runners;
  const auto add = [&](const char* key, const Texts& texts, ottl::Context context) {
    if (auto runner = compiler.conditions(key, texts, dialect, context)) runners.push_back(std::move(*runner));
  };
  const auto add_all = [&](const char* key, const std::vector<ottl::ConditionSettings>& settings) {
    for (auto& runner : compiler.conditions(key, settings, dialect)) runners.push_back(std::move(runner));
  };
  switch (signal) {
    case Signal::logs:
      add_all("log_conditions", log_conditions);
      if (logs) add("logs::resource", logs->resource, ottl::Context::resource);
      if (logs) add("logs::log_record", logs->log_record, ottl::Context::log);
      break;
    case Signal::metrics:
      add_all("metric_conditions", metric_conditions);
      if (metrics) add("metrics::resource", metrics->resource, ottl::Context::resource);
      if (metrics) add("metrics::metric", metrics->metric, ottl::Context::metric);
      if (metrics) add("metrics::datapoint", metrics->datapoint, ottl::Context::data_point);
      break;
    case Signal::traces:
      add_all("trace_conditions", trace_conditions);
      if (traces) add("traces::resource", traces->resource, ottl::Context::resource);
      if (traces) add("traces::span", traces->span, ottl::Context::span);
      if (traces) add("traces::spanevent", traces->spanevent, ottl::Context::span_event);
      break;
  }
  return runners;
}

template <class Config>
Result<void> compile(const std::optional<Config>& config, std::optional<MatchSides>& out) {
  if (!config || !config->has_sides()) return {};
  auto sides = MatchSides::compile(config->include, config->exclude);
  if (!sides) return std::move(sides).error();
  out.emplace(std::move(*sides));
  return {};
}

class FilterProcessor final : public Processor {
 public:
  struct Parts {
    std::optional<MatchSides> logs, metrics, spans;
    ConditionFilter log_conditions, metric_conditions, trace_conditions;
  };
  FilterProcessor(Parts parts, const ComponentContext& context)
      : parts_(std::move(parts)), world_{context.environment.clock, context.environment.random} {}

  Result<void> process(SignalBatch& batch) override {
    const Client* client = batch.client().get();
    switch (batch.signal()) {
      case Signal::logs:
        if (parts_.logs)
          retain_records(batch.logs(), [this](const auto&... record) { return parts_.logs->let_through(record...); });
        return parts_.log_conditions.apply(batch.logs(), client, world_);
      case Signal::metrics:
        if (parts_.metrics)
          retain_records(batch.metrics(), [this](const Resource& resource, const Scope& scope, const Metric& metric) {
            return parts_.metrics->let_through(resource, scope, metric, static_cast<const Attributes*>(nullptr));
          });
        return parts_.metric_conditions.apply(batch.metrics(), client, world_);
      case Signal::traces:
        if (parts_.spans)
          retain_records(batch.traces(),
                         [this](const auto&... record) { return parts_.spans->let_through(record...); });
        return parts_.trace_conditions.apply(batch.traces(), client, world_);
    }
    return {};
  }

 private:
  const Parts parts_;
  ottl::World world_;
};

Result<std::unique_ptr<Processor>> create(const FilterConfig& config, const ComponentContext& context) {
  FilterProcessor::Parts parts;
  RANKWIRE_TRY(compile(config.logs, parts.logs));
  RANKWIRE_TRY(compile(config.metrics, parts.metrics));
  RANKWIRE_TRY(compile(config.spans, parts.spans));
  const ottl::ErrorReporter::Owner owner{context.id.text(), context.environment.log, context.environment.counters};
  ottl::SettingsProblems problems;
  parts.log_conditions = ConditionFilter(config.compile(Signal::logs, &owner, problems));
  parts.metric_conditions = ConditionFilter(config.compile(Signal::metrics, &owner, problems));
  parts.trace_conditions = ConditionFilter(config.compile(Signal::traces, &owner, problems));
  RANKWIRE_TRY(ottl::check(problems));
  return std::unique_ptr<Processor>(std::make_unique<FilterProcessor>(std::move(parts), context));
}

}  // namespace

ProcessorFactory filter_factory() {
  return make_factory<FilterConfig, Processor>(
      {.type = "filter",
       .aliases = {},
       .summary = "Drops log records, metrics and spans by OTTL conditions, severity, name, text and attributes.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::filter
