#include "drawn_components.hpp"

#include <algorithm>

#include "app/components.hpp"
#include "pushed.hpp"

namespace rankwire::simulation {
namespace {

constexpr double chance_of_a_processor = 0.25, chance_of_others = 0.1, chance_of_an_aside = 0.15,
                 chance_of_coming_and_going = 0.15;

// One way to configure a component. Several of a type: one is drawn.
struct Entry {
  std::string_view type;
  std::string_view settings;
  Effect effect = Effect::keeps;
  IsDropped is_dropped = nullptr;
  std::string_view settings_later = {};  // Of processors: after some of the reloads.
  std::string_view reason = {};          // Of what samples: how it counts what it drops.
  bool holds_durably = false;            // What it holds back survives the process.
};

// The number that a filter drops by, and a sampler: senders give records the trace ids for it (pushed.cpp).
bool ends_in_seven(const RecordId& id) { return id.number % 10 == 7; }
bool is_even_and_traced(const RecordId& id) { return id.number % 2 == 0 && is_pushed(id.source); }

// What the default configuration of each does is taken as `keeps`.
constexpr Entry table[] = {
    {"batch", "{timeout: 200ms, send_batch_size: 100}"},
    {"resource", "{attributes: [{key: cluster, value: east, action: upsert}]}"},
    {"attributes", "{actions: [{key: zone, value: z1, action: insert}]}"},
    {"filter", "{log_conditions: ['log.body == \"nobody writes this\"', 'log.severity_number > 24']}"},
    {"filter",
     "{log_conditions: ['IsMatch(log.body, \"id=[a-z0-9]+-[0-9]*7;\")'], metric_conditions: [{context: datapoint, "
     "conditions: ['attributes[\"note\"] != nil and IsMatch(attributes[\"note\"], \"id=[a-z0-9]+-[0-9]*7;\")']}], "
     "trace_conditions: ['IsMatch(span.attributes[\"note\"], \"id=[a-z0-9]+-[0-9]*7;\")']}",
     Effect::drops, ends_in_seven},
    {"rate_limit", "{records_per_second: 1000000}"},
    {"rate_limit", "{records_per_second: 300, excess: hold_back}"},
    {"rate_limit", "{records_per_second: 100, excess: drop}", Effect::samples, nullptr, {}, "rate_limited"},
    {"transform", "{log_statements: ['set(log.attributes[\"seen\"], true) where log.body != nil']}"},
    {"memory_limiter", "{limit_mib: 64, spike_limit_mib: 16, check_interval: 100ms}"},
    {"probabilistic_sampler", "{sampling_percentage: 100, fail_closed: false}"},
    {"probabilistic_sampler", "{mode: proportional, sampling_percentage: 50, fail_closed: false}", Effect::drops,
     is_even_and_traced},
    {"span", "{name: {from_attributes: [host]}}"},
    {"span", "{name: {to_attributes: {rules: ['^st(?P<part>.*)$$']}}}"},
    {"group_by_attrs", "{}"},
    {"group_by_attrs", "{keys: [host]}"},
    // Holders: numbers make every record another, so that nothing is merged.
    {"k8s_attributes", "{passthrough: true}", Effect::alters},
    {"log_dedup", "{interval: 2s}", Effect::keeps, nullptr, "{interval: 3s}"},
    {"log_dedup", "{interval: 3s, conditions: ['IsMatch(log.body, \"id=[a-z0-9]+-[0-9]*[02468];\")']}"},
    {"log_dedup", "{interval: 30s, max_state_size: 64KiB}"},
    {"log_dedup", "{interval: 2s, include_fields: [attributes.nobody_has_it]}", Effect::merges},
    {"tail_sampling", "{decision_wait: 1s, policies: [{name: all, type: always_sample}]}"},
    {.type = "tail_sampling",
     .settings = "{decision_wait: 2s, storage: file_storage, policies: [{name: all, type: always_sample}]}",
     .settings_later = "{decision_wait: 1s, storage: file_storage, policies: [{name: all, type: always_sample}]}",
     .holds_durably = true},
    {.type = "tail_sampling",
     .settings =
         "{decision_wait: 1s, storage: file_storage, policies: [{name: all, type: always_sample}, {name: sevens, "
         "type: drop, drop: {drop_sub_policy: [{name: notes, type: string_attribute, string_attribute: {key: "
         "note, values: ['id=[a-z0-9]+-[0-9]*7;'], enabled_regex_matching: true}}]}}]}",
     .effect = Effect::drops,
     .is_dropped = ends_in_seven,
     .holds_durably = true},
    {"interval", "{interval: 2s}", Effect::keeps, nullptr, "{interval: 3s, pass_through: {gauge: true}}"},
    {"interval", "{interval: 30s, max_state_size: 64KiB}"},
    // Metrics: of every kind, each point with a series of its own; see pushed.cpp.
    {"cumulative_to_delta", "{initial_value: keep}", Effect::alters},
    {"delta_to_rate", "{metrics: [step.new]}", Effect::alters},
    {"metric_start_time", "{}"},
    {"metric_start_time", "{strategy: start_time_metric}"},
    {"metrics_transform",
     "{transforms: [{include: '^step', match_type: regexp, action: update, operations: [{action: add_label, new_label: "
     "agent, new_value: rankwire}, {action: toggle_scalar_data_type}]}]}"},
    {"metrics_transform",
     "{transforms: [{include: '^step', match_type: regexp, action: update, operations: [{action: aggregate_labels, "
     "label_set: [], aggregation_type: sum}]}]}",
     Effect::merges},
    {"cardinality_limit", "{max_series: 1000000}"},
    {"cardinality_limit", "{max_series: 20}", Effect::merges},
    {"debug", "{verbosity: detailed}"},
    {"basic_auth", "{htpasswd: {inline: 'ann:secret'}}"},
    {"bearer_token_auth", "{token: secret}"},
    {"headers_setter", "{headers: [{key: x, value: y}]}"},
    {"health_check", "{endpoint: 'localhost:13133'}"},
    {"prometheus", "{endpoint: 'localhost:8889', resource_to_telemetry_conversion: {enabled: true}}"},
    // Nobody is there: each batch is dropped at once.
    {"prometheus_remote_write", "{endpoint: 'http://prometheus.sim/api/v1/write', retry_on_failure: {enabled: false}}"},
    {"load_balancing",
     "{protocol: {otlp: {tls: {insecure: true}}}, resolver: {static: {hostnames: ['a.sim:1', 'b.sim:1']}}, "
     "retry_on_failure: "
     "{enabled: false}}"},
    {"oauth2_client", "{client_id: a, client_secret: b, token_url: 'http://login.sim/token'}"},
    // Connectors; % is the pipeline behind.
    {"failover", "{priority_levels: [[%]]}"},
    {"routing",
     "{default_pipelines: [%], table: [{context: resource, condition: 'attributes[\"k8s.pod.name\"] == nil', "
     "pipelines: [%]}]}"},
    {"sum",
     "{logs: {log.sum: {source_attribute: unit}}, spans: {span.sum: {source_attribute: unit}}, datapoints: "
     "{datapoint.sum: {source_attribute: unit}}}"},
    {"span_metrics", "{metrics_flush_interval: 1s}"},
    {"service_graph", "{metrics_flush_interval: 1s, store: {ttl: 1s, max_items: 1000000}}"},
};

struct Counting {
  std::string_view type;
  std::string_view sources;
  std::string_view metric;
};

// Only those that senders write have the attribute that is added up.
constexpr Counting countings[] = {
    {"count", "fs", "log.record.count"},
    {"count", "m", "metric.datapoint.count"},
    {"count", "t", "trace.span.count"},
    {"sum", "s", "log.sum"},
    {"sum", "m", "datapoint.sum"},
    {"sum", "t", "span.sum"},
    {"span_metrics", "t", "traces.span.metrics.calls"},
    {"service_graph", "t", "traces_service_graph_request_total"},
};

std::vector<Entry> entries_of(std::string_view type) {
  std::vector<Entry> all;
  for (const Entry& entry : table)
    if (entry.type == type) all.push_back(entry);
  if (all.empty()) all.push_back({type, "{}"});
  return all;
}

std::string name_of(const char* kind, const Entry& entry) {
  static constexpr const char* effects[] = {"", " (alters)", " (drops)", " (samples)", " (merges)"};
  return std::string(kind) + " " + std::string(entry.type) + effects[static_cast<std::size_t>(entry.effect)];
}

bool is_any(std::string_view type, std::initializer_list<std::string_view> of) {
  return std::find(of.begin(), of.end(), type) != of.end();
}

// Whether every signal goes through as it is.
bool passes_on(const ComponentInfo& info) {
  return std::all_of(std::begin(all_signals), std::end(all_signals),
                     [&](Signal signal) { return info.given(signal) == std::vector<Signal>{signal}; });
}

// A line of YAML, and ", NAME" behind the names.
void add(std::string& yaml, std::string& names, std::string_view type) {
  yaml.append("  ").append(type).append(": ").append(entries_of(type).front().settings).append("\n");
  names.append(", ").append(type);
}

// How many merged records there were can be told only where nothing else is done to them.
bool goes_with(const Contract& contract, Effect effect) {
  if (effect == Effect::keeps) return true;
  const bool has_any = contract.alters || !contract.samples.empty() || contract.merges || !contract.drops.empty();
  return effect == Effect::merges ? !has_any : !contract.merges;
}

void note(Contract& contract, const Entry& entry) {
  contract.alters |= entry.effect == Effect::alters;
  if (entry.effect == Effect::samples) contract.samples = entry.reason;
  contract.merges |= entry.effect == Effect::merges;
  if (entry.is_dropped != nullptr) contract.drops.push_back(entry.is_dropped);
}

void draw_processor(Dice& dice, const ProcessorFactory& factory, DrawnComponents& drawn) {
  const Entry entry = dice.one_of(entries_of(factory.info.type));
  const std::vector<Signal>& signals = factory.info.signals;
  for (const Signal signal : signals)
    if (!goes_with(drawn.contract(signal), entry.effect)) return;
  for (const Signal signal : signals) {
    note(drawn.contracts[static_cast<std::size_t>(signal)], entry);
    drawn.holds_back[static_cast<std::size_t>(signal)] |= factory.holds_back() && !entry.holds_durably;
  }
  DrawnProcessor processor{.name = name_of("processor", entry),
                           .type = factory.info.type,
                           .settings = std::string(entry.settings),
                           .settings_later = std::string(entry.settings_later),
                           .signals = signals};
  if (processor.settings_later.empty()) processor.settings_later = processor.settings;
  processor.holds_durably = entry.holds_durably;
  processor.comes_and_goes = entry.effect == Effect::keeps && dice.chance(chance_of_coming_and_going);
  drawn.processors.insert(
      drawn.processors.begin() + static_cast<std::ptrdiff_t>(dice.below(drawn.processors.size() + 1)),
      std::move(processor));
}

}  // namespace

const Registry& registry() {
  static const Registry all = app::built_in_components();
  return all;
}

bool Contract::is_dropped(const RecordId& id) const {
  return std::any_of(drops.begin(), drops.end(), [&](IsDropped is_dropped) { return is_dropped(id); });
}

const std::vector<std::string>& all_components() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    const auto add_kind = [&](const char* kind, const auto& factories) {
      for (const auto& factory : factories)
        for (const Entry& entry : entries_of(factory.info.type)) {
          std::string name = name_of(kind, entry);
          if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
        }
    };
    add_kind("receiver", registry().receivers());
    add_kind("processor", registry().processors());
    add_kind("exporter", registry().exporters());
    add_kind("connector", registry().connectors());
    add_kind("extension", registry().extensions());
    return names;
  }();
  return all;
}

