#include "scenario.hpp"

#include <algorithm>
#include <cmath>

#include "ledger.hpp"

namespace rankwire::simulation {
namespace {

struct FaultRange {
  Fault fault;
  std::string_view name;
  double rarest, commonest;  // Chance each time it could strike.
};

// Of the ones that the world decides (kill, reload, …): chance a second.
constexpr FaultRange ranges[] = {
    {Fault::kill, "kill", 0.02, 0.5},
    {Fault::power_loss, "power_loss", 0.02, 0.3},
    {Fault::power_loss_torn_write, "power_loss_torn_write", 0.1, 0.9},
    {Fault::clean_restart, "clean_restart", 0.02, 0.3},
    {Fault::reload, "reload", 0.02, 0.5},
    {Fault::invalid_reload, "invalid_reload", 0.02, 0.5},
    {Fault::read_error, "read_error", 0.001, 0.05},
    {Fault::write_error, "write_error", 0.001, 0.1},
    {Fault::disk_full, "disk_full", 0.001, 0.3},
    {Fault::short_write, "short_write", 0.001, 0.1},
    {Fault::sync_error, "sync_error", 0.001, 0.1},
    {Fault::out_of_handles, "out_of_handles", 0.001, 0.2},
    {Fault::slow_disk, "slow_disk", 0.0005, 0.005},
    {Fault::bit_flip, "bit_flip", 0.1, 0.9},
    {Fault::watch_overflow, "watch_overflow", 0.001, 0.1},
    {Fault::refused_connection, "refused_connection", 0.02, 0.5},
    {Fault::reset_in_request, "reset_in_request", 0.02, 0.3},
    {Fault::reset_in_response, "reset_in_response", 0.02, 0.3},
    {Fault::response_lost, "response_lost", 0.02, 0.3},
    {Fault::slow_server, "slow_server", 0.01, 0.5},
    {Fault::stalled_server, "stalled_server", 0.001, 0.02},
    {Fault::status_429, "status_429", 0.02, 0.5},
    {Fault::status_429_without_delay, "status_429_without_delay", 0.02, 0.5},
    {Fault::status_503, "status_503", 0.02, 0.5},
    {Fault::partial_success, "partial_success", 0.01, 0.2},
    {Fault::permanent_rejection, "permanent_rejection", 0.01, 0.1},
    {Fault::garbage_answer, "garbage_answer", 0.01, 0.1},
    {Fault::clock_jump, "clock_jump", 0.02, 0.3},
    {Fault::rename_rotation, "rename_rotation", 0.005, 0.1},
    {Fault::gzip_rotation, "gzip_rotation", 0.005, 0.1},
    {Fault::copy_truncate, "copy_truncate", 0.002, 0.05},
    {Fault::file_deleted, "file_deleted", 0, 0},
    {Fault::inode_reused, "inode_reused", 0.002, 0.05},
    {Fault::memory_pressure, "memory_pressure", 0.05, 0.5},
    {Fault::destination_down, "destination_down", 0.02, 0.3},
};
static_assert(std::size(ranges) == fault_count);

void draw_faults(Dice& dice, Faults& faults) {
  const std::uint64_t mood = dice.below(10);
  const double each = mood == 0 ? 0.0 : mood < 5 ? 0.06 : mood < 9 ? 0.2 : 0.5;
  for (const FaultRange& range : ranges) {
    if (!dice.chance(each) || range.commonest == 0) continue;
    const double spread = std::log(range.commonest / range.rarest);
    const double part = static_cast<double>(dice.below(1000)) / 1000;
    faults.set(range.fault, range.rarest * std::exp(spread * part));
  }
  // Rotation is everyday life.
  if (dice.chance(0.4)) faults.set(dice.chance(0.5) ? Fault::rename_rotation : Fault::gzip_rotation, 0.03);
}

DestinationPlan draw_destination(Dice& dice, int index) {
  DestinationPlan plan;
  plan.name = std::string(1, static_cast<char>('a' + index));
  plan.port = static_cast<std::uint16_t>(9001 + index);
  plan.protocol = dice.chance(0.5) ? net::Protocol::http : net::Protocol::grpc;
  const std::uint64_t queue = dice.below(10);
  using Queue = DestinationPlan::Queue;
  plan.queue = queue < 5 ? Queue::disk : queue < 9 ? Queue::memory : Queue::none;
  plan.consumers = dice.chance(0.5) ? 1 : dice.between(2, 10);
  std::string& y = plan.settings;
  y += "    timeout: " + std::to_string(dice.between(2, 10)) + "s\n";
  static const std::vector<std::string> encodings = {"none", "gzip", "zstd"};
  y += "    compression: " + dice.one_of(encodings) + "\n";
  y += "    retry_on_failure: {initial_interval: " + std::to_string(dice.between(10, 1000)) +
       "ms, max_interval: " + std::to_string(dice.between(1, 5)) + "s, max_elapsed_time: 0s}\n";
  if (plan.queue == Queue::none) {
    y += "    sending_queue: {enabled: false}\n";
    return plan;
  }
  y += "    sending_queue:\n      num_consumers: " + std::to_string(plan.consumers) + "\n";
  if (dice.chance(0.3)) y += "      queue_size: " + std::to_string(dice.between(2, 50)) + "\n";
  if (dice.chance(0.3)) y += "      block_on_overflow: true\n";
  if (plan.queue == Queue::disk) y += "      storage: file_storage\n";
  if (plan.queue == Queue::memory && dice.chance(0.1)) y += "      wait_for_result: true\n";
  if (dice.chance(0.2)) y += "      batch: {flush_timeout: 300ms, min_size: 50, max_size: 200, sizer: items}\n";
  return plan;
}

DestinationPlan file_destination(Dice& dice) {
  DestinationPlan plan;
  plan.name = "file";
  plan.is_file = true;
  plan.queue = DestinationPlan::Queue::none;
  plan.settings = "    path: " + std::string(file_directory) + "/all.jsonl\n    create_directory: true\n";
  plan.settings += dice.chance(0.5) ? "    append: true\n" : "    rotation: {max_megabytes: 1, max_backups: 0}\n";
  return plan;
}

// Of what connectors make. Its queue may be small: then they refuse. One consumer has one connection, which those that
// flush all the time keep busy: with more, their number would come and go between reloads.
DestinationPlan made_destination(Dice& dice) {
  DestinationPlan plan;
  plan.name = "made";
  plan.port = 9011;
  plan.is_made = true;
  plan.settings =
      "    timeout: 5s\n    retry_on_failure: {initial_interval: 100ms, max_interval: 2s, max_elapsed_time: 0s}\n"
      "    sending_queue: {num_consumers: 1, queue_size: " +
      std::string(dice.chance(0.3) ? "5" : "1000") + "}\n";
  return plan;
}

}  // namespace

void Scenario::note_components() {
  std::set<std::string>& names = components.names;
  names.insert("processor redaction");
  names.insert("extension file_storage");
  if (writers != 0) names.insert("receiver file_log");
  if (senders != 0) names.insert("receiver otlp");
  if (packets_max != 0) names.insert("receiver statsd");
  if (reads_host)
    names.insert({"receiver host_metrics", "receiver k8s_events", "receiver kmsg", "receiver kubelet_stats",
                  "receiver nvidia_gpu"});
  if (is_scraped) names.insert("receiver prometheus");
  for (const DrawnProcessor& processor : components.processors)
    for (const Signal signal : processor.signals)
      if (has_any_of(signal)) names.insert(processor.name);
  for (const std::string& type : components.aside)
    for (const Signal signal : all_signals)
      if (has_any_of(signal) && !registry().connector(type)->info.given(signal).empty())
        names.insert("connector " + type);
  for (const DestinationPlan& plan : destinations) names.insert("exporter " + plan.type());
}

std::string_view to_string(Fault fault) { return ranges[static_cast<std::size_t>(fault)].name; }

Scenario draw_scenario(std::uint64_t seed, Faults& faults, const std::vector<std::string>& without,
                       const std::vector<std::string>& with) {
  Dice dice(seed * 2 + 1);
  Scenario scenario;
  scenario.seed = seed;
  draw_faults(dice, faults);
  for (const FaultRange& range : ranges)
    if (std::find(without.begin(), without.end(), range.name) != without.end()) faults.set(range.fault, 0);
  for (const FaultRange& range : ranges)
    if (std::find(with.begin(), with.end(), range.name) != with.end() && !faults.is_on(range.fault))
      faults.set(range.fault, std::sqrt(range.rarest * range.commonest));
  scenario.writing = std::chrono::seconds(dice.between(5, 30));
  scenario.writers = static_cast<int>(dice.between(0, 4));
  scenario.senders = static_cast<int>(scenario.writers == 0 ? dice.between(1, 3) : dice.below(3));
  scenario.lines_max = dice.between(50, 1500);
  scenario.requests_max = dice.between(5, 60);
  // Without fsync nothing is promised about power.
  scenario.must_sync = faults.is_on(Fault::power_loss) || dice.chance(0.3);
  scenario.signals = {Signal::logs};
  for (const Signal signal : {Signal::metrics, Signal::traces})
    if (dice.chance(0.4)) scenario.signals.insert(scenario.signals.begin(), signal);
  scenario.are_pipelines_split =
      scenario.has_sender_of(Signal::logs) && scenario.writers != 0 && scenario.senders != 0 && dice.chance(0.4);
  if (dice.chance(0.15)) scenario.packets_max = dice.between(5, 200);
  scenario.reads_host = dice.chance(0.1);
  scenario.is_scraped = dice.chance(0.1);
  scenario.components = draw_components(dice, faults);
  const std::uint64_t destinations = dice.chance(0.4) ? 2 : 1;
  for (std::uint64_t i = 0; i < destinations; ++i)
    scenario.destinations.push_back(draw_destination(dice, static_cast<int>(i)));
  // What it writes is looked through for ids only.
  if (dice.chance(0.15) && !scenario.components.merges_any()) scenario.destinations.push_back(file_destination(dice));
  if (!scenario.made_aside().empty()) scenario.destinations.push_back(made_destination(dice));
  scenario.note_components();
  scenario.switch_chance = dice.chance(0.5) ? 0.02 : dice.chance(0.5) ? 0.2 : 0.9;
  return scenario;
}

bool Scenario::has_sender_of(Signal signal) const {
  for (int i = 0; i < senders; ++i)
    if (signal_of(i) == signal) return true;
  return false;
}

std::string Scenario::receivers(int variant) const {
  std::string y;
  if (writers != 0)
    y += "  file_log:\n    include: [/var/log/pods/*/*/*.log]\n    start_at: beginning\n    storage: file_storage\n"
         "    poll_interval: " +
         std::to_string(1 + (variant + 1) / 2 % 2) + "s\n    operators: [{type: container}]\n";
  if (senders != 0) y += "  otlp: {protocols: {http: {endpoint: '0.0.0.0:4318'}, grpc: {endpoint: '0.0.0.0:4317'}}}\n";
  if (packets_max != 0)
    y += "  statsd: {endpoint: '0.0.0.0:8125', ignore_host: true, aggregation_interval: 2s, max_state_size: 64KiB}\n";
  if (reads_host)
    y += "  host_metrics: {collection_interval: 1s, scrapers: {load: , memory: }}\n"
         "  k8s_events: {auth_type: none, storage: file_storage}\n"
         "  kmsg: {storage: file_storage, start_at: beginning}\n"
         "  kubelet_stats: {auth_type: none, endpoint: 'kubelet.sim:10255', collection_interval: 1s}\n"
         "  nvidia_gpu: {collection_interval: 1s, library: /nowhere/libnvidia-ml.so.1}\n";
  if (is_scraped)
    y += "  prometheus: {config: {scrape_configs: [{job_name: simulated, scrape_interval: 2s, scrape_timeout: 1s, "
         "static_configs: [{targets: ['page:" +
         std::to_string(page_port) + "'], labels: {variant: v" + std::to_string(variant / 3) + "}}]}]}}\n";
  return y;
}

std::string Scenario::yaml(int variant) const {
  std::string y = "extensions:\n  file_storage: {directory: " + std::string(storage_directory) +
                  ", create_directory: true, fsync: " + (must_sync ? "true" : "false") + "}\n";
  y += components.extensions + "receivers:\n" + receivers(variant);
  y += "processors:\n  redaction: {allow_all_keys: true, blocked_values: ['customer_id=\\d+']}\n" +
       components.processor_settings(variant);
  if (variant % 2 == 1)
    y += "  attributes/variant: {actions: [{key: variant, value: " + std::to_string(variant) + ", action: upsert}]}\n";
  y += "exporters:\n";
  std::string exporters;
  for (const DestinationPlan& plan : destinations) {
    const bool is_http = plan.protocol == net::Protocol::http;
    const std::string id = plan.type() + "/" + plan.name;
    if (!plan.is_made) exporters += (exporters.empty() ? "" : ", ") + id;
    y += "  " + id + ":\n";
    if (plan.is_file) {
      y += plan.settings;
      continue;
    }
    y += std::string("    endpoint: ") + (is_http ? "http://" : "") + "destination:" + std::to_string(plan.port) + "\n";
    if (!is_http) y += "    tls: {insecure: true}\n";
    if (variant % 4 >= 2) y += "    headers: {x-variant: \"" + std::to_string(variant) + "\"}\n";
    y += plan.settings;
  }
  y += components.exporters;
  exporters += components.exporter_names;
  const auto exporters_of = [&](Signal signal) {
    return signal == Signal::metrics ? exporters + components.metric_exporter_names : exporters;
  };
  const std::string last = variant % 2 == 1 ? ", attributes/variant" : "";
  std::string connectors;
  for (const Signal signal : all_signals) {
    const std::string name(to_string(signal));
    if (!components.between.empty() && has_any_of(signal))
      connectors +=
          "  " + components.between + "/" + name + ": " + connector_settings(components.between, name + "/out") + "\n";
  }
  const std::string made = made_aside();
  for (const std::string& type : components.aside)
    if (made.find("[" + type + "]") != std::string::npos)
      connectors += "  " + type + ": " + connector_settings(type, "") + "\n";
  if (!connectors.empty()) y += "connectors:\n" + connectors;
  const auto pipeline = [&](const std::string& name, Signal signal, const std::string& receivers) {
    const std::string next =
        components.between.empty() ? exporters_of(signal) : components.between + "/" + std::string(to_string(signal));
    return "    " + name + ": {receivers: [" + receivers + "], processors: [redaction" +
           components.processor_names(signal, variant) + last + "], exporters: [" + next + aside(signal) + "]}\n";
  };
  y += "service:\n  extensions: [file_storage" + components.extension_names + "]\n  pipelines:\n";
  const bool has_pushed_logs = has_sender_of(Signal::logs);
  if (are_pipelines_split)
    y += pipeline("logs/files", Signal::logs, "file_log") + pipeline("logs/push", Signal::logs, "otlp");
  else if (writers != 0 || has_pushed_logs)
    y += pipeline("logs/in", Signal::logs, writers == 0 ? "otlp" : !has_pushed_logs ? "file_log" : "file_log, otlp");
  for (const Signal signal : {Signal::metrics, Signal::traces})
    if (has_sender_of(signal)) y += pipeline(std::string(to_string(signal)) + "/in", signal, "otlp");
  for (const Signal signal : all_signals) {
    const std::string name(to_string(signal));
    if (!components.between.empty() && has_any_of(signal))
      y += "    " + name + "/out: {receivers: [" + components.between + "/" + name + "], exporters: [" +
           exporters_of(signal) + "]}\n";
  }
  return y + made;
}

std::size_t Scenario::connectors_of(Signal signal) const {
  const std::string names = aside(signal);
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), ',')) + (components.between.empty() ? 0 : 1);
}

