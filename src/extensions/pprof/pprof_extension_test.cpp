#include "extensions/pprof/pprof_extension.hpp"

#include <doctest/doctest.h>

#include "extensions/pprof/thread_times.hpp"
#include "testing/page_fixture.hpp"

namespace rankwire::pprof {
namespace {

class NoExtensions final : public Host {
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

struct Fixture : testing::PageFixture {
  Fixture() : PageFixture(pprof_factory()) {}
  NoExtensions host;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE_FIXTURE(Fixture, "each kind of thread has its time; other profiles say how to get one") {
  start(host);
  const std::string threads = get("/debug/pprof/threads").body;
  CHECK(threads.starts_with("user s\tsystem s\tthreads\tname\n"));
  // This program, as the kernel names it; sanitizers have threads of that name, too.
  CHECK(has(threads, "\textensions_ppro"));
  CHECK(has(get("/debug/pprof/").body, "/debug/pprof/threads"));
  const auto profile = get("/debug/pprof/profile?seconds=1");
  CHECK(profile.status == 501);
  CHECK(has(profile.body, "perf record -g -p "));
  CHECK(get("/debug").status == 404);
  CHECK(get("/debug/pprof/threads", "POST").status == 405);
}

TEST_CASE("a line of the kernel's is read whatever the thread's name has in it") {
  const std::string fields = " S 1 2 3 4 5 6 7 8 9 10 70 8 0 0 20 0 1 0 100";
  const auto time = read_stat("12 (a) b (c)" + fields);
  REQUIRE(time);
  CHECK(time->name == "a) b (c");
  CHECK(time->user_ticks == 70);
  CHECK(time->system_ticks == 8);
  for (const char* nonsense : {"", "12 (a", "12 )a(", "12 (a) S 1 2", "12 (a) S 1 2 3 4 5 6 7 8 9 10 x 8"})
    CHECK_FALSE(read_stat(nonsense));
}

TEST_CASE("upstream's endpoint is the default, and what is Go's is accepted with a warning") {
  config::Diagnostics diagnostics;
  const auto factory = pprof_factory();
  CHECK(factory.print(factory.parse({}, "x", diagnostics), false).find("endpoint")->text() == "localhost:1777");
  factory.parse(
      config::parse_yaml("{block_profile_fraction: 3, mutex_profile_fraction: 5, save_to_file: x, dialer: {}}", "test",
                         diagnostics),
      "x", diagnostics);
  CHECK_FALSE(diagnostics.has_errors());
  CHECK(diagnostics.all().size() == 4);
  factory.parse(config::parse_yaml("{endpoint: nowhere}", "test", diagnostics), "x", diagnostics);
  CHECK(diagnostics.has_errors());
}

}  // namespace
}  // namespace rankwire::pprof
