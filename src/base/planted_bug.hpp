// Ways to break one of our promises on purpose, so that the simulator can show that it would notice
// (tests/simulation/planted.cpp runs each of them). Only builds with RANKWIRE_PLANTED_BUGS can be
// told to; in all others `is_planted` is false at compile time and leaves nothing behind.
#pragma once

#include <cstdint>

namespace rankwire {

enum class PlantedBug : std::uint8_t {
  none,
  position_before_acknowledgement,  // file_log commits what it has only handed over.
  rotated_file_forgotten,           // What was not read when a file is rotated stays unread.
  refused_lines_not_read_again,
  checksum_ignored,
  segment_not_synced,
  directory_not_synced,
  backlog_of_a_segment_skipped,  // Behind what was acknowledged, the rest is not read.
  lease_settled_before_sending,
  refusal_taken_as_done,  // 503 counts as delivered.
  failed_write_taken_as_done,
  sent_again_after_success,
  drop_not_counted,
  masked_after_the_queue,
  line_in_the_log,
  consumer_not_woken,
  drain_without_deadline,
  queue_lost_at_reload,
  queue_limit_ignored,
  files_left_open,              // By a file_log that a reload ends.
  metrics_taken_and_forgotten,  // Acknowledged, but in no queue.
  held_records_forgotten,       // When they should go on.
  passed_at_once_uncounted,     // What a holding processor does not hold is in no book.
  held_back_at_a_stop,          // While the receiver waits for it.
};

#ifdef RANKWIRE_PLANTED_BUGS
inline PlantedBug planted_bug = PlantedBug::none;
inline bool is_planted(PlantedBug bug) { return planted_bug == bug; }
#else
constexpr bool is_planted(PlantedBug) { return false; }
#endif

}  // namespace rankwire
