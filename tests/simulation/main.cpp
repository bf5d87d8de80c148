// `simulate`: runs seeds, each in a process of its own, and says which broke a promise.
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>

#include "planted.hpp"
#include "world.hpp"

namespace rankwire::simulation {
namespace {

constexpr unsigned seconds_max = 60;  // Of real time for one seed.
constexpr std::uint64_t seeds_for_every_fault = 1000;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t count = 200;
  double seconds = 0;  // 0: no limit.
  std::vector<std::string> without, with;
  bool is_shown = false;
  bool is_traced = false;
  bool is_checked_twice = false;
  bool must_keep_going = false;
  bool is_quiet = false;  // Failures are what is looked for.
};

struct Totals {
  std::uint64_t first_failed = 0;
  std::uint64_t seeds = 0, failed = 0, records = 0, duplicates = 0, steps = 0;
  ComponentBits components;
  std::array<std::uint64_t, fault_count> faults{};
};

struct Child {
  pid_t process = 0;
  int output = -1;
  std::uint64_t seed = 0;
};

int run_here(std::uint64_t seed, const Options& options, int result_to) {
  ::alarm(seconds_max);
  Scheduler::begin(seed);
  // Never destroyed: threads of killed lives point into it.
  auto& world = *new World({seed, options.without, options.with, options.is_shown, options.is_traced});
  const RunResult result = world.run();
  if (!result.failure.empty() && !options.is_quiet)
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), result.failure.c_str());
  std::fflush(stdout);
  RunResult plain = result;
  plain.failure.clear();
  const std::uint64_t head[] = {plain.fingerprint, plain.steps, plain.records, plain.duplicates};
  if (result_to >= 0) {
    (void)!::write(result_to, head, sizeof head);
    (void)!::write(result_to, plain.faults.data(), sizeof plain.faults);
    (void)!::write(result_to, &plain.components, sizeof plain.components);
  } else {
    std::printf("seed %llu: %llu steps, %llu records, %llu twice, fingerprint %016llx\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(plain.steps),
                static_cast<unsigned long long>(plain.records), static_cast<unsigned long long>(plain.duplicates),
                static_cast<unsigned long long>(plain.fingerprint));
    std::fflush(stdout);
  }
  std::_Exit(result.failure.empty() ? 0 : 1);
}

Child start_child(std::uint64_t seed, const Options& options) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    run_here(seed, options, ends[1]);
  }
  ::close(ends[1]);
  return {process, ends[0], seed};
}

// The fingerprint; 0 if the seed failed.
std::uint64_t finish(const Child& child, Totals& totals, const Options& options) {
  std::uint64_t head[4] = {};
  std::array<std::uint64_t, fault_count> faults{};
  ComponentBits components;
  const bool is_whole = ::read(child.output, head, sizeof head) == sizeof head &&
                        ::read(child.output, faults.data(), sizeof faults) == sizeof faults &&
                        ::read(child.output, &components, sizeof components) == sizeof components;
  ::close(child.output);
  int status = 0;
  ::waitpid(child.process, &status, 0);
  ++totals.seeds;
  if (is_whole) {
    totals.steps += head[1];
    totals.records += head[2];
    totals.duplicates += head[3];
    totals.components |= components;
    for (std::size_t i = 0; i < fault_count; ++i) totals.faults[i] += faults[i];
  }
  if (status == 0 && is_whole) return head[0];
  ++totals.failed;
  if (options.is_quiet) return 0;
  if (WIFSIGNALED(status))
    std::printf("seed %llu: ended by signal %d%s\n", static_cast<unsigned long long>(child.seed), WTERMSIG(status),
                WTERMSIG(status) == SIGALRM ? " (took too long)" : "");
  std::string chosen;
  for (const std::string& name : options.with) chosen += " --with " + name;
  for (const std::string& name : options.without) chosen += " --without " + name;
  std::printf("  again: ./dev simulate --seed %llu --show%s\n", static_cast<unsigned long long>(child.seed),
              chosen.c_str());
  std::fflush(stdout);
  return 0;
}

int report(const Totals& totals, double seconds) {
  std::printf("\nfault                        struck\n");
  int never = 0;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const std::string_view name = to_string(static_cast<Fault>(i));
    std::printf("%-26.*s %8llu\n", static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(totals.faults[i]));
    never += totals.faults[i] == 0;
  }
  std::printf("\ncomponent                    drawn\n");
  int undrawn = 0;
  for (std::size_t i = 0; i < all_components().size(); ++i) {
    const bool is_drawn = totals.components.test(i);
    undrawn += is_drawn ? 0 : 1;
    std::printf("%-28s %s\n", all_components()[i].c_str(), is_drawn ? "yes" : "NEVER");
  }
  std::printf("\n%llu seeds, %llu failed; %llu records delivered, %llu of them more than once; %llu steps; %.0f s\n",
              static_cast<unsigned long long>(totals.seeds), static_cast<unsigned long long>(totals.failed),
              static_cast<unsigned long long>(totals.records), static_cast<unsigned long long>(totals.duplicates),
              static_cast<unsigned long long>(totals.steps), seconds);
  if (never != 0 && totals.seeds >= seeds_for_every_fault) {
    std::printf("%d kinds of faults never struck: the simulation does not show what it should\n", never);
    return 1;
  }
  if (undrawn != 0 && totals.seeds >= seeds_for_every_fault) {
    std::printf("%d components were in no configuration: see drawn_components.cpp\n", undrawn);
    return 1;
  }
  return totals.failed == 0 ? 0 : 1;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Every seed, as many at a time as there are processors, until `options` say to stop.
