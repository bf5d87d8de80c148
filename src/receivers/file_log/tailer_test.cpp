// Following files while the agent runs.
#include <doctest/doctest.h>

#include "receivers/file_log/tail_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

TEST_CASE("lines written before and after the start arrive once and in order") {
  TailFixture t;
  t.append("a.log", "one\ntwo\n");
  t.start();
  CHECK(t.read() == Lines{"one", "two"});
  t.append("a.log", "three\n");
  CHECK(t.read() == Lines{"three"});
  CHECK(t.read() == Lines{});
}

TEST_CASE("start_at end skips what files held at the very first start, not files found later") {
  TailFixture t(StartAt::end);
  t.append("a.log", "old\n");
  t.start();
  CHECK(t.read() == Lines{});
  t.append("a.log", "new\n");
  t.append("b.log", "first of b\n");
  CHECK(sorted(t.read()) == Lines{"first of b", "new"});
}

TEST_CASE("half a line waits for its other half") {
  TailFixture t;
  t.start();
  t.append("a.log", "hel");
  CHECK(t.read() == Lines{});
  t.append("a.log", "lo\nwor");
  CHECK(t.read() == Lines{"hello"});
  t.append("a.log", "ld\n");
  CHECK(t.read() == Lines{"world"});
}

TEST_CASE("a line much longer than one read arrives whole") {
  TailFixture t;
  const std::string line(3 << 20, 'x');
  t.append("a.log", "before\n" + line + "\nafter\n");
  t.start();
  CHECK(t.read() == Lines{"before", line, "after"});
}

TEST_CASE("a renamed file is read to its end before its successor") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.append("a.log", "2\n");
  t.rotate("a.log.1", "3\n");
  t.append("a.log.1", "2b\n");
  CHECK(t.read() == Lines{"2", "2b", "3"});
  CHECK(t.total("rankwire_file_log_rotations_total") == 1);
  CHECK(t.lost() == 0);
}

TEST_CASE("a writer that keeps writing to the renamed file loses nothing") {
  TailFixture t;
  t.options.rotated_quiet = std::chrono::hours(1);
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.rotate("a.log.1", "2\n");
  t.step();
  t.append("a.log.1", "late\n");
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2", "late"});
}

TEST_CASE("late writes to a file that was already forgotten are found by the next scan") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.rotate("a.log.1", "2\n");
  t.step();
  t.step();
  t.append("a.log.1", "late\n");
  t.tailer->scan();
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2", "late"});
}

TEST_CASE("several rotations between two looks: every generation is read, oldest first") {
  for (const bool is_dated : {false, true}) {
    CAPTURE(is_dated);
    TailFixture t;
    t.append("a.log", "1\n");
    t.start();
    t.step();
    for (int i = 2; i <= 5; ++i) {
      if (is_dated) {
        t.rename("a.log", generation(i));
        if (i > 2) t.compress(generation(i - 1));
      } else {
        for (int n = 4; n >= 1; --n)
          if (std::filesystem::exists(t.path("a.log." + std::to_string(n))))
            t.rename("a.log." + std::to_string(n), "a.log." + std::to_string(n + 1));
        t.rename("a.log", "a.log.1");
      }
      t.append("a.log", std::to_string(i) + "\n");
    }
    t.step();
    CHECK(t.intake.take() == Lines{"1", "2", "3", "4", "5"});
    CHECK(t.lost() == 0);
    t.tailer->scan();
    CHECK(t.read() == Lines{});
  }
}

