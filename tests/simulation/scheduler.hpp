// One thread at a time, and the seed says which. The threads are the real ones of the program: what
// they block on (mutexes, condition variables, sleeping, joining) is replaced in interpose.cpp, so
// that the code under test needs to know nothing of it. Time passes when nobody can run.
#pragma once

#include <semaphore.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace rankwire::simulation {

// A small generator with the same numbers everywhere (splitmix64).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::uint64_t state_;
};

struct Thread {
  enum class State : std::uint8_t { runnable, blocked, done, frozen };
  sem_t baton;
  std::uint32_t id = 0;
  std::uint32_t group = 0;
  State state = State::runnable;
  const void* waits_for = nullptr;  // A mutex, condition or thread; null: only for time.
  Instant wakes_at = Instant::max();
  bool was_notified = false;
  std::vector<std::function<void()>> at_exit;
};

class Scheduler {
 public:
  // The calling thread becomes the first one. Group 0 is the world outside the process under test.
  static void begin(std::uint64_t seed);
  // Null before `begin`.
  static Scheduler* current();
  // The calling thread; null for threads that were there before.
  static Thread* self();

  Instant now() const { return now_; }
  std::uint64_t steps() const { return steps_; }
  // Of everything that happened so far: two runs with the same number took the same path.
  std::uint64_t fingerprint() const { return fingerprint_; }
  void note(std::uint64_t what);

  // A point where another thread may go on.
  void yield();
  void sleep_until(Instant at);
  void sleep(Duration length) { sleep_until(now_ + length); }
  // Waits until `what` is announced; false if `at` came first.
  bool wait(const void* what, Instant at);
  void announce_one(const void* what);
  void announce_all(const void* what);

  // Threads made from here on, by threads of this group, belong to `group` with their children.
  std::uint32_t new_group() { return ++groups_; }
  Thread& add_thread(std::uint32_t group);
  void thread_begins(Thread& thread);  // On the new thread: waits for its first turn.
  void thread_ends(Thread& thread);    // On the ending thread: the last thing it does.
  // They never run again, wherever they are. As SIGKILL does it.
  void freeze(std::uint32_t group);
  // The caller sleeps until then, or until `steps` more turns were taken, whichever is first.
  void sleep_for_steps(std::uint64_t steps, Instant at);
  std::size_t live_threads(std::uint32_t group) const;

  // How often a thread that could go on makes way for another; 0..1.
  double switch_chance = 0.1;
  // Called when nothing can ever run again.
  // Called with what the process under test prints.
  std::function<void(std::string_view text)> on_print;
  std::function<void(const std::string&)> on_deadlock;

 private:
  explicit Scheduler(std::uint64_t seed) : dice_(seed) {}
  void block(Thread& thread, const void* what, Instant at);
  void make_runnable(Thread& thread);
  void wake_sleepers();
  Thread& choose();
  void hand_over(Thread& from);

  Dice dice_;
  Instant now_{std::chrono::seconds(1000)};
  std::uint64_t steps_ = 0;
  std::uint64_t fingerprint_ = 1469598103934665603u;
  std::uint32_t groups_ = 0;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Thread*> runnable_;
  std::multimap<Instant, Thread*> sleepers_;
  std::map<const void*, std::vector<Thread*>> waiting_;
  Thread* counted_ = nullptr;  // Sleeps for a number of steps.
  std::uint64_t counted_until_ = 0;
};

}  // namespace rankwire::simulation
