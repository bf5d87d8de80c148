// What the tailer is told, after the configuration was read: patterns compiled, defaults resolved.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/counters.hpp"
#include "receivers/file_log/glob.hpp"

namespace rankwire::file_log {

enum class StartAt : std::uint8_t { beginning, end };
enum class Compression : std::uint8_t { none, gzip, automatic };
enum class OnTruncate : std::uint8_t { ignore, read_whole_file, read_new };

struct TailOptions {
  std::vector<Glob> include;
  std::vector<Glob> exclude;
  Duration exclude_older_than{};  // 0: no limit.
  StartAt start_at = StartAt::end;
  Compression compression = Compression::none;
  OnTruncate on_truncate = OnTruncate::ignore;
  std::uint32_t fingerprint_size = 1000;
  std::size_t open_files_max = 1024;
  Duration poll_interval = std::chrono::milliseconds(200);
  Duration archive_time{};  // How long files that are gone are remembered.
  Duration retry_delay = std::chrono::seconds(1);
  Duration retry_delay_max = std::chrono::seconds(30);
  bool must_lock = false;
  bool must_drop_cache = false;
  bool must_delete = false;
  bool has_owner_facts = false;
  bool has_header = false;  // Parsers must know how a file begins.
  // Chooses among the matched paths (ordering_criteria); empty: all of them.
  std::function<void(std::vector<std::string>& paths)> choose;

  // Tuning; not in the configuration.
  std::size_t turn_bytes = 256 * 1024;          // Of one file before the next one has its turn.
  std::size_t batch_bytes = 512 * 1024;         // Of all files before they are delivered.
  std::uint64_t unsettled_bytes_max = 4 << 20;  // Beyond it, nothing more is read.
  std::size_t decoders_max = 8;                 // Files being decompressed at once: each costs 80 KiB.
  std::size_t archived_max = 4096;              // Files that are gone and remembered.
  Duration rotated_quiet = std::chrono::seconds(5);
  Duration scan_interval = std::chrono::seconds(10);
};

struct Telemetry {
  explicit Telemetry(Counters& counters, const std::string& receiver)
      : open_files(
            counters.gauge("otelcol_fileconsumer_open_files", "Number of open files.", {{"receiver", receiver}})),
        reading_files(counters.gauge("otelcol_fileconsumer_reading_files", "Number of files being read.",
                                     {{"receiver", receiver}})),
        behind_bytes(counters.gauge("rankwire_file_log_behind_bytes", "Bytes written but not yet read.",
                                    {{"receiver", receiver}})),
        rotations(counters.counter("rankwire_file_log_rotations_total", "Files that took the path of another.",
                                   {{"receiver", receiver}})),
        truncations(counters.counter("rankwire_file_log_truncations_total", "Files that became shorter than was read.",
                                     {{"receiver", receiver}})),
        rewinds(counters.counter("rankwire_file_log_rewinds_total", "Files read again after a batch was lost.",
                                 {{"receiver", receiver}})),
        damaged_positions(counters.counter("rankwire_file_log_damaged_positions_total",
                                           "Damaged checkpoint records that were skipped.", {{"receiver", receiver}})),
        lost_truncated(lost(counters, receiver, "truncated")),
        lost_vanished(lost(counters, receiver, "vanished")),
        lost_unreadable(lost(counters, receiver, "unreadable")) {}

  static Counter& lost(Counters& counters, const std::string& receiver, const char* reason) {
    return counters.counter("rankwire_file_log_lost_bytes_total", "Bytes gone before they were read (estimate).",
                            {{"receiver", receiver}, {"reason", reason}});
  }

  Gauge& open_files;
  Gauge& reading_files;
  Gauge& behind_bytes;
  Counter& rotations;
  Counter& truncations;
  Counter& rewinds;
  Counter& damaged_positions;
  Counter& lost_truncated;
  Counter& lost_vanished;
  Counter& lost_unreadable;
};

}  // namespace rankwire::file_log