TEST_CASE("a generation compressed before it is forgotten is not read again") {
  for (const int variant : {0, 1, 2, 3}) {
    const bool is_listed_between = (variant & 1) != 0;
    const bool is_killed = (variant & 2) != 0;
    CAPTURE(is_listed_between);
    CAPTURE(is_killed);
    TailFixture t;
    t.options.rotated_quiet = std::chrono::hours(1);
    t.append("a.log", "1\n");
    t.start();
    t.step();
    t.rotate(generation(1), "2\n");
    t.step();
    t.compress(generation(1));
    if (is_listed_between) {
      t.rotate(generation(2), "3\n");
      t.step();
    }
    t.tailer->scan();  // Sees that the open file has no name any more.
    t.step();
    t.clock.ahead = std::chrono::hours(2);
    t.step();
    if (is_killed) {
      t.kill();
      t.start();
    }
    t.rotate(generation(3), "4\n");
    t.step();
    t.step();
    CHECK(t.intake.take() == (is_listed_between ? Lines{"1", "2", "3", "4"} : Lines{"1", "2", "4"}));
    t.tailer->scan();
    CHECK(t.read() == Lines{});
    t.restart();
    CHECK(t.read() == Lines{});
  }
}

TEST_CASE("rotated files that were there before the first start are history") {
  TailFixture t;
  t.append("a.log.1", "old\n");
  const auto before = std::filesystem::last_write_time(t.path("a.log.1"));
  std::filesystem::last_write_time(t.path("a.log.1"), before - std::chrono::minutes(1));
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.rename("a.log.1", "a.log.2");
  t.rotate("a.log.1", "2\n");
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2"});
}

TEST_CASE("rotated files that match include too are read once") {
  TailFixture t;
  t.include(t.path("a.log*"));
  t.append("a.log", "1\n");
  t.start();
  t.step();
  for (int i = 2; i <= 4; ++i) {
    if (i > 2) t.rename("a.log.1", "a.log.2");
    t.rotate("a.log.1", std::to_string(i) + "\n");
    t.step();
    t.step();
    t.tailer->scan();
    t.step();
  }
  CHECK(t.intake.take() == Lines{"1", "2", "3", "4"});
}

TEST_CASE("a deleted file is read to its end and then closed") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.append("a.log", "2\nunterminated");
  t.remove("a.log");
  t.step();
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2", "unterminated"});
  CHECK(t.tailer->files().file_count() == 0);
  CHECK(t.lost() == 0);
}

TEST_CASE("a file whose inode is used again is another file") {
  TailFixture t;
  for (int i = 0; i < 20; ++i) {
    t.append("a.log", "line " + std::to_string(i) + "\n");
    if (i == 0) t.start();
    CHECK(t.read() == Lines{"line " + std::to_string(i)});
    t.remove("a.log");
  }
}

TEST_CASE("files with the same first 1000 bytes are different files") {
  TailFixture t;
  const std::string banner(1000, '=');
  t.append("a.log", banner + "\na\n");
  t.append("b.log", banner + "\nb\n");
  t.start();
  CHECK(t.read() == Lines{banner, "a", banner, "b"});
  t.rotate("a.log.1", banner + "\nc\n");
  t.rotate("a.log.0", banner + "\nd\n");
  t.step();
  CHECK(t.intake.take().size() == 4);
}

TEST_CASE("a directory that appears later is found with what is in it") {
  TailFixture t;
  t.include(t.path("pods/*/app/**/*.log"));
  t.start();
  CHECK(t.read() == Lines{});
  std::filesystem::create_directories(t.path("pods/p1/app/deep/er"));
  t.append("pods/p1/app/deep/er/0.log", "deep\n");
  CHECK(t.read() == Lines{"deep"});
  t.append("pods/p1/app/deep/er/0.log", "more\n");
  std::filesystem::create_directories(t.path("pods/p2/app"));
  t.step();
  t.append("pods/p2/app/0.log", "second\n");
  CHECK(t.read() == Lines{"more", "second"});
}

TEST_CASE("chains of symbolic links are followed, also through a rotation of their target") {
  TailFixture t;
  t.include(t.path("containers/*.log"));
  std::filesystem::create_directories(t.path("containers"));
  std::filesystem::create_directories(t.path("pods/p1"));
  std::filesystem::create_directories(t.path("docker/c1"));
  t.append("docker/c1/c1-json.log", "1\n");
  std::filesystem::create_symlink(t.path("docker/c1/c1-json.log"), t.path("pods/p1/0.log"));
  std::filesystem::create_symlink(t.path("pods/p1/0.log"), t.path("containers/p1.log"));
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.append("docker/c1/c1-json.log", "2\n");
  CHECK(t.read() == Lines{"2"});
  t.append("docker/c1/c1-json.log", "3\n");
  t.rename("docker/c1/c1-json.log", "docker/c1/c1-json.log.1");
  t.append("docker/c1/c1-json.log", "4\n");
  CHECK(t.read() == Lines{"3", "4"});
}

