// A moment as calendars and clocks of a place show it.
#pragma once

#include <cstdint>
#include <string_view>

namespace rankwire::text {

class TimeZone;

struct CivilTime {
  std::int64_t year = 0;
  unsigned month = 1, day = 1;  // From 1.
  unsigned hour = 0, minute = 0, second = 0, nanos = 0;
  unsigned weekday = 0;  // 0 is Sunday.
  unsigned day_of_year = 1;
  std::int64_t offset = 0;  // Seconds east of UTC.
  std::string_view zone;    // "CET"; empty where only the offset is known. The zone's own.
};

// Without a zone: UTC.
CivilTime civil_time(std::int64_t unix_nanos, const TimeZone* zone = nullptr);

}  // namespace rankwire::text
