#include "world.hpp"

#include <cstdio>

namespace rankwire::simulation {
namespace {

constexpr Duration held_at_most = std::chrono::seconds(30);  // By a processor of a drawn configuration.
constexpr std::uint64_t idle_steps_max = 20'000;
constexpr Duration drain = std::chrono::seconds(3);
constexpr Duration patience = std::chrono::seconds(900);  // For everything to arrive once the faults ended.

}  // namespace

World::World(RunOptions options)
    : options_(options),
      faults_(options.seed * 2 + 7),
      scenario_(draw_scenario(options.seed, faults_, options.without, options.with)),
      disk_(clock_, faults_),
      returning_(disk_),
      network_(faults_),
      dice_(options.seed + 99) {}

void World::say(const std::string& what) {
  if (!options_.is_shown) return;
  const Duration at = Scheduler::current()->now().time_since_epoch();
  std::fprintf(stderr, "%10.3f  == %s\n", std::chrono::duration<double>(at).count() - 1000, what.c_str());
}

void World::fail(const std::string& what) {
  say("FAILED: " + what);
  if (result_.failure.empty()) result_.failure = what;
}

void World::build() {
  Scheduler::current()->switch_chance = scenario_.switch_chance;
  disk_.on_write = [this](const std::string& path, std::string_view bytes) {
    if (bytes.find(canary) != std::string_view::npos) fail("unmasked data was written to " + path);
  };
  if (options_.is_traced)
    disk_.on_call = [this](const std::string& what) { say(std::to_string(Scheduler::self()->id) + " " + what); };
  Scheduler::current()->on_print = [this](std::string_view text) {
    if (text.find(canary) != std::string_view::npos) fail("unmasked data was printed");
  };
  network_.on_send = [this](std::string_view bytes) {
    if (bytes.find(canary) != std::string_view::npos) fail("unmasked data was sent");
  };
  for (const DestinationPlan& plan : scenario_.destinations) {
    if (plan.is_file) continue;
    destinations_.push_back(
        std::make_unique<Destination>(plan.name, plan.port, plan.protocol, network_, clock_, faults_, ledger_));
    destinations_.back()->on_leak = [this](const std::string& where) { fail("unmasked data reached " + where); };
    destinations_.back()->on_damage = [this](const std::string& what) { fail(what); };
    const Contract& metrics = scenario_.components.contract(Signal::metrics);
    destinations_.back()->are_values_kept = !metrics.alters && !metrics.merges;
    if (options_.is_traced) destinations_.back()->say = [this](const std::string& what) { say(what); };
    destinations_.back()->start();
  }
  (void)disk_.make_directories("/var/log/pods", 0755);
  (void)disk_.make_directories("/var/lib", 0755);
  const Surroundings around{clock_,
                            disk_,
                            network_,
                            faults_,
                            ledger_,
                            [this](const std::string& path) { return is_noted(path); },
                            [this](const std::string& what) { say(what); }};
  for (int i = 0; i < scenario_.writers; ++i)
    writers_.push_back(std::make_unique<LogWriter>(around, i, dice_.next(), scenario_.lines_max));
  for (int i = 0; i < scenario_.senders; ++i)
    senders_.push_back(std::make_unique<Sender>(around, i, dice_.next(), dice_.chance(0.5), scenario_.requests_max,
                                                scenario_.signal_of(i),
                                                scenario_.components.contract(Signal::metrics).merges));
  build_lines(around);
  if (scenario_.reads_host) put_host_files();
}

void World::put_host_files() {
  for (const char* directory : {"/proc/sys/kernel/random", "/dev"}) (void)disk_.make_directories(directory, 0755);
  const std::pair<const char*, const char*> files[] = {{"/proc/loadavg", "1.5 1 0.5 1/100 4000\n"},
                                                       {"/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 400 kB\n"},
                                                       {"/proc/sys/kernel/random/boot_id", "simulated\n"},
                                                       {"/dev/kmsg", "4,0,9,-;eth0: Link is Down\n"}};
  for (const auto& [path, text] : files)
    if (auto file = disk_.open(path, {.write = true, .create = true})) (void)(*file)->append(text);
}

void World::build_lines(const Surroundings& around) {
  if (scenario_.is_scraped) {
    page_ = std::make_unique<Page>(page_port, network_, clock_, faults_);
    page_->start();
  }
  if (scenario_.packets_max == 0) return;
  network_.on_datagram = [this](std::string_view bytes) {
    ledger_.lines_taken += static_cast<double>(std::count(bytes.begin(), bytes.end(), '\n'));
  };
  line_sender_ = std::make_unique<LineSender>(around, dice_.next(), scenario_.packets_max);
}

bool World::is_noted(const std::string& path) const {
  bool is_found = false;
  disk_.each_file(
      std::string(storage_directory) + "/receiver_file_log_",
      [&](const std::string&, const std::string& bytes) { is_found |= bytes.find(path) != std::string::npos; });
  return is_found;
}

void World::launch() {
  ++lives_;
  say("life " + std::to_string(lives_));
  agent_ = std::make_unique<Agent>(clock_, disk_, network_, dice_.next(), options_.is_shown);
  agent_->log.on_leak = [this](const std::string& where) { fail("unmasked data was written to " + where); };
  agent_->start(scenario_.yaml(variant_));
}

void World::end_life(Fault how) {
  say("ended by " + std::string(to_string(how)));
  if (agent_->state() != Agent::State::stopped) was_memory_lost_ = true;
  // What is dropped between the look and the end would be in no figure.
  const double switch_chance = std::exchange(Scheduler::current()->switch_chance, 0);
  note_dropped();
  agent_->kill();
  Scheduler::current()->switch_chance = switch_chance;
  (void)agent_.release();  // Its threads still point to it.
  const bool is_flipped = faults_.strikes(Fault::bit_flip);
  returning_.note_end(how == Fault::power_loss, is_flipped || faults_.is_on(Fault::read_error));
  if (how == Fault::power_loss) {
    disk_.lose_power();
    faults_.count(Fault::power_loss);
  } else if (how == Fault::kill) {
    faults_.count(Fault::kill);
  }
  if (is_flipped) (void)disk_.flip_bit(storage_directory);
  if (faults_.is_active) Scheduler::current()->sleep(std::chrono::milliseconds(dice_.below(2000)));
  launch();
}

// Something that the world does to the agent.
void World::strike_once() {
  Scheduler& scheduler = *Scheduler::current();
  if (agent_->state() == Agent::State::failed || agent_->state() == Agent::State::stopped) {
    say("is down: " + agent_->problem());
    end_life(Fault::clean_restart);
    return;
  }
  if (dice_.chance(faults_.chance_of(Fault::kill))) {
    scheduler.sleep_for_steps(dice_.below(3000), scheduler.now() + std::chrono::seconds(2));
    return end_life(Fault::kill);
  }
  if (dice_.chance(faults_.chance_of(Fault::power_loss))) {
    scheduler.sleep_for_steps(dice_.below(3000), scheduler.now() + std::chrono::seconds(2));
    return end_life(Fault::power_loss);
  }
  if (agent_->state() == Agent::State::stopping) return check_stopping();
  if (faults_.strikes(Fault::clean_restart)) {
    agent_->stop(drain);
    was_memory_lost_ = true;
  }
  if (faults_.strikes(Fault::reload)) {
    returning_.note_end(false, faults_.is_on(Fault::read_error));
    agent_->reload(scenario_.yaml(++variant_));
  }
  if (faults_.strikes(Fault::invalid_reload))
    agent_->reload(scenario_.yaml(variant_) + "  unknown_key: [" + std::to_string(variant_) + "]\n");
  if (faults_.strikes(Fault::clock_jump))
    clock_.jump(std::chrono::seconds(static_cast<std::int64_t>(dice_.below(7200)) - 3600));
  disk_.resident_pages = faults_.strikes(Fault::memory_pressure) ? dice_.between(10'000, 17'000) : 4000;
  for (const DestinationPlan& plan : scenario_.destinations) {
    if (plan.is_file) continue;
    Instant& until = down_until_[plan.port];
    if (scheduler.now() < until) continue;
    const bool is_down = faults_.strikes(Fault::destination_down);
    if (is_down) until = scheduler.now() + std::chrono::seconds(dice_.between(1, 15));
    network_.set_down(plan.port, is_down);
  }
}

// A slow disk may take its time with each of the last writes.
void World::check_stopping() {
  const Duration slack = std::chrono::seconds(faults_.is_on(Fault::slow_disk) ? 60 : 4);
  if (Scheduler::current()->now() > agent_->stopping_since() + drain + slack) fail("does not stop within its deadline");
}

void World::live(Instant until) {
  Scheduler& scheduler = *Scheduler::current();
  while (scheduler.now() < until && result_.failure.empty()) {
    scheduler.sleep(std::chrono::milliseconds(1000));
    if (agent_->state() == Agent::State::running && !agent_->is_busy()) check_bounds();
    strike_once();
  }
}

bool World::has_workload_ended() const {
  for (const auto& writer : writers_)
    if (!writer->has_ended()) return false;
  for (const auto& sender : senders_)
    if (!sender->has_ended()) return false;
  return line_sender_ == nullptr || line_sender_->has_ended();
}

// The faults are over: everything has to come to rest by itself.
void World::bear_with_it() {
  faults_.is_active = false;
  if (page_) given_with_faults_ = page_->given();
  disk_.resident_pages = 4000;
  for (const DestinationPlan& plan : scenario_.destinations) network_.set_down(plan.port, false);
  say("the faults are over");
  const std::uint64_t lives_with_faults = lives_;
  Scheduler& scheduler = *Scheduler::current();
  const Instant end = scheduler.now() + patience, bring_back = scheduler.now() + std::chrono::seconds(30);
  while (result_.failure.empty()) {
    const bool is_up = agent_->state() != Agent::State::failed && agent_->state() != Agent::State::stopped;
    if (agent_->state() == Agent::State::failed && lives_ != lives_with_faults)
      return fail("does not start without a fault: " + agent_->problem());
    if (!is_up) end_life(Fault::clean_restart);
    if (has_workload_ended() && !agent_->is_busy() && is_everything_there()) return;
    if (scheduler.now() > end) return;
    scheduler.sleep(std::chrono::seconds(1));
    // A fault kept it from letting go before it went.
    if (scheduler.now() > bring_back && !agent_->is_busy() && scenario_.components.lacks_what_it_holds(variant_))
      agent_->reload(scenario_.yaml(++variant_));
  }
}

void World::settle() {
  // What is in flight comes to rest, and what would come twice comes.
  Scheduler& scheduler = *Scheduler::current();
  scheduler.sleep(held_at_most + std::chrono::seconds(5));
  const std::uint64_t before = scheduler.steps();
  scheduler.sleep(std::chrono::seconds(15));
  if (const std::uint64_t steps = scheduler.steps() - before; steps > idle_steps_max)
    fail("does not come to rest: " + std::to_string(steps) + " steps in 15 s with nothing to do");
}

std::string World::what_struck() const {
  std::string text;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (faults_.count_of(fault) == 0) continue;
    text.append(" ").append(to_string(fault)).append("×").append(std::to_string(faults_.count_of(fault)));
  }
  return text;
}

