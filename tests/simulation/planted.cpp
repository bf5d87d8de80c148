#include "planted.hpp"

namespace rankwire::simulation {
namespace {

#define PLANTED(name, seeds)           \
  Planted {                            \
    #name, PlantedBug::name, seeds, {} \
  }
constexpr Planted all[] = {
    PLANTED(position_before_acknowledgement, 300),
    PLANTED(rotated_file_forgotten, 100),
    PLANTED(refused_lines_not_read_again, 500),
    {"checksum_ignored", PlantedBug::checksum_ignored, 300, {"bit_flip", "kill"}},
    PLANTED(segment_not_synced, 500),
    PLANTED(directory_not_synced, 500),
    PLANTED(backlog_of_a_segment_skipped, 300),
    PLANTED(lease_settled_before_sending, 300),
    PLANTED(refusal_taken_as_done, 50),
    PLANTED(failed_write_taken_as_done, 300),
    PLANTED(sent_again_after_success, 20),
    PLANTED(drop_not_counted, 50),
    PLANTED(masked_after_the_queue, 5),
    PLANTED(line_in_the_log, 20),
    PLANTED(consumer_not_woken, 200),
    PLANTED(drain_without_deadline, 500),
    PLANTED(queue_lost_at_reload, 500),
    PLANTED(queue_limit_ignored, 200),
    PLANTED(files_left_open, 20),
    PLANTED(metrics_taken_and_forgotten, 100),
    PLANTED(held_records_forgotten, 100),
    PLANTED(passed_at_once_uncounted, 200),
    PLANTED(held_back_at_a_stop, 200),
};
#undef PLANTED

}  // namespace

std::span<const Planted> all_planted() { return all; }

const Planted* find_planted(std::string_view name) {
  for (const Planted& one : all)
    if (one.name == name) return &one;
  return nullptr;
}

#ifdef RANKWIRE_PLANTED_BUGS
bool can_plant() { return true; }
void plant(PlantedBug bug) { planted_bug = bug; }
#else
bool can_plant() { return false; }
void plant(PlantedBug) {}
#endif

}  // namespace rankwire::simulation
