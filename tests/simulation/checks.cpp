// What every run is held to once it has come to rest.
#include "world.hpp"

#include <algorithm>

#include "pushed.hpp"

namespace rankwire::simulation {
namespace {

constexpr std::size_t named_max = 5;  // Of missing records, in a failure's text.
constexpr std::size_t handles_max = 400;

}  // namespace

// Whether the destination must have the record: it was acknowledged, nothing excuses it, and whoever
// held it promised to keep it.
bool World::is_due(const DestinationPlan& plan, const RecordId& id, const Arrivals& arrivals) const {
  if (arrivals.rejected.contains(id) || ledger_.excused.contains(id)) return false;
  // The file exporter does not sync: power loss may take what it had taken.
  if (plan.is_file && faults_.has_struck({Fault::power_loss})) return false;
  const bool is_durable =
      (plan.queue == DestinationPlan::Queue::disk || plan.is_file) && !scenario_.components.holds_back;
  if (is_pushed(id.source) && !is_durable && was_memory_lost_) return false;
  // What is damaged in storage is lost: records in a queue, or what is known of a rotated file.
  return !faults_.has_struck({Fault::bit_flip});
}

// What the file exporter wrote stands for what arrived.
void World::read_files() {
  Arrivals& arrivals = ledger_.destinations["file"];
  arrivals = {};
  std::map<std::string, std::string> by_age;  // The current file is the last: names set aside have a '-' there.
  disk_.each_file(file_directory, [&](const std::string& path, const std::string& bytes) { by_age[path] = bytes; });
  for (const auto& [path, bytes] : by_age) {
    for (std::size_t at = 0; (at = bytes.find("id=", at)) != std::string::npos; at += 3) {
      const std::string_view text = std::string_view(bytes).substr(at, 40);
      RecordId id;
      // "customer_id=" is masked, but a torn end is no id either.
      if (parse_id(text, id) && id.source.size() == 2) arrivals.arrived(id);
    }
  }
}

bool World::is_everything_there() {
  read_files();
  for (const DestinationPlan& plan : scenario_.destinations) {
    const Arrivals& arrivals = ledger_.destinations[plan.name];
    const auto is_there = [&](const RecordId& id) {
      return arrivals.count.contains(id) || !is_due(plan, id, arrivals);
    };
    for (const auto& [source, lines] : ledger_.lines_written)
      for (std::uint64_t n = 1; n <= lines; ++n)
        if (!is_there({source, n})) return false;
    for (const RecordId& id : ledger_.acknowledged)
      if (!is_there(id)) return false;
  }
  return true;
}

void World::check_arrivals() {
  read_files();
  for (const DestinationPlan& plan : scenario_.destinations) {
    check_destination(plan, ledger_.destinations[plan.name]);
    check_duplicates(plan, ledger_.destinations[plan.name]);
  }
}

void World::check_destination(const DestinationPlan& plan, const Arrivals& arrivals) {
  std::vector<RecordId> missing;
  const auto look_for = [&](const RecordId& id) {
    if (!arrivals.count.contains(id) && is_due(plan, id, arrivals)) missing.push_back(id);
  };
  for (const auto& [source, lines] : ledger_.lines_written)
    for (std::uint64_t n = 1; n <= lines; ++n) look_for({source, n});
  for (const RecordId& id : ledger_.acknowledged) look_for(id);
  if (!missing.empty()) {
    std::string text = std::to_string(missing.size()) + " records never reached " + plan.name + ":";
    for (std::size_t i = 0; i < std::min(missing.size(), named_max); ++i) text += " " + text_of(missing[i]);
    return fail(text);
  }
  for (const auto& [id, count] : arrivals.count) {
    const auto written = ledger_.lines_written.find(id.source);
    const bool is_known = written == ledger_.lines_written.end() ? is_pushed(id.source) : id.number <= written->second;
    if (!is_known || id.number == 0)
      return fail("a record that nobody wrote reached " + plan.name + ": " + text_of(id));
  }
  result_.records += arrivals.count.size();
}

void World::check_duplicates(const DestinationPlan& plan, const Arrivals& arrivals) {
  std::uint64_t twice = 0;
  RecordId first;
  for (const auto& [id, count] : arrivals.count) {
    if (count < 2) continue;
    if (twice++ == 0) first = id;
    const bool is_senders = ledger_.sent_again.contains(id);
    if (is_senders) --twice;
  }
  result_.duplicates += twice;
  const bool may_be =
      faults_.has_struck({Fault::kill, Fault::power_loss, Fault::clean_restart, Fault::reload, Fault::reset_in_response,
                          Fault::response_lost, Fault::stalled_server, Fault::slow_server, Fault::destination_down,
                          Fault::write_error, Fault::disk_full, Fault::short_write, Fault::sync_error, Fault::bit_flip,
                          Fault::slow_disk, Fault::read_error, Fault::garbage_answer, Fault::out_of_handles});
  if (twice != 0 && !may_be)
    fail(std::to_string(twice) + " records reached " + plan.name + " twice without a fault that explains it, first " +
         text_of(first));
  // What was written between two truncations belongs nowhere in the order.
  if (plan.consumers != 1 || may_be || scenario_.components.holds_back || faults_.has_struck({Fault::copy_truncate}))
    return;
  for (const auto& [source, count] : arrivals.out_of_order)
    if (count != 0 && source.starts_with('f')) fail(source + " reached " + plan.name + " out of order");
}

void World::check_conservation() {
  const std::string text = agent_->counters().prometheus_text();
  for (const char* signal : {"logs", "metrics", "traces"}) {
    const std::string label = "signal=\"" + std::string(signal) + "\"";
    const double accepted = figure(text, "rankwire_accepted_records_total", label);
    const double delivered = figure(text, "rankwire_delivered_records_total", label);
    const double queued = figure(text, "rankwire_queued_records", label);
    const double in_flight = figure(text, "rankwire_in_flight_records", label);
    const double dropped = figure(text, "rankwire_dropped_records_total", label);
    if (accepted == delivered + queued + in_flight + dropped) continue;
    fail("the figures of " + std::string(signal) + " do not add up: accepted " + std::to_string(accepted) +
         ", delivered " + std::to_string(delivered) + ", queued " + std::to_string(queued) + ", in flight " +
         std::to_string(in_flight) + ", dropped " + std::to_string(dropped));
  }
}

// Bounds that hold at any moment.
void World::check_bounds() {
  const std::string text = agent_->counters().prometheus_text();
  const double admitted = figure(text, "rankwire_memory_admitted_bytes", "");
  const double limit = figure(text, "rankwire_memory_limit_bytes", "");
  if (limit != 0 && admitted > limit)
    fail(std::to_string(admitted) + " bytes are admitted, of " + std::to_string(limit) + " at most");
  for (const DestinationPlan& plan : scenario_.destinations)
    for (const Signal signal : {Signal::logs, Signal::metrics, Signal::traces}) check_queue(text, plan, signal);
  const std::size_t handles = disk_.open_handles(agent_->group());
  if (handles > handles_max) fail(std::to_string(handles) + " files are open");
}

void World::check_queue(const std::string& text, const DestinationPlan& plan, Signal signal) {
  const std::string name(to_string(signal));
  const std::string label = "data_type=\"" + name + "\",exporter=\"" + plan.type() + "/" + plan.name + "\"";
  const auto held = static_cast<std::uint64_t>(figure(text, "otelcol_exporter_queue_size", label));
  const auto limit = static_cast<std::uint64_t>(figure(text, "otelcol_exporter_queue_capacity", label));
  const std::string directory =
      std::string(storage_directory) + "/exporter_" + plan.type() + "_" + plan.name + "/queue-" + name;
  if (!returning_.is_within(directory, held, limit))
    fail(std::to_string(held) + " in a queue of " + plan.name + ", of " + std::to_string(limit) + " at most");
}

Holdings World::holdings() const {
  return {disk_.open_handles(agent_->group()), network_.open_connections(agent_->group()),
          Scheduler::current()->live_threads(agent_->group())};
}

// With nothing to do, as much is held after a reload as before it: of what leaks, there is more each time.
void World::check_leaks() {
  constexpr int rounds = 3, variants = 4;
  std::array<Holdings, rounds> held;
  for (Holdings& one : held) {
    for (int i = 0; i < variants; ++i) {
      // What has nothing to do holds nothing that it could leave behind.
      for (const auto& writer : writers_) writer->write_one_more();
      Scheduler::current()->sleep(std::chrono::seconds(2));
      agent_->reload(scenario_.yaml(++variant_));
      Scheduler::current()->sleep(std::chrono::seconds(2));
    }
    Scheduler::current()->sleep(std::chrono::seconds(70));
    one = holdings();
  }
  const auto grows = [&](std::size_t Holdings::* what) {
    return held[0].*what < held[1].*what && held[1].*what < held[2].*what;
  };
  const auto text = [&](std::size_t Holdings::* what) {
    return std::to_string(held[0].*what) + ", " + std::to_string(held[1].*what) + ", " + std::to_string(held[2].*what);
  };
  if (grows(&Holdings::files)) fail("each reload leaves files open: " + text(&Holdings::files));
  if (grows(&Holdings::connections)) fail("each reload leaves connections: " + text(&Holdings::connections));
  if (!is_everything_there()) fail("a record written between reloads never arrived");
  if (grows(&Holdings::threads)) fail("each reload leaves threads: " + text(&Holdings::threads));
}

void World::check_stop() {
  Scheduler& scheduler = *Scheduler::current();
  const Duration wait = std::chrono::seconds(10);
  // The worst moment: something is to be sent, and nobody takes it.
  for (const DestinationPlan& plan : scenario_.destinations)
    if (!plan.is_file) network_.set_down(plan.port, true);
  for (const auto& writer : writers_) writer->write_one_more();
  scheduler.sleep(std::chrono::seconds(2));
  agent_->stop(wait);
  const Instant limit = scheduler.now() + wait + std::chrono::seconds(2);
  while (agent_->state() != Agent::State::stopped && scheduler.now() < limit)
    scheduler.sleep(std::chrono::milliseconds(100));
  if (agent_->state() != Agent::State::stopped) fail("does not stop within its deadline");
}

}  // namespace rankwire::simulation
