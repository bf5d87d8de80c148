#include "scheduler.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace rankwire::simulation {
namespace {

Scheduler* the_scheduler = nullptr;
thread_local Thread* the_thread = nullptr;

void take_baton(Thread& thread) {
  while (::sem_wait(&thread.baton) != 0) {}
}

}  // namespace

std::uint64_t Dice::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void Scheduler::begin(std::uint64_t seed) {
  the_scheduler = new Scheduler(seed);  // Never freed: frozen threads may look at it.
  the_thread = &the_scheduler->add_thread(0);
  std::erase(the_scheduler->runnable_, the_thread);
}

Scheduler* Scheduler::current() { return the_scheduler; }
Thread* Scheduler::self() { return the_thread; }

void Scheduler::note(std::uint64_t what) { fingerprint_ = (fingerprint_ ^ what) * 1099511628211u; }

// Runnable threads other than the one that runs are in `runnable_`, in the order in which they became so.
void Scheduler::make_runnable(Thread& thread) {
  if (thread.state != Thread::State::blocked) return;
  if (thread.wakes_at != Instant::max()) {
    const auto [from, to] = sleepers_.equal_range(thread.wakes_at);
    for (auto at = from; at != to; ++at)
      if (at->second == &thread) {
        sleepers_.erase(at);
        break;
      }
  }
  if (thread.waits_for != nullptr) {
    auto& waiting = waiting_[thread.waits_for];
    std::erase(waiting, &thread);
    if (waiting.empty()) waiting_.erase(thread.waits_for);
  }
  thread.waits_for = nullptr;
  thread.wakes_at = Instant::max();
  thread.state = Thread::State::runnable;
  runnable_.push_back(&thread);
}

void Scheduler::wake_sleepers() {
  while (!sleepers_.empty() && sleepers_.begin()->first <= now_) make_runnable(*sleepers_.begin()->second);
}

Thread& Scheduler::choose() {
  ++steps_;
  now_ += std::chrono::microseconds(1);
  wake_sleepers();
  if (counted_ != nullptr && steps_ >= counted_until_) {
    Thread& counted = *std::exchange(counted_, nullptr);
    make_runnable(counted);
    std::erase(runnable_, &counted);
    return counted;
  }
  if (runnable_.empty()) {
    if (sleepers_.empty()) {
      if (on_deadlock) on_deadlock("every thread waits and no time will wake one");
      std::abort();
    }
    now_ = std::max(now_, sleepers_.begin()->first);
    wake_sleepers();
  }
  const std::size_t at = dice_.below(runnable_.size());
  Thread& chosen = *runnable_[at];
  runnable_.erase(runnable_.begin() + static_cast<std::ptrdiff_t>(at));
  note(chosen.id);
  return chosen;
}

void Scheduler::hand_over(Thread& from) {
  Thread& next = choose();
  if (&next == &from) return;
  ::sem_post(&next.baton);
  take_baton(from);
}

void Scheduler::yield() {
  Thread& me = *the_thread;
  if (!dice_.chance(switch_chance)) {
    // Time goes on even for those who never give way.
    if ((++steps_ & 15) == 0) now_ += std::chrono::microseconds(1);
    if (counted_ == nullptr || steps_ < counted_until_) return;
  }
  runnable_.push_back(&me);
  hand_over(me);
}

void Scheduler::block(Thread& thread, const void* what, Instant at) {
  thread.state = Thread::State::blocked;
  thread.waits_for = what;
  thread.wakes_at = at;
  if (what != nullptr) waiting_[what].push_back(&thread);
  if (at != Instant::max()) sleepers_.emplace(at, &thread);
}

void Scheduler::sleep_until(Instant at) {
  Thread& me = *the_thread;
  block(me, nullptr, std::max(at, now_));
  hand_over(me);
}

bool Scheduler::wait(const void* what, Instant at) {
  Thread& me = *the_thread;
  me.was_notified = false;
  block(me, what, at);
  hand_over(me);
  return me.was_notified;
}

void Scheduler::announce_one(const void* what) {
  const auto found = waiting_.find(what);
  if (found == waiting_.end()) return;
  Thread& thread = *found->second[dice_.below(found->second.size())];
  thread.was_notified = true;
  make_runnable(thread);
}

void Scheduler::announce_all(const void* what) {
  const auto found = waiting_.find(what);
  if (found == waiting_.end()) return;
  for (Thread* thread : std::vector<Thread*>(found->second)) {
    thread->was_notified = true;
    make_runnable(*thread);
  }
}

Thread& Scheduler::add_thread(std::uint32_t group) {
  Thread& thread = *threads_.emplace_back(std::make_unique<Thread>());
  ::sem_init(&thread.baton, 0, 0);
  thread.id = static_cast<std::uint32_t>(threads_.size());
  thread.group = group;
  runnable_.push_back(&thread);
  return thread;
}

void Scheduler::thread_begins(Thread& thread) {
  take_baton(thread);
  the_thread = &thread;
}

void Scheduler::thread_ends(Thread& thread) {
  thread.state = Thread::State::done;
  announce_all(&thread);
  the_thread = nullptr;
  ::sem_post(&choose().baton);
}

void Scheduler::freeze(std::uint32_t group) {
  for (const auto& thread : threads_) {
    if (thread->group != group || thread->state == Thread::State::done) continue;
    if (thread->state == Thread::State::blocked) make_runnable(*thread);
    std::erase(runnable_, thread.get());
    thread->state = Thread::State::frozen;
  }
}

void Scheduler::sleep_for_steps(std::uint64_t steps, Instant at) {
  counted_ = the_thread;
  counted_until_ = steps_ + std::max<std::uint64_t>(steps, 1);
  sleep_until(at);
  counted_ = nullptr;
}

std::size_t Scheduler::live_threads(std::uint32_t group) const {
  return static_cast<std::size_t>(std::count_if(threads_.begin(), threads_.end(), [&](const auto& thread) {
    return thread->group == group && thread->state != Thread::State::done && thread->state != Thread::State::frozen;
  }));
}

}  // namespace rankwire::simulation