std::string Scenario::aside(Signal signal) const {
  std::string names;
  for (const std::string& type : components.aside)
    if (!registry().connector(type)->info.given(signal).empty()) names += ", " + type;
  return names;
}

std::string Scenario::made_aside() const {
  std::string pipelines;
  if (packets_max != 0) pipelines += "    metrics/of_statsd: {receivers: [statsd], exporters: [otlp_http/made]}\n";
  if (reads_host)
    pipelines +=
        "    metrics/of_host: {receivers: [host_metrics, kubelet_stats, nvidia_gpu], exporters: [otlp_http/made]}\n"
        "    logs/of_host: {receivers: [k8s_events, kmsg, nvidia_gpu], exporters: [otlp_http/made]}\n";
  if (is_scraped) pipelines += "    metrics/of_page: {receivers: [prometheus], exporters: [otlp_http/made]}\n";
  for (const std::string& type : components.aside) {
    std::set<Signal> made;
    for (const Signal signal : all_signals)
      if (has_any_of(signal))
        for (const Signal given : registry().connector(type)->info.given(signal)) made.insert(given);
    for (const Signal signal : made)
      pipelines += "    " + std::string(to_string(signal)) + "/of_" + type + ": {receivers: [" + type +
                   "], exporters: [otlp_http/made]}\n";
  }
  return pipelines;
}

}  // namespace rankwire::simulation
