// What may go wrong in a run, how often, and how often it did. One seed draws the weights (a swarm:
// most runs have a few faults, some have many, some none), so that rare combinations happen.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "scheduler.hpp"

namespace rankwire::simulation {

enum class Fault : std::uint8_t {
  kill,
  power_loss,
  power_loss_torn_write,
  clean_restart,
  reload,
  invalid_reload,
  read_error,
  write_error,
  disk_full,
  short_write,
  sync_error,
  out_of_handles,
  slow_disk,
  bit_flip,
  watch_overflow,
  refused_connection,
  reset_in_request,
  reset_in_response,
  response_lost,
  slow_server,
  stalled_server,
  status_429,
  status_429_without_delay,
  status_503,
  partial_success,
  permanent_rejection,
  garbage_answer,
  clock_jump,
  rename_rotation,
  gzip_rotation,
  copy_truncate,
  file_deleted,
  inode_reused,
  memory_pressure,
  destination_down,
};
inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::destination_down) + 1;
std::string_view to_string(Fault fault);

class Faults {
 public:
  explicit Faults(std::uint64_t seed) : dice_(seed) {}

  // How likely the fault is each time it could happen; 0: never in this run.
  void set(Fault fault, double chance) { chances_[at(fault)] = chance; }
  double chance_of(Fault fault) const { return chances_[at(fault)]; }
  bool is_on(Fault fault) const { return chances_[at(fault)] > 0; }
  // Whether it happens now. Counts it if so.
  bool strikes(Fault fault) {
    if (!is_active || chances_[at(fault)] <= 0 || !dice_.chance(chances_[at(fault)])) return false;
    count(fault);
    return true;
  }
  void count(Fault fault) { ++counts_[at(fault)]; }
  std::uint64_t count_of(Fault fault) const { return counts_[at(fault)]; }
  bool has_struck(std::initializer_list<Fault> any) const {
    for (const Fault fault : any)
      if (count_of(fault) != 0) return true;
    return false;
  }
  Dice& dice() { return dice_; }

  bool is_active = true;  // False once the run has to come to its end.

 private:
  static std::size_t at(Fault fault) { return static_cast<std::size_t>(fault); }

  Dice dice_;
  std::array<double, fault_count> chances_{};
  std::array<std::uint64_t, fault_count> counts_{};
};

}  // namespace rankwire::simulation
