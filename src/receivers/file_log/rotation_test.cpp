// What was rotated out: compressed, matched by `include`, written to again, gone.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "receivers/file_log/tail_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

TEST_CASE("compressed generations that match include too are not read again") {
  for (const Compression compression : {Compression::automatic, Compression::none}) {
    for (const bool is_restarted : {false, true}) {
      CAPTURE(is_restarted);
      TailFixture t;
      t.options.compression = compression;
      t.include(t.path("a.log*"));
      t.append("a.log", "1\n");
      t.start();
      t.step();
      for (int i = 2; i <= 5; ++i) {
        t.rotate(generation(i), std::to_string(i) + "\n");
        t.step();
        if (i > 2) t.compress(generation(i - 1));
        t.step();
        t.tailer->scan();
        t.step();
        if (is_restarted) t.restart();
        t.step();
      }
      CHECK(t.intake.take() == Lines{"1", "2", "3", "4", "5"});
    }
  }
}

TEST_CASE("old generations that match include are read from the beginning, oldest first") {
  TailFixture t;
  t.options.compression = Compression::automatic;
  t.include(t.path("a.log*"));
  t.append(generation(1), "1\n");
  t.compress(generation(1));
  t.append(generation(2), "2\n");
  t.append("a.log", "3\n");
  for (const auto& entry : std::filesystem::directory_iterator(t.directory.path()))
    std::filesystem::last_write_time(entry, entry.last_write_time() - std::chrono::minutes(1));
  t.start();
  CHECK(t.read() == Lines{"1", "2", "3"});
  t.tailer->scan();
  CHECK(t.read() == Lines{});
  t.restart();
  CHECK(t.read() == Lines{});
}

TEST_CASE("late writes to a forgotten generation that is compressed before the next scan are read once") {
  TailFixture t;
  t.append("a.log", "the first line of the file\n");
  t.start();
  t.step();
  t.rotate(generation(1), "2\n");
  t.step();
  t.step();
  t.append(generation(1), "late\n");
  t.compress(generation(1));
  t.rotate(generation(2), "3\n");
  t.step();
  CHECK(sorted(t.intake.take()) == Lines{"2", "3", "late", "the first line of the file"});
}

TEST_CASE("late writes to a forgotten generation are noticed without a scan") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  t.step();
  t.rotate("a.log.1", "2\n");
  t.step();
  t.step();
  t.append("a.log.1", "late\n");
  t.step();
  CHECK(t.intake.take() == Lines{"1", "2", "late"});
}

TEST_CASE("generations with the same beginning are all read, also when one of them is compressed") {
  const std::string banner(1000, '=');
  TailFixture t;
  t.append("a.log", banner + "\n1\n");
  t.start();
  t.step();
  t.rotate(generation(1), banner + "\n2\n");
  t.step();
  t.step();
  t.remove(generation(1));
  // Written, rotated and compressed between two looks.
  t.rotate(generation(2), banner + "\n3, longer than the one before\n");
  t.rename("a.log", generation(3));
  t.compress(generation(3));
  t.append("a.log", banner + "\n4\n");
  t.step();
  CHECK(t.intake.take() == Lines{banner, "1", banner, "2", banner, "3, longer than the one before", banner, "4"});
  CHECK(t.lost() == 0);
}

TEST_CASE("files that vanish before they were opened are counted") {
  SUBCASE("the current file") {
    TailFixture t;
    t.append("a.log", "ten bytes\n");
    t.start();
    t.remove("a.log");
    t.step();
    CHECK(t.read() == Lines{});
    CHECK(t.lost() == 10);
  }
  SUBCASE("a file that was read before and closed since") {
    TailFixture t;
    t.options.open_files_max = 2;
    t.append("a.log", "ten bytes\n");
    t.start();
    t.step();
    for (int i = 0; i < 4; ++i) t.append("b" + std::to_string(i) + ".log", "x\n");
    t.step();
    t.append("a.log", "unread\n");
    t.tailer->look(0);
    t.tailer->scan();
    t.remove("a.log");
    t.step();
    t.step();
    CHECK(t.lost() == 7);
  }
}

TEST_CASE("generations found while there are no descriptors are read when there are some again") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.append("b.log", "x\n");
  t.start();
  t.step();
  t.rotate(generation(1), "2\n");
  t.rename("a.log", generation(2));
  t.compress(generation(2));
  t.append("a.log", "3\n");
  const std::string old = t.path(generation(2) + ".gz");
  std::filesystem::last_write_time(old, std::filesystem::last_write_time(old) - std::chrono::hours(1));
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  const int next = ::open("/dev/null", O_RDONLY);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), usual.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  t.step();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
  for (int i = 0; i < 3; ++i) {
    t.tailer->scan();
    t.step();
  }
  CHECK(sorted(t.intake.take()) == Lines{"1", "2", "3", "x"});
  CHECK(t.lost() == 0);
}
