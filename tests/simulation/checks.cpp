// What every run is held to once it has come to rest.
#include "world.hpp"

#include <algorithm>

#include "pushed.hpp"

namespace rankwire::simulation {
namespace {

constexpr std::size_t handles_max = 400;

}  // namespace

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
  return std::all_of(scenario_.destinations.begin(), scenario_.destinations.end(),
                     [&](const DestinationPlan& plan) { return missing(plan).empty(); });
}

void World::check_arrivals() {
  read_files();
  for (const DestinationPlan& plan : scenario_.destinations) {
    if (const std::string text = missing(plan); !text.empty()) return fail(text + what_was_drawn());
    if (const std::string text = surplus(plan); !text.empty()) return fail(text + what_was_drawn());
    if (plan.is_made) continue;
    check_strangers(plan, ledger_.destinations[plan.name]);
    check_duplicates(plan, ledger_.destinations[plan.name]);
  }
}

void World::check_strangers(const DestinationPlan& plan, const Arrivals& arrivals) {
  for (const auto& [id, count] : arrivals.count) {
    const auto written = ledger_.lines_written.find(id.source);
    const bool is_known = written == ledger_.lines_written.end() ? is_pushed(id.source) : id.number <= written->second;
    if (!is_known || id.number == 0)
      return fail("a record that nobody wrote reached " + plan.name + ": " + text_of(id));
    if (scenario_.components.contract(signal_of(id)).is_dropped(id))
      return fail("a record that a processor drops reached " + plan.name + ": " + text_of(id) + what_was_drawn());
  }
  result_.records += arrivals.count.size();
}

// Something struck after which what was taken may come again.
bool World::may_repeat() const {
  return faults_.has_struck({Fault::kill, Fault::power_loss, Fault::clean_restart, Fault::reload,
                             Fault::reset_in_response, Fault::response_lost, Fault::stalled_server, Fault::slow_server,
                             Fault::destination_down, Fault::write_error, Fault::disk_full, Fault::short_write,
                             Fault::sync_error, Fault::bit_flip, Fault::slow_disk, Fault::read_error,
                             Fault::garbage_answer, Fault::out_of_handles});
}

// Of several connectors at the end of a pipeline the first may have passed on what the second refuses.
std::array<bool, 3> World::may_repeat_by_signal() const {
  std::array<bool, 3> repeats{};
  for (const Signal signal : all_signals)
    repeats[static_cast<std::size_t>(signal)] =
        may_repeat() || (scenario_.connectors_of(signal) > 1 && refused(signal) != 0);
  return repeats;
}

void World::check_duplicates(const DestinationPlan& plan, const Arrivals& arrivals) {
  const std::array<bool, 3> repeats = may_repeat_by_signal();
  std::uint64_t twice = 0;
  const RecordId* unexplained = nullptr;
  for (const auto& [id, count] : arrivals.count) {
    if (count < 2 || ledger_.sent_again.contains(id)) continue;
    ++twice;
    if (!repeats[static_cast<std::size_t>(signal_of(id))]) unexplained = &id;
  }
  result_.duplicates += twice;
  if (unexplained != nullptr)
    fail(std::to_string(twice) + " records reached " + plan.name + " twice without a fault that explains it, such as " +
         text_of(*unexplained) + what_was_drawn());
  const bool holds_logs = scenario_.components.holds_back[static_cast<std::size_t>(Signal::logs)];
  // What was written between two truncations belongs nowhere in the order.
  if (plan.consumers != 1 || repeats[static_cast<std::size_t>(Signal::logs)] || holds_logs ||
      faults_.has_struck({Fault::copy_truncate}))
    return;
  // Files set aside are put in order by their names, which are times.
  if (plan.is_file && faults_.has_struck({Fault::clock_jump})) return;
  for (const auto& [source, count] : arrivals.out_of_order)
    if (count != 0 && source.starts_with('f')) fail(source + " reached " + plan.name + " out of order");
}

// What is flushed every second may just be on its way; what is wrong stays wrong.
void World::check_conservation() {
  constexpr int moments = 3;
  std::string problem;
  for (int i = 0; i < moments; ++i) {
    problem = imbalance();
    if (problem.empty()) return;
    Scheduler::current()->sleep(std::chrono::milliseconds(370));
  }
  fail(problem + what_was_drawn());
}

std::string World::imbalance() const {
  const std::string text = agent_->counters().prometheus_text();
  for (const char* signal : {"logs", "metrics", "traces"}) {
    const std::string label = "signal=\"" + std::string(signal) + "\"";
    const double accepted = figure(text, "rankwire_accepted_records_total", label);
    const double delivered = figure(text, "rankwire_delivered_records_total", label);
    const double queued = figure(text, "rankwire_queued_records", label);
    const double in_flight = figure(text, "rankwire_in_flight_records", label);
    const double dropped = figure(text, "rankwire_dropped_records_total", label);
    if (accepted == delivered + queued + in_flight + dropped) continue;
    return "the figures of " + std::string(signal) + " do not add up: accepted " + std::to_string(accepted) +
           ", delivered " + std::to_string(delivered) + ", queued " + std::to_string(queued) + ", in flight " +
           std::to_string(in_flight) + ", dropped " + std::to_string(dropped);
  }
  if (const double held = figure(text, "rankwire_processor_held_records", ""); held != 0)
    return "with nothing to do processors hold " + std::to_string(held) + " records";
  return {};
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
      if (agent_->is_busy()) return fail("a reload with nothing in its way takes longer than 2 s" + what_was_drawn());
    }
    // Until what is held back has gone, and connections have been idle for a minute.
    Scheduler::current()->sleep(std::chrono::seconds(110));
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

// Nobody takes anything: what waits for room does not ask for it all the time.
void World::check_patience() {
  constexpr int lines = 60;
  constexpr std::uint64_t steps_max = 10'000;
  Scheduler& scheduler = *Scheduler::current();
  for (int i = 0; i < lines; ++i) {
    for (const auto& writer : writers_) writer->write_one_more();
    scheduler.sleep(std::chrono::milliseconds(50));
  }
  const std::uint64_t before = scheduler.steps();
  scheduler.sleep(std::chrono::seconds(5));
  say(std::to_string(scheduler.steps() - before) + " steps while nobody takes anything");
  if (const std::uint64_t steps = scheduler.steps() - before; steps > steps_max)
    fail("spins while nobody takes anything: " + std::to_string(steps) + " steps in 5 s" + what_was_drawn());
}

void World::check_stop() {
  Scheduler& scheduler = *Scheduler::current();
  const Duration wait = std::chrono::seconds(10);
  // The worst moment: something is to be sent, and nobody takes it. With nothing in its way a stop takes no time.
  const bool is_worst = options_.seed % 4 != 0;
  for (const DestinationPlan& plan : scenario_.destinations)
    if (is_worst && !plan.is_file) network_.set_down(plan.port, true);
  for (const auto& writer : writers_) writer->write_one_more();
  scheduler.sleep(std::chrono::seconds(2));
  if (is_worst) check_patience();
  agent_->stop(wait);
  const Instant limit = scheduler.now() + (is_worst ? wait : Duration(0)) + std::chrono::seconds(2);
  while (agent_->state() != Agent::State::stopped && scheduler.now() < limit)
    scheduler.sleep(std::chrono::milliseconds(100));
  if (agent_->state() == Agent::State::stopped) return;
  fail(std::string("does not stop within ") + (is_worst ? "its deadline" : "2 s with nothing in its way") +
       what_was_drawn());
}

}  // namespace rankwire::simulation
