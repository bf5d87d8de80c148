// Truncation mixed with other things: renaming, refusal, generations that look alike, a disk that fails.
#include <doctest/doctest.h>

#include "receivers/file_log/gzip_stream.hpp"
#include "receivers/file_log/tail_fixture.hpp"
#include "testing/faulty_file_system.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

namespace {

const std::string same_end = ", and all of them end in the same way as every other line does\n";

}  // namespace

TEST_CASE("a file truncated, written and renamed between two looks: what was written last is read") {
  TailFixture t;
  t.append("a.log", "a first line that is long enough\n");
  t.start();
  CHECK(t.read() == Lines{"a first line that is long enough"});
  t.truncate("a.log");
  t.append("a.log", "2\n");
  t.rotate(generation(1), "3\n");
  CHECK(t.read() == Lines{"2", "3"});
}

TEST_CASE("the same, and the generation is compressed before it is read") {
  TailFixture t;
  t.append("a.log", "a first line that is long enough\n");
  t.start();
  CHECK(t.read() == Lines{"a first line that is long enough"});
  t.truncate("a.log");
  t.append("a.log", "2\n");
  t.rotate(generation(1), "3\n");
  t.tailer->scan();
  t.compress(generation(1));
  CHECK(t.read() == Lines{"2", "3"});
}

TEST_CASE("the same without a new file at the path") {
  TailFixture t;
  t.append("a.log", "a first line that is long enough\n");
  t.start();
  t.step();
  t.truncate("a.log");
  t.append("a.log", "2\n");
  t.rename("a.log", generation(1));
  t.step();
  t.tailer->scan();
  t.step();
  CHECK(t.intake.take() == Lines{"a first line that is long enough", "2"});
}

TEST_CASE("an older generation that ends like a truncated file is not taken for its copy") {
  TailFixture t;
  t.append("a.log", "1" + same_end + "1" + same_end);
  t.start();
  t.step();
  t.rotate(generation(1), "2" + same_end);
  t.step();
  t.append(generation(1), "");
  t.intake.take();
  t.truncate("a.log");
  t.append("a.log", "3\n");
  CHECK(t.read() == Lines{"3"});
  CHECK(t.total("rankwire_file_log_truncations_total") == 1);
}

TEST_CASE("a file truncated while its lines were refused is read from its start, however long it is by then") {
  TailFixture t;
  t.append("a.log", "delivered\n");
  t.start();
  t.step();
  t.append("a.log", "refused\n");
  t.intake.answer = TestIntake::Answer::refuse;
  t.step();
  t.intake.answer = TestIntake::Answer::settle;
  // Read once more, and put back for want of room.
  t.intake.is_full = true;
  t.clock.ahead += std::chrono::minutes(1);
  t.step();
  t.truncate("a.log");
  t.append("a.log", "one line that is longer than all of the old file\ntwo\n");
  t.intake.is_full = false;
  t.intake.take();
  CHECK(t.read() == Lines{"one line that is longer than all of the old file", "two"});
}

TEST_CASE("a generation known by its first bytes only is not taken for the one after it") {
  TailFixture t;
  t.append("a.log", "2026-");
  t.start();
  t.step();
  t.append("a.log", "01 first\n");
  t.rotate(generation(1), "2026-01 second\n");
  t.rotate(generation(2), "2026-01 third\n");
  CHECK(t.read() == Lines{"2026-01 first", "2026-01 second", "2026-01 third"});
}

TEST_CASE("what was decompressed before a read failed is not lost") {
  TailFixture t;
  std::string text;
  while (text.size() < 200'000) text += std::to_string(t.random->next()) + "\n";
  t.append("a", text);
  t.compress("a");
  testing::FaultyFileSystem disk(*t.disk);
  disk.break_sector(t.path("a.gz"), 50'000, 50'001);
  const auto file = *disk.open(t.path("a.gz"), {});
  GzipStream stream;
  std::string into(text.size(), '\0');
  const auto count = stream.read(*file, into.data(), into.size());
  REQUIRE(count.has_value());
  CHECK(*count != 0);
  CHECK(*count < text.size());
  CHECK(!stream.is_complete());
  CHECK(!stream.read(*file, into.data(), into.size()).has_value());
  disk.heal();
  CHECK(stream.read(*file, into.data() + *count, into.size() - *count) == text.size() - *count);
  CHECK(into == text);
}

TEST_CASE("a compressed generation that cannot be read at the start is read once the disk works again") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.intake.answer = TestIntake::Answer::wait;
  CHECK(t.read() == Lines{"1"});
  t.rename("a.log", generation(1));
  t.append("a.log", "2\n");
  CHECK(t.read() == Lines{"2"});
  t.kill();
  t.intake.answer = TestIntake::Answer::settle;
  t.compress(generation(1));
  t.clock.ahead = std::chrono::hours(1);
  t.faults.break_sector(t.path(generation(1) + ".gz"), 0, 1);
  t.start();
  CHECK(t.read() == Lines{"2"});
  t.faults.heal();
  t.tailer->scan();
  CHECK(t.read() == Lines{"1"});
}

TEST_CASE("a compressed generation that could not be read is read before the next scan") {
  TailFixture t;
  t.options.scan_interval = std::chrono::seconds(60);
  t.append("a.log", "1\n");
  t.start();
  t.intake.answer = TestIntake::Answer::wait;
  CHECK(t.read() == Lines{"1"});
  t.rename("a.log", generation(1));
  t.append("a.log", "2\n");
  t.kill();
  t.intake.answer = TestIntake::Answer::settle;
  t.compress(generation(1));
  t.faults.break_sector(t.path(generation(1) + ".gz"), 0, 1);
  t.start();
  std::stop_source reading;
  t.intake.on_delivery = [&] {
    t.faults.heal();
    if (t.intake.lines.size() == 2) reading.request_stop();
  };
  const Instant before = t.clock.now();
  t.tailer->run(reading.get_token());
  CHECK(t.intake.take() == Lines{"2", "1"});
  CHECK(t.clock.now() - before < t.options.scan_interval);
}

TEST_CASE("damage behind good contents is reported once these were given, not taken for the end") {
  TailFixture t;
  t.append("a", "a line\n");
  t.compress("a");
  t.append("a.gz", "\xff\x8b");
  const auto file = *t.disk->open(t.path("a.gz"), {});
  GzipStream stream;
  char into[100];
  CHECK(stream.read(*file, into, sizeof into) == 7);
  CHECK(!stream.read(*file, into, sizeof into).has_value());
}

TEST_CASE("a generation compressed while it waited for the one before it keeps its turn") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.intake.is_full = true;
  t.step();
  for (int i = 2; i <= 4; ++i) {
    t.rotate(generation(i), std::to_string(i) + "\n");
    t.step();
  }
  t.compress(generation(3));
  t.intake.is_full = false;
  CHECK(t.read() == Lines{"1", "2", "3", "4"});
}