TEST_CASE("a file matched twice, directly and through a link, is read once") {
  TailFixture t;
  t.options.include = *Glob::parse(t.path("{real,links}/*.log"));
  std::filesystem::create_directories(t.path("real"));
  std::filesystem::create_directories(t.path("links"));
  t.append("real/a.log", "1\n");
  std::filesystem::create_symlink(t.path("real/a.log"), t.path("links/a.log"));
  t.start();
  t.append("real/a.log", "2\n");
  CHECK(t.read() == Lines{"1", "2"});
}

TEST_CASE("excluded files are not read") {
  TailFixture t;
  t.options.exclude = *Glob::parse(t.path("*debug*"));
  t.append("a-debug.log", "no\n");
  t.append("a.log", "yes\n");
  t.start();
  t.append("b-debug.log", "no\n");
  CHECK(t.read() == Lines{"yes"});
}

TEST_CASE("more files than may be open are all read") {
  TailFixture t;
  t.options.open_files_max = 8;
  t.start();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) t.append("f" + std::to_string(i) + ".log", "line\n");
    CHECK(t.read().size() == 100);
    CHECK(t.counters.gauge("otelcol_fileconsumer_open_files", "", {{"receiver", "file_log"}}).value() <= 8);
  }
}

TEST_CASE("a thousand files are read, and one busy file does not keep the others waiting") {
  TailFixture t;
  std::string much;
  for (int i = 0; i < 100'000; ++i) much += "a busy line of some length\n";
  t.append("busy.log", much);
  for (int i = 0; i < 1000; ++i) t.append("f" + std::to_string(i) + ".log", "quiet\n");
  t.start();
  for (int i = 0; i < 6; ++i) t.tailer->pass({});
  CHECK(std::count(t.intake.lines.begin(), t.intake.lines.end(), "quiet") == 1000);
  t.step();
  CHECK(t.intake.lines.size() == 101'000);
}

TEST_CASE("at most the configured amount is unsettled; reading goes on when it is settled") {
  TailFixture t;
  t.options.unsettled_bytes_max = 1 << 20;
  t.intake.answer = TestIntake::Answer::wait;
  std::string much;
  for (int i = 0; i < 200'000; ++i) much += "a busy line of some length\n";
  t.append("a.log", much);
  t.start();
  t.step();
  CHECK(t.positions->unsettled_bytes() < (1 << 20) + t.options.batch_bytes);
  while (!t.intake.waiting.empty()) {
    t.intake.settle_all();
    t.step();
  }
  CHECK(t.intake.lines.size() == 200'000);
}

TEST_CASE("without room nothing is taken from the files") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.intake.is_full = true;
  t.start();
  CHECK(t.read() == Lines{});
  t.intake.is_full = false;
  CHECK(t.read() == Lines{"1"});
}

TEST_CASE("a refused batch is read again and nothing is lost or repeated") {
  TailFixture t;
  t.options.retry_delay = {};
  t.options.retry_delay_max = {};
  t.append("a.log", "1\n");
  t.append("b.log", "+held ");
  t.append("b.log", "\nend\n");
  t.start();
  t.intake.answer = TestIntake::Answer::refuse;
  t.tailer->pass({});
  t.tailer->pass({});
  t.intake.answer = TestIntake::Answer::settle;
  CHECK(sorted(t.read()) == Lines{"1", "held end"});
}

TEST_CASE("lines that are refused for themselves wait in their file, and other files are read on") {
  TailFixture t;
  t.intake.held = "noisy";
  t.append("a.log", "a1\n");
  t.append("b.log", "noisy1\n");
  t.append("c.log", "c1\n");
  t.start();
  CHECK(sorted(t.read()) == Lines{"a1", "c1"});
  t.append("b.log", "noisy2\n");
  t.append("c.log", "c2\n");
  CHECK(t.read() == Lines{"c2"});
  const std::size_t batches = t.intake.batches;
  t.intake.held.clear();
  CHECK(t.read() == Lines{});
  CHECK(t.intake.batches == batches);
  t.clock.ahead += std::chrono::seconds(2);
  CHECK(t.read() == Lines{"noisy1", "noisy2"});
  t.restart();
  CHECK(t.read() == Lines{});
}

TEST_CASE("a file that was held back shares no batch with others for a while") {
  TailFixture t;
  t.intake.held = "noisy";
  t.append("a.log", "a1\n");
  t.append("b.log", "noisy1\n");
  t.start();
  CHECK(t.read() == Lines{"a1"});
  t.clock.ahead += std::chrono::seconds(2);
  t.append("a.log", "a2\n");
  const std::uint64_t rewinds = t.total("rankwire_file_log_rewinds_total");
  CHECK(t.read() == Lines{"a2"});
  CHECK(t.total("rankwire_file_log_rewinds_total") == rewinds + 1);
}

TEST_CASE("of many files, those that are held are found and the rest is delivered once") {
  TailFixture t;
  t.intake.held = "noisy";
  Lines quiet, noisy;
  for (int i = 0; i < 40; ++i) {
    const std::string line = (i % 4 == 0 ? "noisy" : "quiet") + std::to_string(i);
    (i % 4 == 0 ? noisy : quiet).push_back(line);
    t.append(std::to_string(i) + ".log", line + "\n");
  }
  t.start();
  CHECK(sorted(t.read()) == sorted(quiet));
  t.intake.held.clear();
  t.clock.ahead += std::chrono::seconds(2);
  CHECK(sorted(t.read()) == sorted(noisy));
}

TEST_CASE("a lost batch is read again while running") {
  TailFixture t;
  t.intake.answer = TestIntake::Answer::wait;
  t.append("a.log", "1\n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.intake.settle_all();
  t.append("a.log", "2\n");
  CHECK(t.read() == Lines{"2"});
  t.intake.lose_all();
  t.append("a.log", "3\n");
  t.tailer->read_lost_again();
  CHECK(t.read() == Lines{"2", "3"});
  t.intake.settle_all();
  CHECK(t.total("rankwire_file_log_rewinds_total") == 1);
}

TEST_CASE("a record split over two generations is joined") {
  TailFixture t;
  t.append("a.log", "1\n+first half, \n");
  t.start();
  t.step();
  t.rotate("a.log.1", "second half\n2\n");
  t.step();
  CHECK(t.intake.take() == Lines{"1", "first half, second half", "2"});
}

TEST_CASE("gzip files are read with compression: auto") {
  TailFixture t;
  t.options.compression = Compression::automatic;
  t.include(t.path("*.gz"));
  std::string much;
  for (int i = 0; i < 100'000; ++i) much += "line " + std::to_string(i) + "\n";
  t.append("a.log", much);
  t.compress("a.log");
  t.start();
  const Lines lines = t.read();
  REQUIRE(lines.size() == 100'000);
  CHECK(lines.back() == "line 99999");
}

TEST_CASE("a damaged gzip file yields what is good and is counted") {
  TailFixture t;
  t.options.compression = Compression::automatic;
  t.include(t.path("*.gz"));
  t.append("a.gz", "this is not gzip at all");
  t.append("b.log", "fine\n");
  t.compress("b.log");
  t.start();
  CHECK(t.read() == Lines{"fine"});
}

TEST_CASE("files are deleted once their lines are settled, where that is wanted") {
  TailFixture t;
  t.options.must_delete = true;
  t.intake.answer = TestIntake::Answer::wait;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  CHECK(std::filesystem::exists(t.path("a.log")));
  t.intake.settle_all();
  t.step();
  CHECK_FALSE(std::filesystem::exists(t.path("a.log")));
}
