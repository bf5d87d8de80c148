// Offsets of local time from UTC, read from the system's zone files: libc can only do the
// process's own zone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rankwire::text {

class TimeZone {
 public:
  // "UTC", "Local" (the machine's) or a name of the zone database.
  static Result<std::shared_ptr<const TimeZone>> load(const std::string& name);

  // One of this offset without a name, which lives as long as the process. Null for one that is not a multiple of 15
  // minutes, as nobody's is.
  static const TimeZone* of_offset(std::int64_t seconds);

  // The offset in seconds east of UTC and what it is called at a time; the name is the zone's.
  void look_up(std::int64_t utc_seconds, std::int64_t& offset, std::string_view& name) const;

  // Seconds since 1970 UTC of a local time given as if it were UTC. A time that a change of clocks
  // skips or repeats gets the offset before the change.
  std::int64_t to_utc(std::int64_t local_seconds) const;

 private:
  struct Change {
    std::int64_t at;      // UTC.
    std::int64_t offset;  // From then on.
    std::string name;     // "CEST"
  };

  bool parse(std::string_view file);
  void extend(std::string_view rule);

  std::int64_t first_offset_ = 0;
  std::string first_name_ = "UTC";
  std::vector<Change> changes_;
};

}  // namespace rankwire::text
