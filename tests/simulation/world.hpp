// One run: everything a seed describes, until it has come to rest, and then the checks.
#pragma once

#include "agent.hpp"
#include "destination.hpp"
#include "page.hpp"
#include "returning.hpp"
#include "scenario.hpp"
#include "workload.hpp"

namespace rankwire::simulation {

struct RunOptions {
  std::uint64_t seed = 0;
  std::vector<std::string> without, with;  // Names of faults: never on, always on.
  bool is_shown = false;                   // The agent's log and the world's events on stderr.
  bool is_traced = false;                  // Its calls to the disk as well.
};

struct RunResult {
  std::string failure;  // Empty: every promise was kept.
  std::uint64_t fingerprint = 0;
  std::uint64_t steps = 0;
  std::uint64_t records = 0;
  std::uint64_t duplicates = 0;
  ComponentBits components;
  std::array<std::uint64_t, fault_count> faults{};
};

// What the process under test has open.
struct Holdings {
  std::size_t files = 0, connections = 0, threads = 0;
};

class World {
 public:
  explicit World(RunOptions options);
  RunResult run();

 private:
  void say(const std::string& what);
  void fail(const std::string& what);
  void build();
  void build_lines(const Surroundings& around);
  void put_host_files();
  void launch();
  void end_life(Fault how);
  void live(Instant until);
  void strike_once();
  void bear_with_it();
  void settle();
  void check_arrivals();
  void check_strangers(const DestinationPlan& plan, const Arrivals& arrivals);
  // What the destination must have and has not; empty: nothing.
  std::string missing(const DestinationPlan& plan) const;
  std::string missing_records(const DestinationPlan& plan) const;
  std::string missing_merged(const DestinationPlan& plan) const;
  std::string missing_progress(const DestinationPlan& plan) const;
  std::string missing_counts(const DestinationPlan& plan) const;
  double latest_page(const DestinationPlan& plan) const;
  void note_dropped();
  std::string surplus(const DestinationPlan& plan) const;
  bool may_repeat() const;
  std::array<bool, 3> may_repeat_by_signal() const;
  // By receivers, and behind processors that hold data back; in all lives.
  double refused(Signal signal) const;
  // Dropped by what samples, in all lives.
  double sampled(Signal signal) const;
  // Held back and dropped in this life because the destination, or a connector, took nothing when the holder was
  // stopped. Of earlier lives what was held is not due.
  double passed_over(const DestinationPlan& plan) const;
  void check_duplicates(const DestinationPlan& plan, const Arrivals& arrivals);
  void check_conservation();
  std::string imbalance() const;
  void read_files();
  void check_bounds();
  void check_queue(const std::string& text, const DestinationPlan& plan, Signal signal);
  void check_leaks();
  Holdings holdings() const;
  void check_stop();
  void check_patience();
  void check_stopping();
  bool is_everything_there();
  bool is_due(const DestinationPlan& plan, const RecordId& id) const;
  // All lines, and all that was acknowledged.
  void each_known(const std::function<void(const RecordId& id)>& visit) const;
  bool has_workload_ended() const;
  std::string what_struck() const;
  std::string what_was_drawn() const;
  bool is_noted(const std::string& path) const;

  const RunOptions options_;
  Faults faults_;
  Scenario scenario_;
  WorldClock clock_;
  Disk disk_;
  Returning returning_;
  SimulatedNetwork network_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  std::vector<std::unique_ptr<LogWriter>> writers_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::unique_ptr<LineSender> line_sender_;  // Null: there is no statsd.
  std::unique_ptr<Page> page_;               // Null: nothing is scraped.
  std::uint64_t given_with_faults_ = 0;      // Pages, before the faults were over.
  std::unique_ptr<Agent> agent_;
  Dice dice_;
  std::map<std::uint16_t, Instant> down_until_;
  int variant_ = 0;
  std::uint64_t lives_ = 0;
  bool was_memory_lost_ = false;  // A life ended that may have held acknowledged records in memory.
  RunResult result_;
};

}  // namespace rankwire::simulation