Totals run_seeds(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const long parallel = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  Totals totals;
  std::vector<Child> running;
  std::uint64_t next = options.first;
  const auto may_start = [&] {
    return next < options.first + options.count && (options.must_keep_going || totals.failed == 0) &&
           (options.seconds == 0 || seconds_since(start) < options.seconds);
  };
  while (!running.empty() || may_start()) {
    while (static_cast<long>(running.size()) < parallel && may_start()) running.push_back(start_child(next++, options));
    const Child child = running.front();
    running.erase(running.begin());
    const std::uint64_t fingerprint = finish(child, totals, options);
    if (fingerprint == 0 && totals.first_failed == 0) totals.first_failed = child.seed;
    if (!options.is_checked_twice || fingerprint == 0) continue;
    Totals ignored;
    if (finish(start_child(child.seed, options), ignored, options) == fingerprint) continue;
    std::printf("seed %llu: a replay took another path\n", static_cast<unsigned long long>(child.seed));
    ++totals.failed;
  }
  return totals;
}

int run_many(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const Totals totals = run_seeds(options);
  return report(totals, seconds_since(start));
}

// Breaks each promise in turn and looks whether that is noticed.
int run_planted(Options options) {
  if (!can_plant()) {
    std::puts("this build cannot plant bugs: use the asan or debug preset");
    return 2;
  }
  int missed = 0;
  options.is_quiet = true;
  for (const Planted& planted : all_planted()) {
    plant(planted.bug);
    options.count = planted.seeds_max;
    options.with.assign(planted.with.begin(), planted.with.end());
    const std::uint64_t found = run_seeds(options).first_failed;
    missed += found == 0;
    const std::string text = found == 0 ? "NOT FOUND in " + std::to_string(planted.seeds_max) + " seeds"
                                        : "found by seed " + std::to_string(found) + " (of at most " +
                                              std::to_string(planted.seeds_max) + ")";
    std::printf("%-34.*s %s\n", static_cast<int>(planted.name.size()), planted.name.data(), text.c_str());
    std::fflush(stdout);
  }
  std::printf("%zu planted bugs, %d not found\n", all_planted().size(), missed);
  return missed == 0 ? 0 : 1;
}

int usage() {
  std::fputs("usage: simulate [--planted] [--plant BUG]\n", stderr);
  std::fputs(
      "usage: simulate [--seeds N] [--from S] [--seconds T] [--twice] [--all] [--without FAULT] [--with FAULT] | "
      "--seed S [--show | "
      "--trace]\n",
      stderr);
  return 2;
}

int run(int count, char** words) {
  Options options;
  std::uint64_t single = 0;
  bool is_planted_run = false;
  const std::map<std::string_view, std::function<void(const char*)>> with_value = {
      {"--seeds", [&](const char* value) { options.count = std::strtoull(value, nullptr, 10); }},
      {"--from", [&](const char* value) { options.first = std::strtoull(value, nullptr, 10); }},
      {"--seconds", [&](const char* value) { options.seconds = std::atof(value); }},
      {"--seed", [&](const char* value) { single = std::strtoull(value, nullptr, 10); }},
      {"--without", [&](const char* value) { options.without.emplace_back(value); }},
      {"--with", [&](const char* value) { options.with.emplace_back(value); }},
      {"--plant", [&](const char* value) {
         const Planted* planted = find_planted(value);
         if (planted != nullptr) plant(planted->bug);
       }}};
  const std::map<std::string_view, std::function<void()>> flags = {
      {"--show", [&] { options.is_shown = true; }},
      {"--trace", [&] { options.is_shown = options.is_traced = true; }},
      {"--twice", [&] { options.is_checked_twice = true; }},
      {"--all", [&] { options.must_keep_going = true; }},
      {"--planted", [&] { is_planted_run = true; }}};
  for (int i = 1; i < count; ++i) {
    if (const auto flag = flags.find(words[i]); flag != flags.end()) {
      flag->second();
    } else if (const auto found = with_value.find(words[i]); found != with_value.end() && i + 1 < count) {
      found->second(words[++i]);
    } else {
      return usage();
    }
  }
  if (is_planted_run) return run_planted(options);
  return single != 0 ? run_here(single, options, -1) : run_many(options);
}

}  // namespace
}  // namespace rankwire::simulation

int main(int count, char** words) {
  // The same addresses each time: orders that depend on them repeat.
  if ((::personality(0xffffffff) & ADDR_NO_RANDOMIZE) == 0) {
    ::personality(static_cast<unsigned long>(::personality(0xffffffff)) | ADDR_NO_RANDOMIZE);
    ::execv("/proc/self/exe", words);
  }
  // Of an API server that is never there.
  ::setenv("KUBERNETES_SERVICE_HOST", "api.sim", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  return rankwire::simulation::run(count, words);
}
