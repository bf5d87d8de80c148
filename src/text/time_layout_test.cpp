// Timestamps in users' layouts.
#include "text/time_layout.hpp"

#include <doctest/doctest.h>

namespace rankwire::text {

namespace {

// The time as seconds.nanoseconds, or what is wrong.
std::string read(const char* type, const char* layout, const char* location, const char* text) {
  constexpr std::uint64_t now = 1'704'164'645'000'000'000u;  // 2024-01-02T03:04:05Z
  auto made = TimeLayout::make(type, layout, location);
  if (!made) return "(invalid)";
  std::uint64_t nanos = 0;
  if (!made->read(text, now, nanos)) return "(unreadable)";
  std::string fraction = std::to_string(nanos % 1'000'000'000 + 1'000'000'000).substr(1);
  return std::to_string(nanos / 1'000'000'000) + "." + fraction;
}

}  // namespace

TEST_CASE("times are read in strptime, Go and epoch layouts") {
  struct Case {
    const char *type, *layout, *location, *text, *expected;
  };
  const Case cases[] = {
      {"strptime", "%Y-%m-%dT%H:%M:%S.%LZ", "UTC", "2024-01-02T03:04:05.123Z", "1704164645.123000000"},
      {"strptime", "%Y-%m-%d %H:%M:%S,%f %z", "", "2024-01-02 04:04:05,000001 +0100", "1704164645.000001000"},
      {"strptime", "%d/%b/%Y:%H:%M:%S %j", "", "02/Jan/2024:04:04:05 +01:00", "1704164645.000000000"},
      {"strptime", "%a %b %e %I:%M:%S %p %Y", "UTC", "Tue Jan  2 03:04:05 AM 2024", "1704164645.000000000"},
      {"strptime", "%b %d %H:%M:%S", "UTC", "Dec 31 00:00:00", "1703980800.000000000"},
      {"strptime", "%F %T", "UTC", "2024-01-02 03:04:05.5", "1704164645.500000000"},
      {"strptime", "%F", "UTC", "2023-02-29", "(unreadable)"},
      {"strptime", "%F %T", "UTC", "2024-01-02 03:04:05 more", "(unreadable)"},
      {"strptime", "%F %T", "Europe/Berlin", "2024-01-02 04:04:05", "1704164645.000000000"},
      {"strptime", "%F %T", "Europe/Berlin", "2024-07-02 05:04:05", "1719889445.000000000"},
      {"strptime", "%F %T", "America/New_York", "2090-07-02 00:00:00", "3802651200.000000000"},
      {"gotime", "2006-01-02T15:04:05.000Z07:00", "", "2024-01-02T04:04:05.250+01:00", "1704164645.250000000"},
      {"gotime", "Jan _2 2006 3:04:05PM MST", "", "Jan  2 2024 3:04:05AM UTC", "1704164645.000000000"},
      {"gotime", "02/01/06 15:04", "UTC", "02/01/24 03:04", "1704164640.000000000"},
      {"epoch", "s", "", "1704164645", "1704164645.000000000"},
      {"epoch", "ms", "", "1704164645001", "1704164645.001000000"},
      {"epoch", "s.us", "", "1704164645.000002", "1704164645.000002000"},
      {"epoch", "ns", "", "-1", "(unreadable)"},
      {"epoch", "minutes", "", "1", "(invalid)"},
      {"strptime", "", "", "1", "(invalid)"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.layout);
    CAPTURE(one.text);
    CHECK(read(one.type, one.layout, one.location, one.text) == one.expected);
  }
}

}  // namespace rankwire::text

TEST_CASE("an abbreviated time zone means the location that was given for it") {
  using namespace rankwire::text;
  const ZoneNames names = {{"EST", "America/New_York"}, {"IST", "Asia/Kolkata"}};
  const auto layout = TimeLayout::make("strptime", "%F %T %Z", "UTC", names);
  REQUIRE(layout.has_value());
  std::uint64_t nanos = 0;
  REQUIRE(layout->read("2024-01-01 22:04:05 EST", 0, nanos));
  CHECK(nanos == 1'704'164'645'000'000'000u);
  REQUIRE(layout->read("2024-01-02 08:34:05 IST", 0, nanos));
  CHECK(nanos == 1'704'164'645'000'000'000u);
  REQUIRE(layout->read("2024-01-02 03:04:05 UTC", 0, nanos));
  CHECK(nanos == 1'704'164'645'000'000'000u);
  CHECK_FALSE(TimeLayout::make("strptime", "%Z", "UTC", {{"EST", "Nowhere/At_All"}}).has_value());
}
