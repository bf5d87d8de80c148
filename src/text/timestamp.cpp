#include "text/timestamp.hpp"

namespace rankwire::text {

namespace {

constexpr std::size_t second_text_size = 19;  // "2024-01-31T23:59:59"
constexpr std::int64_t nanos_per_second = 1'000'000'000;

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

bool read_number(const char* text, int count, unsigned& number) {
  number = 0;
  for (int i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    number = number * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return true;
}

// Reads ".123…" at `at`; leaves `at` behind it.
bool read_fraction(const char*& at, const char* end, std::int64_t& nanos) {
  ++at;
  std::uint64_t eight = 0;
  if (end - at >= 10 && read_eight_digits(at, eight) && is_digit(at[8]) && !is_digit(at[9])) {
    nanos = static_cast<std::int64_t>(eight) * 10 + (at[8] - '0');
    at += 9;
    return true;
  }
  const char* start = at;
  std::int64_t unit = nanos_per_second / 10;
  for (; at != end && is_digit(*at); ++at, unit /= 10) nanos += (*at - '0') * unit;
  return at != start;
}

// "Z", "z" or "+01:00".
bool read_offset(const char* at, const char* end, std::int64_t& seconds) {
  if (end - at == 1) return *at == 'Z' || *at == 'z';
  if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':') return false;
  unsigned hours = 0, minutes = 0;
  if (!read_number(at + 1, 2, hours) || !read_number(at + 4, 2, minutes) || hours > 23 || minutes > 59) return false;
  seconds = static_cast<std::int64_t>(hours * 3600 + minutes * 60) * (*at == '-' ? -1 : 1);
  return true;
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

bool is_valid_date(std::int64_t year, unsigned month, unsigned day) {
  static constexpr unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= lengths[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

bool Rfc3339Reader::read_second(const char* text) {
  unsigned year, month, day, hour, minute, second;
  if (!read_number(text, 4, year) || text[4] != '-' || !read_number(text + 5, 2, month) || text[7] != '-' ||
      !read_number(text + 8, 2, day) || (text[10] != 'T' && text[10] != 't') || !read_number(text + 11, 2, hour) ||
      text[13] != ':' || !read_number(text + 14, 2, minute) || text[16] != ':' || !read_number(text + 17, 2, second))
    return false;
  if (!is_valid_date(year, month, day) || hour > 23 || minute > 59 || second > 60) return false;
  second_ = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  std::memcpy(second_text_, text, second_text_size);
  return true;
}

bool Rfc3339Reader::read(std::string_view text, std::uint64_t& nanos) {
  if (text.size() <= second_text_size) return false;
  if (std::memcmp(text.data(), second_text_, second_text_size) != 0 && !read_second(text.data())) return false;
  const char* at = text.data() + second_text_size;
  const char* end = text.data() + text.size();
  std::int64_t fraction = 0, offset = 0;
  if (*at == '.' && !read_fraction(at, end, fraction)) return false;
  if (!read_offset(at, end, offset)) return false;
  const std::int64_t second = second_ - offset;
  if (second < 0 || second > second_max) return false;
  nanos = static_cast<std::uint64_t>(second) * nanos_per_second + static_cast<std::uint64_t>(fraction);
  return true;
}

}  // namespace rankwire::text