std::string World::what_was_drawn() const {
  std::string text = "\n  with";
  for (const DrawnProcessor& processor : scenario_.components.processors)
    text.append(", ").append(processor.name).append(" ").append(processor.settings);
  for (const std::string& type : scenario_.components.aside) text.append(", connector ").append(type);
  return text;
}

RunResult World::run() {
  Scheduler& scheduler = *Scheduler::current();
  scheduler.on_deadlock = [this](const std::string& what) {
    std::fprintf(stdout, "seed %llu: %s\n", static_cast<unsigned long long>(options_.seed), what.c_str());
    std::fflush(stdout);
    std::_Exit(1);
  };
  build();
  say("configuration:\n" + scenario_.yaml(0));
  const Instant until = scheduler.now() + scenario_.writing;
  launch();
  for (const auto& writer : writers_) writer->start(until);
  for (const auto& sender : senders_) sender->start(until);
  if (line_sender_) line_sender_->start(until);
  live(until);
  bear_with_it();
  if (result_.failure.empty()) settle();
  if (result_.failure.empty()) check_arrivals();
  if (result_.failure.empty()) check_conservation();
  if (result_.failure.empty()) check_bounds();
  if (result_.failure.empty()) check_leaks();
  if (result_.failure.empty()) check_stop();
  if (!result_.failure.empty()) result_.failure += "\n  after" + what_struck();
  result_.fingerprint = scheduler.fingerprint();
  result_.steps = scheduler.steps();
  result_.components = bits_of(scenario_.components.names);
  for (std::size_t i = 0; i < fault_count; ++i) result_.faults[i] = faults_.count_of(static_cast<Fault>(i));
  return result_;
}

}  // namespace rankwire::simulation
