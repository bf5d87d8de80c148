// What `rankwire queue inspect|verify|replay DIR` does. Reads only, so it may also look at a queue
// in use; what it says is then already a little old. Never needs the agent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/file_system.hpp"
#include "signal/batch.hpp"

namespace rankwire::queue {

struct SegmentReport {
  std::string name;
  Bytes size;
  bool is_sealed = false;
  bool is_header_intact = true;
  std::uint64_t stored = 0;        // Intact stored records.
  std::uint64_t records = 0;       // Telemetry records in them.
  std::uint64_t stored_done = 0;   // Of the stored ones, acknowledged.
  std::uint64_t records_done = 0;  // Of the telemetry records, acknowledged.
  std::uint64_t damaged = 0;       // Damaged places.
  std::uint64_t damaged_bytes = 0;
  bool is_torn = false;                 // Ends inside a record: harmless, the agent cuts it off at its next start.
  std::uint64_t oldest_unix_nanos = 0;  // Pushed; of what is not acknowledged. 0: nothing.
  std::uint64_t newest_unix_nanos = 0;
};

struct QueueReport {
  Signal signal = Signal::logs;
  bool is_in_use = false;  // A process holds the lock.
  std::vector<SegmentReport> segments;
  SegmentReport total;  // Sums; oldest and newest over all; `name` is the directory.

  bool is_intact() const { return total.damaged == 0 && total.is_header_intact; }
};

// Reads every byte and checks every checksum. `invalid` if this is no queue or a newer format.
Result<QueueReport> inspect(FileSystem& files, const std::string& directory);
// For a terminal; one line a segment if `is_verbose`.
std::string to_text(const QueueReport& report, bool is_verbose);

// Hands every intact record that is not acknowledged to `sink`, oldest first, one stored record a
// call; stops at the first error of `sink` and returns it. Changes nothing in the directory: what was
// replayed is still queued there. Returns how many telemetry records were handed over.
Result<std::uint64_t> replay(FileSystem& files, const std::string& directory,
                             const std::function<Result<void>(const WireBatch&)>& sink);

// The directories below `directory` (itself included) that hold a queue: a storage directory of
// file_storage has one for each exporter.
Result<std::vector<std::string>> find_queues(FileSystem& files, const std::string& directory);

}  // namespace rankwire::queue
