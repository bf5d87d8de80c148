// What a destination must have once a run has come to rest, and whether it has it: each record by its
// number; where processors may merge or sample, how many; and what counters and connectors count.
#include <algorithm>

#include "pushed.hpp"
#include "world.hpp"

namespace rankwire::simulation {
namespace {

constexpr std::size_t named_max = 5;  // Of missing records, in a failure's text.

double total_of(const Arrivals& arrivals, const std::string& name) {
  const auto found = arrivals.tallies.find(name);
  return found == arrivals.tallies.end() ? 0 : found->second.total();
}

std::string plain(double number) { return std::to_string(static_cast<std::int64_t>(number)); }

}  // namespace

void World::each_known(const std::function<void(const RecordId& id)>& visit) const {
  for (const auto& [source, lines] : ledger_.lines_written)
    for (std::uint64_t n = 1; n <= lines; ++n) visit({source, n});
  for (const RecordId& id : ledger_.acknowledged) visit(id);
}

// Whether the destination must have the record, or have refused it: it was acknowledged, nothing excuses it, no
// processor drops it, and whoever held it promised to keep it.
bool World::is_due(const DestinationPlan& plan, const RecordId& id) const {
  const Signal signal = signal_of(id);
  if (ledger_.excused.contains(id) || scenario_.components.contract(signal).is_dropped(id)) return false;
  // The file exporter does not sync: power loss may take what it had taken.
  if (plan.is_file && faults_.has_struck({Fault::power_loss})) return false;
  const bool is_held = scenario_.components.holds_back[static_cast<std::size_t>(signal)];
  const bool is_durable = (plan.queue == DestinationPlan::Queue::disk || plan.is_file) && !is_held;
  if (is_pushed(id.source) && !is_durable && was_memory_lost_) return false;
  // What is damaged in storage is lost: records in a queue, or what is known of a rotated file.
  return !faults_.has_struck({Fault::bit_flip});
}

std::string World::missing(const DestinationPlan& plan) const {
  std::string text = plan.is_made ? missing_counts(plan) : missing_records(plan);
  if (text.empty() && !plan.is_made) text = missing_merged(plan);
  // Of the file exporter only ids are looked for.
  if (text.empty() && !plan.is_made && !plan.is_file) text = missing_progress(plan);
  return text;
}

std::string World::missing_records(const DestinationPlan& plan) const {
  const Arrivals& arrivals = ledger_.destinations.at(plan.name);
  std::map<Signal, std::vector<RecordId>> missing;
  each_known([&](const RecordId& id) {
    if (scenario_.components.contract(signal_of(id)).merges) return;
    if (!arrivals.count.contains(id) && !arrivals.rejected.contains(id) && is_due(plan, id))
      missing[signal_of(id)].push_back(id);
  });
  for (const auto& [signal, ids] : missing) {
    if (static_cast<double>(ids.size()) <= sampled(signal) + passed_over(plan)) continue;
    std::string text = std::to_string(ids.size()) + " records never reached " + plan.name + ":";
    for (std::size_t i = 0; i < std::min(ids.size(), named_max); ++i) text += " " + text_of(ids[i]);
    return text;
  }
  return {};
}

std::string World::missing_merged(const DestinationPlan& plan) const {
  for (const Signal signal : all_signals) {
    if (!scenario_.components.contract(signal).merges) continue;
    double due = 0;
    each_known([&](const RecordId& id) { due += signal_of(id) == signal && is_due(plan, id) ? 1 : 0; });
    const double there = total_of(ledger_.destinations.at(plan.name), std::string(to_string(signal)));
    if (there + passed_over(plan) < due)
      return "of " + plain(due) + " merged " + std::string(record_noun(signal)) + " only " + plain(there) +
             " reached " + plan.name;
  }
  return {};
}

// What a counter of each sender of metrics counts is there, as its last value or as a sum of deltas.
std::string World::missing_progress(const DestinationPlan& plan) const {
  const Contract& contract = scenario_.components.contract(Signal::metrics);
  if (!contract.samples.empty()) return {};
  // Who turns points into what came since the last one has moved on when a batch is refused behind it.
  if (contract.alters && refused(Signal::metrics) != 0) return {};
  std::map<std::string, std::uint64_t> last;
  for (const RecordId& id : ledger_.acknowledged)
    if (signal_of(id) == Signal::metrics) last[id.source] = std::max(last[id.source], id.number);
  const Arrivals& arrivals = ledger_.destinations.at(plan.name);
  // Whether a processor would drop the record of this number says nothing about the counter.
  if (was_memory_lost_ || faults_.has_struck({Fault::bit_flip}) || passed_over(plan) != 0) return {};
  for (const auto& [source, number] : last) {
    const auto tally = arrivals.tallies.find(std::string(progress_prefix) + source);
    double there = 0;
    if (tally != arrivals.tallies.end())
      for (const auto& [series, value] : tally->second.latest) there = std::max(there, value);
    if (tally != arrivals.tallies.end()) there += tally->second.sum;
    if (there < static_cast<double>(number))
      return "the counter of " + source + " stands at " + plain(there) + " in " + plan.name + ", not at " +
             std::to_string(number);
  }
  return {};
}

// The highest number of a page that has arrived.
double World::latest_page(const DestinationPlan& plan) const {
  const Arrivals& arrivals = ledger_.destinations.at(plan.name);
  const auto tally = arrivals.tallies.find(Page::metric);
  double latest = 0;
  if (tally != arrivals.tallies.end())
    for (const auto& [series, value] : tally->second.latest) latest = std::max(latest, value);
  return latest;
}

// Connectors beside the exporters count every record that comes to the end of its pipeline.
std::string World::missing_counts(const DestinationPlan& plan) const {
  // What statsd adds up is in memory until it has been passed on.
  const bool are_lines_due = !was_memory_lost_ && !faults_.has_struck({Fault::bit_flip});
  if (const double there = total_of(ledger_.destinations.at(plan.name), LineSender::metric);
      are_lines_due && there < ledger_.lines_taken)
    return "of " + plain(ledger_.lines_taken) + " lines that statsd took only " + plain(there) + " were counted";
  if (const double latest = latest_page(plan); page_ && latest <= static_cast<double>(given_with_faults_))
    return "the page was last given as number " + plain(latest) + ", and was given " + plain(page_->given()) + " times";
  // One point of theirs may say of any number of records that they were there.
  if (passed_over(plan) != 0) return {};
  for (const std::string& type : scenario_.components.aside) {
    std::map<std::string, double> due;
    each_known([&](const RecordId& id) {
      const Contract& contract = scenario_.components.contract(signal_of(id));
      const std::string_view metric = counting_metric(type, id.source.front());
      if (!metric.empty() && !contract.merges && contract.samples.empty() && is_due(plan, id))
        due[std::string(metric)] += 1;
    });
    for (const auto& [metric, records] : due) {
      const double there = total_of(ledger_.destinations.at(plan.name), metric);
      if (there < records)
        return "connector " + type + " counted " + plain(there) + " in " + metric + ", of " + plain(records);
    }
  }
  return {};
}

// More than there can be, of merged records and in what connectors count, with nothing that explains it.
std::string World::surplus(const DestinationPlan& plan) const {
  if (page_ && plan.is_made && latest_page(plan) > static_cast<double>(page_->given()))
    return "page number " + plain(latest_page(plan)) + " of " + plain(page_->given()) + " that were given";
  if (!ledger_.sent_again.empty()) return {};
  const Arrivals& arrivals = ledger_.destinations.at(plan.name);
  if (const double there = total_of(arrivals, LineSender::metric); !may_repeat() && there > ledger_.lines_taken)
    return plain(there) + " lines of statsd in " + plan.name + ", of only " + plain(ledger_.lines_taken);
  std::map<std::string, double> most;
  const std::array<bool, 3> repeats = may_repeat_by_signal();
  std::set<std::string> thinned;
  each_known([&](const RecordId& id) {
    const Signal signal = signal_of(id);
    if (repeats[static_cast<std::size_t>(signal)]) return;
    if (!plan.is_made && scenario_.components.contract(signal).merges) most[std::string(to_string(signal))] += 1;
    std::set<std::string_view> metrics;
    for (const std::string& type : scenario_.components.aside) metrics.insert(counting_metric(type, id.source.front()));
    // A span that half of all were dropped for counts as two: one too many where their number is odd.
    const bool is_first_dropped =
        scenario_.components.contract(signal).is_dropped(id) && thinned.insert(id.source).second;
    // The counters of senders are points, too.
    for (const std::string_view metric : metrics)
      if (plan.is_made && metric != "metric.datapoint.count") most[std::string(metric)] += is_first_dropped ? 2 : 1;
  });
  for (const auto& [name, records] : most)
    if (const double there = total_of(arrivals, name); there > records)
      return plain(there) + " " + name + " in " + plan.name + ", of only " + plain(records);
  return {};
}

namespace {

double sampled_of(Counters& counters, Signal signal, std::string_view reason) {
  return figure(counters.prometheus_text(), "rankwire_dropped_records_total",
                "signal=\"" + std::string(to_string(signal)) + "\"", "reason=\"" + std::string(reason) + "\"");
}

}  // namespace

void World::note_dropped() {
  for (const Signal signal : all_signals) ledger_.refused[signal] = refused(signal);
  for (const Signal signal : all_signals)
    if (const auto& reason = scenario_.components.contract(signal).samples; !reason.empty())
      ledger_.dropped[signal] += sampled_of(agent_->counters(), signal, reason);
}

double World::refused(Signal signal) const {
  const std::string text = agent_->counters().prometheus_text();
  const auto before = ledger_.refused.find(signal);
  double all = before == ledger_.refused.end() ? 0 : before->second;
  for (const char* what : {"refused", "failed"})
    all += figure(text, "otelcol_receiver_" + std::string(what) + "_" + std::string(record_noun(signal)), "");
  for (const char* outcome : {"outcome=\"refused\"", "outcome=\"failure\""})
    all +=
        figure(text, "otelcol_processor_produced_items", "signal=\"" + std::string(to_string(signal)) + "\"", outcome);
  return all;
}

double World::sampled(Signal signal) const {
  const auto& reason = scenario_.components.contract(signal).samples;
  if (reason.empty()) return 0;
  const auto before = ledger_.dropped.find(signal);
  return (before == ledger_.dropped.end() ? 0 : before->second) + sampled_of(agent_->counters(), signal, reason);
}

double World::passed_over(const DestinationPlan& plan) const {
  constexpr std::string_view name = "rankwire_passed_over_records_total";
  const std::string text = agent_->counters().prometheus_text();
  return figure(text, name, "destination=\"connector ") +
         figure(text, name, "destination=\"exporter " + plan.type() + "/" + plan.name + "\"");
}

}  // namespace rankwire::simulation
