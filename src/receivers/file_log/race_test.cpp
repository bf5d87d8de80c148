// A file renamed between being seen at a path and being looked into there: what is read at the path is another file's.
#include <doctest/doctest.h>

#include "receivers/file_log/tail_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

namespace {

// The current file becomes this generation, and another one takes its path.
void rotate(TailFixture& t, int number) { t.rotate(generation(number), std::to_string(number + 1) + "\n"); }

}  // namespace

TEST_CASE("a new file that is renamed before its start is read is known again when it is compressed") {
  for (const bool is_restarted : {false, true}) {
    CAPTURE(is_restarted);
    TailFixture t;
    t.append("a.log", "1\n");
    t.start();
    CHECK(t.read() == Lines{"1"});
    rotate(t, 1);
    t.faults.before_open(t.path("a.log"), [&] { rotate(t, 2); });
    CHECK(t.read() == Lines{"2", "3"});
    if (is_restarted) t.restart();
    t.compress(generation(2));
    t.tailer->scan();
    CHECK(t.read() == Lines{});
  }
}

TEST_CASE("a file that is renamed while the checkpoint's file is looked for goes on where it was") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.stop();
  t.append("a.log", "1, later\n");
  t.faults.before_open(t.path("a.log"), [&] { rotate(t, 1); });
  t.start();
  CHECK(t.read() == Lines{"1, later", "2"});
}

TEST_CASE("a generation that is shifted while the checkpoint's file is looked for goes on where it was") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.stop();
  t.append("a.log", "1, later\n");
  t.rotate("a.log.1", "2\n");
  t.faults.before_open(t.path("a.log.1"), [&] {
    t.rename("a.log.1", "a.log.2");
    t.rotate("a.log.1", "3\n");
  });
  t.start();
  CHECK(t.read() == Lines{"1, later", "2", "3"});
}

TEST_CASE("a compressed generation that is shifted while it is looked into is not read again") {
  TailFixture t;
  t.append("a.log", "1\n");
  t.start();
  CHECK(t.read() == Lines{"1"});
  t.rotate("a.log.1", "2\n");
  CHECK(t.read() == Lines{"2"});
  t.compress("a.log.1");
  t.rename("a.log.1.gz", "a.log.2.gz");
  t.rotate("a.log.1", "3\n");
  bool is_shifted = false;
  t.faults.before_open(t.path("a.log.2.gz"), [&] {
    t.rename("a.log.2.gz", "a.log.3.gz");
    t.compress("a.log.1");
    t.rename("a.log.1.gz", "a.log.2.gz");
    t.rotate("a.log.1", "4\n");
    is_shifted = true;
  });
  CHECK(t.read() == Lines{"3", "4"});
  CHECK(is_shifted);
  t.tailer->scan();
  CHECK(t.read() == Lines{});
}
