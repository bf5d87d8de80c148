// `simulate`: runs seeds, each in a process of its own, and says which broke a promise.
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "world.hpp"

namespace rankwire::simulation {
namespace {

constexpr unsigned seconds_max = 60;  // Of real time for one seed.

struct Options {
  std::uint64_t first = 1;
  std::uint64_t count = 200;
  double seconds = 0;  // 0: no limit.
  std::vector<std::string> without;
  bool is_shown = false;
  bool is_traced = false;
  bool is_checked_twice = false;
  bool must_keep_going = false;
};

struct Totals {
  std::uint64_t seeds = 0, failed = 0, records = 0, duplicates = 0, steps = 0;
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
  auto& world = *new World({seed, options.without, options.is_shown, options.is_traced});
  const RunResult result = world.run();
  if (!result.failure.empty())
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), result.failure.c_str());
  std::fflush(stdout);
  RunResult plain = result;
  plain.failure.clear();
  const std::uint64_t head[] = {plain.fingerprint, plain.steps, plain.records, plain.duplicates};
  if (result_to >= 0) {
    (void)!::write(result_to, head, sizeof head);
    (void)!::write(result_to, plain.faults.data(), sizeof plain.faults);
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
std::uint64_t finish(const Child& child, Totals& totals) {
  std::uint64_t head[4] = {};
  std::array<std::uint64_t, fault_count> faults{};
  const bool is_whole = ::read(child.output, head, sizeof head) == sizeof head &&
                        ::read(child.output, faults.data(), sizeof faults) == sizeof faults;
  ::close(child.output);
  int status = 0;
  ::waitpid(child.process, &status, 0);
  ++totals.seeds;
  if (is_whole) {
    totals.steps += head[1];
    totals.records += head[2];
    totals.duplicates += head[3];
    for (std::size_t i = 0; i < fault_count; ++i) totals.faults[i] += faults[i];
  }
  if (status == 0 && is_whole) return head[0];
  ++totals.failed;
  if (WIFSIGNALED(status))
    std::printf("seed %llu: ended by signal %d%s\n", static_cast<unsigned long long>(child.seed), WTERMSIG(status),
                WTERMSIG(status) == SIGALRM ? " (took too long)" : "");
  std::printf("  again: build/simulation/simulate --seed %llu --show\n", static_cast<unsigned long long>(child.seed));
  std::fflush(stdout);
  return 0;
}

int report(const Totals& totals, const Options& options, double seconds) {
  std::printf("\nfault                        struck\n");
  int never = 0;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const std::string_view name = to_string(static_cast<Fault>(i));
    std::printf("%-26.*s %8llu\n", static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(totals.faults[i]));
    never += totals.faults[i] == 0;
  }
  std::printf("\n%llu seeds, %llu failed; %llu records delivered, %llu of them more than once; %llu steps; %.0f s\n",
              static_cast<unsigned long long>(totals.seeds), static_cast<unsigned long long>(totals.failed),
              static_cast<unsigned long long>(totals.records), static_cast<unsigned long long>(totals.duplicates),
              static_cast<unsigned long long>(totals.steps), seconds);
  if (never != 0 && options.count >= 200) {
    std::printf("%d kinds of faults never struck: the simulation does not show what it should\n", never);
    return 1;
  }
  return totals.failed == 0 ? 0 : 1;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run_many(const Options& options) {
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
    const std::uint64_t fingerprint = finish(child, totals);
    if (options.is_checked_twice && fingerprint != 0) {
      Totals ignored;
      const std::uint64_t again = finish(start_child(child.seed, options), ignored);
      if (again != fingerprint) {
        std::printf("seed %llu: a replay took another path\n", static_cast<unsigned long long>(child.seed));
        ++totals.failed;
      }
    }
  }
  return report(totals, options, seconds_since(start));
}

int usage() {
  std::fputs(
      "usage: simulate [--seeds N] [--from S] [--seconds T] [--twice] [--all] [--without FAULT] | --seed S [--show | "
      "--trace]\n",
      stderr);
  return 2;
}

int run(int count, char** words) {
  Options options;
  std::uint64_t single = 0;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const char* value = i + 1 < count ? words[i + 1] : "0";
    if (word == "--seeds")
      options.count = std::strtoull(value, nullptr, 10), ++i;
    else if (word == "--from")
      options.first = std::strtoull(value, nullptr, 10), ++i;
    else if (word == "--seconds")
      options.seconds = std::atof(value), ++i;
    else if (word == "--seed")
      single = std::strtoull(value, nullptr, 10), ++i;
    else if (word == "--without")
      options.without.emplace_back(value), ++i;
    else if (word == "--show")
      options.is_shown = true;
    else if (word == "--trace")
      options.is_shown = options.is_traced = true;
    else if (word == "--twice")
      options.is_checked_twice = true;
    else if (word == "--all")
      options.must_keep_going = true;
    else
      return usage();
  }
  if (single != 0) return run_here(single, options, -1);
  return run_many(options);
}

}  // namespace
}  // namespace rankwire::simulation

int main(int count, char** words) {
  // The same addresses each time: orders that depend on them repeat.
  if ((::personality(0xffffffff) & ADDR_NO_RANDOMIZE) == 0) {
    ::personality(static_cast<unsigned long>(::personality(0xffffffff)) | ADDR_NO_RANDOMIZE);
    ::execv("/proc/self/exe", words);
  }
  return rankwire::simulation::run(count, words);
}
