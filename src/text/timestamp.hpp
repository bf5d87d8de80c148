// RFC 3339 timestamps, as container runtimes write them, and civil-calendar arithmetic.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rankwire::text {

// Days since 1970-01-01 of a date in the Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);
bool is_valid_date(std::int64_t year, unsigned month, unsigned day);

// Eight digits at once; what is not a digit makes it false.
inline bool read_eight_digits(const char* text, std::uint64_t& number) {
  std::uint64_t bytes;
  std::memcpy(&bytes, text, 8);
  bytes -= 0x3030303030303030u;
  if (((bytes | (bytes + 0x7676767676767676u)) & 0x8080808080808080u) != 0) return false;
  bytes = (bytes * 10) + (bytes >> 8);
  number = (((bytes & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((bytes >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >>
           32;
  return true;
}

// Remembers the last second read: consecutive lines mostly share it, and then only the fraction
// is parsed.
class Rfc3339Reader {
 public:
  // False, and `nanos` unchanged, unless all of `text` is one timestamp since 1970. Accepts any
  // number of fraction digits (beyond nanoseconds they are cut), Z or an offset.
  bool read(std::string_view text, std::uint64_t& nanos);
  // The form that container runtimes write, "2024-01-31T23:59:59.123456789Z" (30 bytes at `text`), in the
  // second that was read last. False: it is something else, and `read` has to look.
  bool read_in_same_second(const char* text, std::uint64_t& nanos) const {
    std::uint64_t eight = 0;
    if (std::memcmp(text, second_text_, 19) != 0 || text[19] != '.' || text[29] != 'Z') return false;
    const auto last = static_cast<unsigned char>(text[28] - '0');
    if (last > 9 || static_cast<std::uint64_t>(second_) > second_max || !read_eight_digits(text + 20, eight))
      return false;
    nanos = static_cast<std::uint64_t>(second_) * 1'000'000'000 + eight * 10 + last;
    return true;
  }

 private:
  // The last second that fits 64 bits of nanoseconds lies in 2554.
  static constexpr std::int64_t second_max = 18'446'744'072;

  bool read_second(const char* text);

  char second_text_[20] = "1970-01-01T00:00:00";
  std::int64_t second_ = 0;
};

}  // namespace rankwire::text