ComponentBits bits_of(const std::set<std::string>& names) {
  ComponentBits bits;
  for (std::size_t i = 0; i < all_components().size(); ++i) bits.set(i, names.contains(all_components()[i]));
  return bits;
}

bool DrawnComponents::merges_any() const {
  return std::any_of(contracts.begin(), contracts.end(), [](const Contract& contract) { return contract.merges; });
}

bool DrawnComponents::lacks_what_it_holds(int variant) const {
  return std::any_of(processors.begin(), processors.end(), [&](const DrawnProcessor& processor) {
    return processor.holds_durably && processor.is_away(variant);
  });
}

std::string DrawnComponents::processor_settings(int variant) const {
  std::string yaml;
  for (const DrawnProcessor& processor : processors)
    yaml += "  " + processor.type + ": " + (variant % 4 < 2 ? processor.settings : processor.settings_later) + "\n";
  return yaml;
}

std::string DrawnComponents::processor_names(Signal signal, int variant) const {
  std::string names;
  for (const DrawnProcessor& processor : processors) {
    const auto& signals = processor.signals;
    if (!processor.is_away(variant) && std::find(signals.begin(), signals.end(), signal) != signals.end())
      names += ", " + processor.type;
  }
  return names;
}

DrawnComponents draw_components(Dice& dice, const Faults& faults) {
  DrawnComponents drawn;
  for (const auto& factory : registry().processors()) {
    const std::string& type = factory.info.type;
    if (type == "redaction") continue;  // First in every pipeline.
    if (type == "memory_limiter" ? faults.is_on(Fault::memory_pressure) : dice.chance(chance_of_a_processor))
      draw_processor(dice, factory, drawn);
  }
  for (const auto& factory : registry().exporters()) {
    const std::string& type = factory.info.type;
    // These are destinations, whose arrivals are checked.
    if (is_any(type, {"otlp_http", "otlp_grpc", "file"}) || !dice.chance(chance_of_others)) continue;
    const bool takes_all = factory.info.signals.size() == std::size(all_signals);
    add(drawn.exporters, takes_all ? drawn.exporter_names : drawn.metric_exporter_names, type);
    drawn.names.insert("exporter " + type);
  }
  for (const auto& factory : registry().extensions()) {
    const std::string& type = factory.info.type;
    if (type == "file_storage" || !dice.chance(chance_of_others)) continue;
    add(drawn.extensions, drawn.extension_names, type);
    drawn.names.insert("extension " + type);
  }
  std::vector<std::string> between;
  for (const auto& factory : registry().connectors()) {
    const std::string& type = factory.info.type;
    if (passes_on(factory.info))
      between.push_back(type);
    else if (dice.chance(chance_of_an_aside))
      drawn.aside.push_back(type);
  }
  if (dice.chance(0.3)) drawn.between = dice.one_of(between);
  if (!drawn.between.empty()) drawn.names.insert("connector " + drawn.between);
  return drawn;
}

std::string connector_settings(const std::string& type, const std::string& pipeline) {
  std::string yaml(entries_of(type).front().settings);
  for (std::size_t at = 0; (at = yaml.find('%', at)) != std::string::npos; at += pipeline.size())
    yaml.replace(at, 1, pipeline);
  return yaml;
}

std::string_view counting_metric(const std::string& type, char source) {
  for (const Counting& counting : countings)
    if (counting.type == type && counting.sources.find(source) != std::string_view::npos) return counting.metric;
  return {};
}

}  // namespace rankwire::simulation
