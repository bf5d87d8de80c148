// What survives the end of the agent: restarts, kills, rotation while nobody looks.
#include <doctest/doctest.h>

#include "receivers/file_log/tail_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

TEST_CASE("after a restart reading goes on where it was settled") {
  TailFixture t;
  t.append("a.log", "1\n2\n");
  t.start();
  CHECK(t.read() == Lines{"1", "2"});
  t.stop();
  t.append("a.log", "3\n");
  t.start();
  CHECK(t.read() == Lines{"3"});
}

TEST_CASE("after a kill what was not settled is delivered again, and nothing else") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.intake.answer = TestIntake::Answer::wait;
  t.append("a.log", "2\n");
  t.step();
  t.append("a.log", "3\n");
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2", "3"});
  t.kill();
  t.start();
  CHECK(t.read() == Lines{"2", "3"});
}

TEST_CASE("a batch that settles before an earlier one does not advance the position") {
  TailFixture t;
  t.intake.answer = TestIntake::Answer::wait;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.append("a.log", "2\n");
  t.step();
  t.intake.waiting.back().settle();
  t.intake.take();
  t.kill();
  t.start();
  CHECK(t.read() == Lines{"1", "2"});
}

TEST_CASE("a kill while half of a record is held reads that half again") {
  TailFixture t;
  t.append("a.log", "1\n+first, \n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.kill();
  t.append("a.log", "second\n");
  t.start();
  CHECK(t.read() == Lines{"first, second"});
}

TEST_CASE("a kill between the halves of a record in two generations joins them again") {
  for (const bool is_compressed : {false, true}) {
    TailFixture t;
    t.append("a.log", "1\n+first, \n");
    t.start();
    t.step();
    t.rotate("a.log.1", "+second, \n");
    CHECK(t.read() == Lines{"1"});
    t.kill();
    if (is_compressed) t.compress("a.log.1");
    t.append("a.log", "third\n");
    t.start();
    CHECK(t.read() == Lines{"first, second, third"});
  }
}

TEST_CASE("start_at end does not skip files that appeared while the agent was down") {
  TailFixture t(StartAt::end);
  t.append("a.log", "old\n");
  t.start();
  t.step();
  t.stop();
  t.append("a.log", "1\n");
  t.append("b.log", "2\n");
  t.start();
  CHECK(t.read() == Lines{"1", "2"});
}

TEST_CASE("rotation while the agent is down loses nothing, whatever the naming") {
  struct Scheme {
    const char* name;
    std::string first, second;
    bool is_compressed;
  };
  for (const Scheme& scheme :
       {Scheme{"numbers", "a.log.2", "a.log.1", false}, Scheme{"numbers, compressed", "a.log.2", "a.log.1", true},
        Scheme{"kubelet", generation(1), generation(2), false},
        Scheme{"kubelet, compressed", generation(1), generation(2), true},
        Scheme{"dates in the stem", "a-20260101.log", "a-20260102.log", false}}) {
    CAPTURE(scheme.name);
    TailFixture t;
    t.append("a.log", "1\n2\n");
    t.start();
    CHECK(t.read() == Lines{"1", "2"});
    t.kill();
    t.append("a.log", "3\n");
    t.rename("a.log", scheme.first);
    if (scheme.is_compressed) t.compress(scheme.first);
    t.append("a.log", "4\n");
    t.rotate(scheme.second, "5\n");
    t.start();
    CHECK(t.read() == Lines{"3", "4", "5"});
    CHECK(t.lost() == 0);
    t.restart();
    CHECK(t.read() == Lines{});
    t.tailer->scan();
    CHECK(t.read() == Lines{});
  }
}

TEST_CASE("generations read before are not read again after any number of restarts and compressions") {
  TailFixture t;
  t.append("a.log", "0\n");
  t.start();
  t.step();
  for (int i = 1; i < 8; ++i) {
    t.rename("a.log", generation(i));
    if (i > 1) t.compress(generation(i - 1));
    if (i > 4) t.remove(generation(i - 4) + ".gz");
    t.append("a.log", std::to_string(i) + "\n");
    if (i % 2 == 0) t.restart();
    t.step();
    if (i % 3 == 0) t.restart();
    t.step();
  }
  CHECK(t.intake.take() == Lines{"0", "1", "2", "3", "4", "5", "6", "7"});
}

TEST_CASE("a generation half read at the kill is read on from its compressed form") {
  TailFixture t;
  t.options.batch_bytes = t.options.turn_bytes = 64 * 1024;
  std::string much;
  for (int i = 0; i < 20'000; ++i) much += "line " + std::to_string(i) + "\n";
  t.append("a.log", much);
  t.start();
  t.tailer->pass({});
  t.kill();
  t.rename("a.log", generation(0));
  t.compress(generation(0));
  t.append("a.log", "last\n");
  t.start();
  t.step();
  REQUIRE(t.intake.lines.size() == 20'001);
  for (int i = 0; i < 20'000; ++i) REQUIRE(t.intake.lines[static_cast<std::size_t>(i)] == "line " + std::to_string(i));
  CHECK(t.intake.lines.back() == "last");
}

TEST_CASE("an unread file that vanished while the agent was down is counted") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.append("b.log", "1\n");
  t.start();
  t.step();
  t.intake.answer = TestIntake::Answer::wait;
  t.append("a.log", "four bytes and more\n");
  t.step();
  t.kill();
  // The size is known from the last settled batch only.
  t.intake.answer = TestIntake::Answer::settle;
  t.append("b.log", "2\n");
  t.remove("a.log");
  t.start();
  t.step();
  CHECK(t.lost() == 0);
  CHECK(t.intake.take().back() == "2");
}

TEST_CASE("a pod whose directory is gone after a restart is forgotten") {
  TailFixture t;
  t.include(t.path("pods/*/*.log"));
  std::filesystem::create_directories(t.path("pods/p1"));
  t.append("pods/p1/0.log", "1\n");
  t.start();
  t.step();
  t.stop();
  t.remove("pods/p1");
  t.start();
  t.step();
  CHECK(t.tailer->files().file_count() == 0);
  t.stop();
  CheckpointContents contents;
  REQUIRE(CheckpointJournal::open(*t.disk, t.storage.path(), false, contents).has_value());
  CHECK(contents.files.empty());
}

TEST_CASE("what one destination refused for good and another had not stored is read again after a kill") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.intake.answer = TestIntake::Answer::reject;
  t.step();
  t.kill();
  t.intake.take();
  t.intake.answer = TestIntake::Answer::settle;
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.restart();
  CHECK(t.read() == Lines{});
}

TEST_CASE("without storage a restart begins anew") {
  TailFixture t;
  t.has_storage = false;
  t.append("a.log", "1\n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.restart();
  CHECK(t.read() == Lines{"1"});
}

TEST_CASE("copytruncate: what was written between the last read and the copy is read from the copy") {
  for (const bool is_matched : {false, true}) {
    CAPTURE(is_matched);
    TailFixture t;
    if (is_matched) t.include(t.path("a.log*"));
    t.append("a.log", "first line\n");
    t.start();
    CHECK(t.read() == Lines{"first line"});
    t.append("a.log", "second line\n");
    t.copy("a.log", "a.log.1");
    t.truncate("a.log");
    t.append("a.log", "third\n");
    CHECK(t.read() == Lines{"second line", "third"});
    CHECK(t.total("rankwire_file_log_truncations_total") == 1);
    CHECK(t.lost() == 0);
    t.tailer->scan();
    CHECK(t.read() == Lines{});
  }
}

TEST_CASE("a copy being made is not read as a new file") {
  TailFixture t;
  t.include(t.path("a.log*"));
  t.append("a.log", "one\ntwo\nthree\n");
  t.start();
  CHECK(t.read() == Lines{"one", "two", "three"});
  t.append("a.log.1", "one\n");
  CHECK(t.read() == Lines{});
  t.append("a.log.1", "two\n");
  CHECK(t.read() == Lines{});
  t.append("a.log.1", "three\n");
  CHECK(t.read() == Lines{});
  t.truncate("a.log");
  t.append("a.log", "four\n");
  CHECK(t.read() == Lines{"four"});
}

TEST_CASE("a truncated file that grew past the old position is noticed") {
  TailFixture t;
  t.append("a.log", "short\n");
  t.start();
  CHECK(t.read() == Lines{"short"});
  t.truncate("a.log");
  t.append("a.log", "something much longer than before\n");
  CHECK(t.read() == Lines{"something much longer than before"});
  CHECK(t.total("rankwire_file_log_truncations_total") == 1);
}

TEST_CASE("bytes seen but truncated before they were read are counted") {
  TailFixture t;
  t.append("a.log", "read\n");
  t.start();
  t.step();
  t.append("a.log", "never finished");
  t.step();
  t.truncate("a.log");
  t.append("a.log", "new\n");
  t.step();
  CHECK(t.lost() == 14);
  CHECK(t.intake.take() == Lines{"read", "new"});
}

TEST_CASE("copytruncate while the agent is down reads on in the copy, compressed or not") {
  for (const bool is_compressed : {false, true}) {
    CAPTURE(is_compressed);
    TailFixture t;
    t.append("a.log", "first line\n");
    t.start();
    CHECK(t.read() == Lines{"first line"});
    t.kill();
    t.append("a.log", "second line\n");
    t.copy("a.log", "a.log.1");
    t.truncate("a.log");
    t.append("a.log", "third line, longer than all before\n");
    if (is_compressed) t.compress("a.log.1");
    t.start();
    CHECK(t.read() == Lines{"second line", "third line, longer than all before"});
    CHECK(t.lost() == 0);
  }
}

TEST_CASE("a damaged checkpoint record costs only its own file") {
  TailFixture t;
  t.append("a.log", "a1\n");
  t.append("b.log", "b1\n");
  t.start();
  t.step();
  t.stop();
  t.intake.take();
  const std::string journal = t.storage.file("positions.journal");
  std::string bytes = *read_file(*t.disk, journal, 1 << 20);
  for (std::size_t at = 0; (at = bytes.find("/a.log", at)) != std::string::npos; ++at) bytes[at + 1] = 'X';
  REQUIRE(write_file_atomically(*t.disk, journal, bytes, false).has_value());
  t.append("b.log", "b2\n");
  t.start();
  CHECK(t.damaged >= 1);
  CHECK(t.read() == Lines{"a1", "b2"});
}

TEST_CASE("a compressed generation that was found but not read before a kill is read once") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.rotate(generation(1), "2\n");
  t.rename("a.log", generation(2));
  t.compress(generation(2));
  t.append("a.log", "3\n");
  t.tailer->look(0);
  t.kill();
  t.start();
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2", "3"});
  CHECK(t.lost() == 0);
}
