// RFC 3339 timestamps, as container runtimes write them, and civil-calendar arithmetic.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rankwire::file_log {

// Days since 1970-01-01 of a date in the Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);
bool is_valid_date(std::int64_t year, unsigned month, unsigned day);

// Remembers the last second read: consecutive lines mostly share it, and then only the fraction
// is parsed.
class Rfc3339Reader {
 public:
  // False, and `nanos` unchanged, unless all of `text` is one timestamp since 1970. Accepts any
  // number of fraction digits (beyond nanoseconds they are cut), Z or an offset.
  bool read(std::string_view text, std::uint64_t& nanos);

 private:
  bool read_second(const char* text);

  char second_text_[20] = {};
  std::int64_t second_ = 0;
};

}  // namespace rankwire::file_log
