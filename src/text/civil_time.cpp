#include "text/civil_time.hpp"

#include "text/time_zone.hpp"
#include "text/timestamp.hpp"

namespace rankwire::text {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000, seconds_per_day = 86400, days_per_era = 146'097;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Years begin in March here, so that a leap day is the last of its year.
void set_date(CivilTime& time, std::int64_t days_since_1970) {
  const std::int64_t days = days_since_1970 + 719'468;
  const std::int64_t era = floor_divide(days, days_per_era);
  const std::int64_t day_of_era = days - era * days_per_era;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  time.day = static_cast<unsigned>(day_of_year - (153 * month + 2) / 5 + 1);
  time.month = static_cast<unsigned>(month < 10 ? month + 3 : month - 9);
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  time.day_of_year = static_cast<unsigned>(days_since_1970 - days_from_civil(time.year, 1, 1) + 1);
  time.weekday = static_cast<unsigned>(((days_since_1970 + 4) % 7 + 7) % 7);
}

}  // namespace

CivilTime civil_time(std::int64_t unix_nanos, const TimeZone* zone) {
  CivilTime time;
  const std::int64_t utc = floor_divide(unix_nanos, nanos_per_second);
  time.nanos = static_cast<unsigned>(unix_nanos - utc * nanos_per_second);
  time.zone = "UTC";
  if (zone != nullptr) zone->look_up(utc, time.offset, time.zone);
  const std::int64_t local = utc + time.offset;
  const std::int64_t days = floor_divide(local, seconds_per_day);
  const auto seconds = static_cast<unsigned>(local - days * seconds_per_day);
  time.hour = seconds / 3600;
  time.minute = seconds / 60 % 60;
  time.second = seconds % 60;
  set_date(time, days);
  return time;
}

}  // namespace rankwire::text
