#include "receivers/kmsg/kernel_record.hpp"

#include <doctest/doctest.h>

namespace rankwire::kmsg {
namespace {

TEST_CASE("a record has priority, sequence, time, flags and text") {
  KernelRecord record;
  REQUIRE(read_record("12,98765,4321000123,-;eth0: Link is Down", record));
  CHECK(record.level == 4);
  CHECK(record.facility == 1);
  CHECK(record.sequence == 98765);
  CHECK(record.since_boot_micros == 4321000123);
  CHECK(!record.is_continued);
  CHECK(!record.is_rest);
  CHECK(record.text == "eth0: Link is Down");
  CHECK(record.details.empty());
}

TEST_CASE("details are told apart from the text, and escaped bytes are bytes again") {
  KernelRecord record;
  REQUIRE(read_record(
      "3,7,9,-,caller=T812,new=field;a\\x0ab; c\\\\x\\x5c\\xc3\\xa4\\xzz\\x4\n SUBSYSTEM=pci\n DEVICE=+pci:0\\x09",
      record));
  CHECK(record.text == "a\nb; c\\\\x\\\xc3\xa4\\xzz\\x4");
  CHECK(record.thread == 812);
  REQUIRE(record.details.size() == 2);
  CHECK(record.details[0].first == "SUBSYSTEM");
  CHECK(record.details[0].second == "pci");
  CHECK(record.details[1].second == "+pci:0\t");
}

TEST_CASE("flags say which records are parts of one line") {
  KernelRecord record;
  REQUIRE(read_record("6,1,1,c;loading", record));
  CHECK(record.is_continued);
  REQUIRE(read_record("6,2,1,+; done", record));
  CHECK(record.is_rest);
  CHECK(record.text == " done");
  REQUIRE(read_record("6,3,1,-;x", record));
  CHECK(!record.is_rest);
}

TEST_CASE("what is no record is told") {
  KernelRecord record;
  for (const char* bytes :
       {"", ";", "a", "6,1,1;x", "x,1,1,-;x", "6,,1,-;x", "6,1,1,;x", "99999999999,1,1,-;x", "6,1,1,-", "-1,2,3,-;x"})
    CHECK_MESSAGE(!read_record(bytes, record), bytes);
}

TEST_CASE("several records are taken apart, and one that has not ended waits") {
  std::string_view bytes = "6,1,1,-;a\n A=1\n B=2\n6,2,1,-;b\n6,3,1,-;c\n A";
  std::string_view record;
  REQUIRE(next_record(bytes, record));
  CHECK(record == "6,1,1,-;a\n A=1\n B=2");
  REQUIRE(next_record(bytes, record));
  CHECK(record == "6,2,1,-;b");
  CHECK(!next_record(bytes, record));
  CHECK(bytes == "6,3,1,-;c\n A");
}

}  // namespace
}  // namespace rankwire::kmsg
