#include "base/counters.hpp"

#include <doctest/doctest.h>

#include <future>

#include "base/worker.hpp"

namespace rankwire {
namespace {

TEST_CASE("the same name and labels, in any order, are one series") {
  Counters counters;
  counters.counter("requests", "Requests.", {{"a", "1"}, {"b", "2"}}).add(3);
  counters.counter("requests", "Requests.", {{"b", "2"}, {"a", "1"}}).add(4);
  CHECK(counters.prometheus_text() ==
        "# HELP requests Requests.\n# TYPE requests counter\nrequests{a=\"1\",b=\"2\"} 7\n");
}

TEST_CASE("label values are escaped") {
  Counters counters;
  counters.gauge("g", "G.", {{"path", "a\"b\\c\nd"}}).set(-2);
  CHECK(counters.prometheus_text().find("g{path=\"a\\\"b\\\\c\\nd\"} -2\n") != std::string::npos);
}

TEST_CASE("histogram buckets are cumulative and end with +Inf") {
  Counters counters;
  Histogram& histogram = counters.histogram("h", "H.", {1, 2});
  for (const double value : {0.5, 1.0, 1.5, 9.0}) histogram.observe(value);
  const std::string text = counters.prometheus_text();
  CHECK(text.find("h_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 12\nh_count 4\n") !=
        std::string::npos);
}

TEST_CASE("series beyond the limit of a family share the overflow series") {
  Counters counters;
  for (std::size_t i = 0; i < Counters::series_per_family_max + 10; ++i)
    counters.counter("many", "Many.", {{"pod", std::to_string(i)}}).add();
  CHECK(counters.total("many", {{"overflow", "true"}}) == 10);
  CHECK(counters.total("many") == Counters::series_per_family_max + 10);
}

TEST_CASE("who holds what an observer waits for can make a counter") {
  Counters counters;
  std::promise<void> made;
  Worker owner;  // Of the state that is looked at, when it counts something for the first time.
  bool was_made = false;
  const auto observed = counters.observe("o", "O.", {}, [&] {
    owner = Worker("owner", [&](std::stop_token) {
      counters.counter("c", "C.").add();
      made.set_value();
    });
    was_made = made.get_future().wait_for(std::chrono::seconds(5)) == std::future_status::ready;
    return 1.0;
  });
  CHECK(counters.prometheus_text().find("o 1\n") != std::string::npos);
  CHECK(was_made);
}

TEST_CASE("an observed value is read when asked for and goes away with its handle") {
  Counters counters;
  double value = 1;
  auto handle = counters.observe("seen", "Seen.", {}, [&value] { return value; });
  value = 42;
  CHECK(counters.prometheus_text().find("seen 42\n") != std::string::npos);
  handle.reset();
  CHECK(counters.prometheus_text().find("seen") == std::string::npos);
}

TEST_CASE("an old handle does not remove the observer that replaced it") {
  Counters counters;
  auto old_handle = counters.observe("seen", "Seen.", {}, [] { return 1.0; });
  auto new_handle = counters.observe("seen", "Seen.", {}, [] { return 2.0; });
  old_handle.reset();
  CHECK(counters.total("seen") == 2);
}

TEST_CASE("totals add up the series whose labels match") {
  Counters counters;
  counters.counter("c", "C.", {{"x", "1"}, {"y", "1"}}).add(1);
  counters.counter("c", "C.", {{"x", "1"}, {"y", "2"}}).add(10);
  counters.counter("c", "C.", {{"x", "2"}, {"y", "1"}}).add(100);
  CHECK(counters.total("c", {{"x", "1"}}) == 11);
  CHECK(counters.total("absent") == 0);
}

}  // namespace
}  // namespace rankwire
