// Numbers, durations, sizes, ids and suggestions.
#include <doctest/doctest.h>

#include "config/diagnostics.hpp"
#include "config/types.hpp"
#include "config/units.hpp"

namespace rankwire::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations follow Go's syntax") {
  CHECK(parse_duration("1h30m").value() == 90min);
  CHECK(parse_duration("1.5s").value() == 1500ms);
  CHECK(parse_duration(".5s").value() == 500ms);
  CHECK(parse_duration("200ms").value() == 200ms);
  CHECK(parse_duration("3us").value() == 3us);
  CHECK(parse_duration("3\xC2\xB5s").value() == 3us);
  CHECK(parse_duration("-2m").value() == -2min);
  CHECK(parse_duration("0").value() == 0s);
  CHECK(parse_duration("9223372036s").value() == 9223372036s);
  for (const char* wrong :
       {"", "5", "s", "1x", "1h 2m", "-", "1h30", "9223372037s", "99999999999999999999s", "1.s.s"}) {
    CHECK_FALSE(parse_duration(wrong).has_value());
  }
}

TEST_CASE("a formatted duration or size parses back to the same value") {
  for (const Duration value : {Duration(0), Duration(1), Duration(1'500'000'001), Duration(5400s), Duration(-30s),
                               Duration::max(), Duration(200ms)}) {
    CHECK(parse_duration(format_duration(value)).value() == value);
  }
  CHECK_EQ(format_duration(90min), "1h30m");
  for (const Bytes value : {Bytes{0}, Bytes{1000}, 16_KiB, 3_MiB, Bytes{~0ull}}) {
    CHECK(parse_size(format_size(value)).value() == value);
  }
}

TEST_CASE("sizes have decimal and binary units") {
  CHECK(parse_size("16KiB").value() == 16_KiB);
  CHECK(parse_size("1MB").value() == Bytes{1'000'000});
  CHECK(parse_size("1.5 GiB").value() == Bytes{1536u << 20});
  CHECK(parse_size("1000").value() == Bytes{1000});
  CHECK(parse_size("2k").value() == Bytes{2000});
  for (const char* wrong : {"", "KB", "1XB", "-1", "99999999PiB"}) CHECK_FALSE(parse_size(wrong).has_value());
}

TEST_CASE("integers are read as Go's YAML reads them") {
  const auto value = [](const char* text) { return parse_integer(text)->as_signed().value(); };
  CHECK_EQ(value("0123"), 83);
  CHECK_EQ(value("0x1F"), 31);
  CHECK_EQ(value("0o17"), 15);
  CHECK_EQ(value("0b101"), 5);
  CHECK_EQ(value("1_000"), 1000);
  CHECK_EQ(value("-5"), -5);
  CHECK_EQ(value("0"), 0);
  for (const char* wrong : {"", "-", "08", "1a", "0x", "_1", "--1", "1.0", "18446744073709551616"}) {
    CHECK_FALSE(parse_integer(wrong).has_value());
  }
  CHECK_EQ(parse_real("08").value(), 8.0);
  for (const char* wrong : {"", ".", "e5", "1e", "inf", "nan", "0x1p3", "1.2.3", "infinity"}) {
    CHECK_FALSE(parse_real(wrong).has_value());
  }
}

TEST_CASE("component ids are a type and an optional name") {
  CHECK_EQ(ComponentId::parse("otlp_http").value().type, "otlp_http");
  CHECK_EQ(ComponentId::parse("file_log/a/b c").value().name, "a/b c");
  CHECK_EQ(ComponentId::parse(" nop / x ").value().text(), "nop/x");
  CHECK(ComponentId::parse(std::string(63, 'a')).has_value());
  for (const std::string& wrong : {std::string(), std::string("/x"), std::string("1a"), std::string("a/"),
                                   std::string("a-b"), std::string(64, 'a'), "a/" + std::string(1025, 'n')}) {
    CHECK_FALSE(ComponentId::parse(wrong).has_value());
  }
}

TEST_CASE("the closest key is found across typing mistakes, case and separators, and not when far off") {
  const std::vector<std::string_view> keys{"endpoint", "sending_queue", "tls", "timeout"};
  CHECK_EQ(closest("endpont", keys), "endpoint");
  CHECK_EQ(closest("sendingQueue", keys), "sending_queue");
  CHECK_EQ(closest("tsl", keys), "tls");
  CHECK_EQ(closest("time-out", keys), "timeout");
  CHECK_EQ(closest("compression", keys), "");
  CHECK_EQ(closest("", keys), "");
  CHECK_EQ(suggest("compression", keys), "allowed are endpoint, sending_queue, tls, timeout");
}

TEST_CASE("assigning a shorter secret leaves the longer one behind nowhere") {
  Secret secret(std::string(100, 'x'));
  const char* bytes = secret.reveal().data();
  secret = Secret("short");
  if (secret.reveal().data() == bytes) CHECK_EQ(std::string_view(bytes, 100).find("xxxx"), std::string_view::npos);
  CHECK_EQ(secret.reveal(), "short");
}

}  // namespace
}  // namespace rankwire::config
