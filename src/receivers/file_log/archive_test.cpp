// polls_to_archive: files that go away and come back.
#include <doctest/doctest.h>

#include "receivers/file_log/tail_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

namespace {

struct ArchiveFixture : TailFixture {
  explicit ArchiveFixture(Duration remembered = std::chrono::hours(1), std::size_t count_max = 100) {
    options.archived_max = count_max;
    options.archive_time = remembered;
    options.compression = Compression::automatic;
    options.include = *Glob::parse(path("*.{log,gz}"));
    std::filesystem::create_directory(path("elsewhere"));
    append("a.log", "one\ntwo\n");
    start();
    CHECK(read() == Lines{"one", "two"});
  }
  void look() {
    tailer->scan();
    step();
    tailer->scan();
    step();
  }
  Lines seen() {
    look();
    return intake.take();
  }
};

}  // namespace

TEST_CASE("a file that was moved away and comes back is read on from where reading ended") {
  for (const bool is_restarted : {false, true}) {
    for (const char* name : {"a.log", "b.log"}) {
      CAPTURE(is_restarted);
      CAPTURE(name);
      ArchiveFixture t;
      t.rename("a.log", "elsewhere/a.log");
      CHECK(t.seen() == Lines{});
      if (is_restarted) t.restart();
      t.append("elsewhere/a.log", "three\n");
      t.rename("elsewhere/a.log", name);
      CHECK(t.seen() == Lines{"three"});
      t.restart();
      t.append(name, "four\n");
      CHECK(t.seen() == Lines{"four"});
    }
  }
}

TEST_CASE("a copy or a compressed form that comes back is known by its contents, also after a restart") {
  for (const bool is_restarted : {false, true}) {
    for (const bool is_gzip : {false, true}) {
      CAPTURE(is_restarted);
      CAPTURE(is_gzip);
      ArchiveFixture t;
      t.copy("a.log", "elsewhere/copy.log");
      if (is_gzip) t.compress("elsewhere/copy.log");
      t.remove("a.log");
      CHECK(t.seen() == Lines{});
      const std::string ending = is_gzip ? ".log.gz" : ".log";
      if (is_restarted) t.stop();
      t.rename("elsewhere/copy" + ending, "back" + ending);
      if (is_restarted) t.start();
      CHECK(t.seen() == Lines{});
    }
  }
}

TEST_CASE("another file that begins in the same way is read whole") {
  ArchiveFixture t;
  t.append("b.log", "0123456789abcdef\nfirst\n");
  CHECK(t.seen() == Lines{"0123456789abcdef", "first"});
  t.remove("b.log");
  CHECK(t.seen() == Lines{});
  t.append("c.log", "0123456789abcdef\nother\nmore\n");
  CHECK(t.seen() == Lines{"0123456789abcdef", "other", "more"});
}

TEST_CASE("a file that stays away for too long, or without polls_to_archive, is read again") {
  const Duration remembered = std::chrono::minutes(5);
  for (const Duration time : {Duration{0}, remembered}) {
    ArchiveFixture t(time);
    t.rename("a.log", "elsewhere/a.log");
    CHECK(t.seen() == Lines{});
    t.clock.ahead = remembered;
    t.look();
    t.rename("elsewhere/a.log", "a.log");
    CHECK(t.seen() == Lines{"one", "two"});
  }
}

TEST_CASE("what is remembered is bounded: the oldest goes first") {
  for (const bool is_forgotten : {false, true}) {
    ArchiveFixture t(std::chrono::hours(1), is_forgotten ? 3 : 4);
    t.rename("a.log", "elsewhere/a.log");
    CHECK(t.seen() == Lines{});
    for (const char* name : {"b.log", "c.log", "d.log"}) {
      t.append(name, std::string(name) + "\n");
      CHECK(t.seen() == Lines{name});
      t.remove(name);
      CHECK(t.seen() == Lines{});
    }
    t.rename("elsewhere/a.log", "a.log");
    CHECK(t.seen() == (is_forgotten ? Lines{"one", "two"} : Lines{}));
  }
}
