// Signals arrive as events, in order of urgency.
#include "app/events.hpp"

#include <doctest/doctest.h>
#include <signal.h>

namespace rankwire::app {
namespace {

TEST_CASE("SIGHUP reloads, SIGTERM and SIGINT stop, and stopping comes first") {
  Events events;
  ::raise(SIGHUP);
  CHECK(events.wait() == Event::reload);
  ::raise(SIGINT);
  CHECK(events.wait() == Event::stop);
  events.files_changed();
  ::raise(SIGTERM);
  CHECK(events.wait() == Event::stop);
  CHECK(events.wait() == Event::files_changed);
}

TEST_CASE("several changes of files before anyone looks are one event") {
  Events events;
  events.files_changed();
  events.files_changed();
  CHECK(events.wait() == Event::files_changed);
  ::raise(SIGTERM);
  CHECK(events.wait() == Event::stop);
}

}  // namespace
}  // namespace rankwire::app
