#include "receivers/prometheus/units.hpp"

#include <doctest/doctest.h>

namespace rankwire::prometheus {

TEST_CASE("durations are Prometheus', with days, weeks and years") {
  using namespace std::chrono_literals;
  CHECK(*parse_duration("0") == 0ns);
  CHECK(*parse_duration("15s") == 15s);
  CHECK(*parse_duration("1m30s") == 90s);
  CHECK(*parse_duration("500ms") == 500ms);
  CHECK(*parse_duration("1d12h") == 36h);
  CHECK(*parse_duration("1w") == 168h);
  CHECK(*parse_duration("2y") == 2 * 365 * 24h);
  CHECK(*parse_duration("1y2w3d4h5m6s7ms") == (365 + 14 + 3) * 24h + 4h + 5min + 6s + 7ms);
  for (const char* wrong :
       {"", "15", "s", "1.5s", "-1s", "1s1m", "1s1s", "1us", "15 s", "1000y", "99999999999999999999s"})
    CHECK_MESSAGE(!parse_duration(wrong), wrong);
  CHECK(parse_duration("1.5s").error().message().find("1.5s") != std::string::npos);
}

TEST_CASE("sizes are powers of 1,024, whatever they are written as") {
  CHECK(parse_size("0")->count == 0);
  CHECK(parse_size("10B")->count == 10);
  CHECK(parse_size("10KB")->count == 10 << 10);
  CHECK(parse_size("10MB")->count == 10 << 20);
  CHECK(parse_size("2GiB")->count == 2ull << 30);
  for (const char* wrong : {"", "10", "10 MB", "10mb", "MB", "-1MB", "1ZB", "9EB0", "16EB"})
    CHECK_MESSAGE(!parse_size(wrong), wrong);
}

}  // namespace rankwire::prometheus
