// The C library's blocking calls, replaced for simulated threads and passed on for all others. Being
// in the program, these definitions win over the library's, also for calls out of libstdc++.
#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "scheduler.hpp"

using rankwire::Instant;
using rankwire::simulation::Scheduler;
using rankwire::simulation::Thread;

namespace {

template <class Function>
Function* real(const char* name, Function*) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define REAL(name)                                                                \
  ([]() -> decltype(&name) {                                                      \
    static const auto found = real(#name, static_cast<decltype(&name)>(nullptr)); \
    return found;                                                                 \
  }())

Scheduler* scheduler() { return Scheduler::self() != nullptr ? Scheduler::current() : nullptr; }

Instant instant_of(const timespec& time) {
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

timespec timespec_of(Instant at, std::int64_t offset_seconds) {
  const auto nanos = at.time_since_epoch().count();
  return {nanos / 1'000'000'000 + offset_seconds, nanos % 1'000'000'000};
}

// The wall clock of the program's own calls; components use the one of their environment.
constexpr std::int64_t unix_offset_seconds = 1'700'000'000;

void lock(Scheduler& s, pthread_mutex_t* mutex) {
  s.yield();
  while (REAL(pthread_mutex_trylock)(mutex) == EBUSY) s.wait(mutex, Instant::max());
}

void unlock(Scheduler& s, pthread_mutex_t* mutex) {
  REAL(pthread_mutex_unlock)(mutex);
  s.announce_all(mutex);
}

int wait_on(Scheduler& s, pthread_cond_t* condition, pthread_mutex_t* mutex, Instant until) {
  if (until <= s.now()) {
    unlock(s, mutex);
    s.yield();
    lock(s, mutex);
    return ETIMEDOUT;
  }
  unlock(s, mutex);
  const bool was_notified = s.wait(condition, until);
  lock(s, mutex);
  return was_notified ? 0 : ETIMEDOUT;
}

struct Start {
  void* (*body)(void*);
  void* argument;
  Thread* thread;
};

pthread_key_t exit_key;

// Runs after the destructors of thread_local objects.
void at_thread_exit(void* thread) { Scheduler::current()->thread_ends(*static_cast<Thread*>(thread)); }

void* run_thread(void* given) {
  const Start start = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  Scheduler::current()->thread_begins(*start.thread);
  ::pthread_setspecific(exit_key, start.thread);
  return start.body(start.argument);
}

std::map<pthread_t, Thread*>& threads_by_handle() {
  static std::map<pthread_t, Thread*> all;
  return all;
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* handle, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_create)(handle, attributes, body, argument);
  static const int made = ::pthread_key_create(&exit_key, at_thread_exit);
  (void)made;
  Thread& thread = s->add_thread(Scheduler::self()->group);
  const int result = REAL(pthread_create)(handle, attributes, run_thread, new Start{body, argument, &thread});
  if (result == 0) threads_by_handle()[*handle] = &thread;
  s->yield();
  return result;
}

int pthread_join(pthread_t handle, void** value) {
  Scheduler* s = scheduler();
  if (s != nullptr) {
    const auto found = threads_by_handle().find(handle);
    if (found != threads_by_handle().end()) {
      Thread& thread = *found->second;
      threads_by_handle().erase(found);
      while (thread.state != Thread::State::done) s->wait(&thread, Instant::max());
    }
  }
  return REAL(pthread_join)(handle, value);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_mutex_lock)(mutex);
  lock(*s, mutex);
  return 0;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_mutex_unlock)(mutex);
  unlock(*s, mutex);
  return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_cond_wait)(condition, mutex);
  return wait_on(*s, condition, mutex, Instant::max());
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
  const bool is_wall = clock == CLOCK_REALTIME;
  const Instant at = until->tv_sec > 9'000'000'000 ? Instant::max() : instant_of(*until);
  return wait_on(*s, condition, mutex, is_wall ? at - std::chrono::seconds(unix_offset_seconds) : at);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  if (scheduler() == nullptr) return REAL(pthread_cond_timedwait)(condition, mutex, until);
  return pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, until);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_cond_signal)(condition);
  s->announce_one(condition);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_cond_broadcast)(condition);
  s->announce_all(condition);
  return 0;
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_rwlock_rdlock)(lock);
  s->yield();
  while (REAL(pthread_rwlock_tryrdlock)(lock) == EBUSY) s->wait(lock, Instant::max());
  return 0;
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(pthread_rwlock_wrlock)(lock);
  s->yield();
  while (REAL(pthread_rwlock_trywrlock)(lock) == EBUSY) s->wait(lock, Instant::max());
  return 0;
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  const int result = REAL(pthread_rwlock_unlock)(lock);
  if (Scheduler* s = scheduler()) s->announce_all(lock);
  return result;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  Scheduler* s = scheduler();
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  const bool is_steady = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
  if (s == nullptr || (!is_wall && !is_steady)) return REAL(clock_gettime)(clock, time);
  *time = timespec_of(s->now(), is_wall ? unix_offset_seconds : 0);
  return 0;
}

int nanosleep(const timespec* length, timespec*) {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(nanosleep)(length, nullptr);
  s->sleep(instant_of(*length).time_since_epoch());
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* length, timespec* rest) {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(clock_nanosleep)(clock, flags, length, rest);
  if ((flags & TIMER_ABSTIME) != 0)
    s->sleep_until(instant_of(*length));
  else
    s->sleep(instant_of(*length).time_since_epoch());
  return 0;
}

int sched_yield() noexcept {
  Scheduler* s = scheduler();
  if (s == nullptr) return REAL(sched_yield)();
  s->sleep(std::chrono::microseconds(1));
  return 0;
}

// What the process under test prints is looked at and not printed.
ssize_t write(int descriptor, const void* bytes, size_t size) {
  Scheduler* s = scheduler();
  const bool is_print = descriptor == STDOUT_FILENO || descriptor == STDERR_FILENO;
  if (s == nullptr || !is_print || Scheduler::self()->group == 0) return REAL(write)(descriptor, bytes, size);
  if (s->on_print) s->on_print({static_cast<const char*>(bytes), size});
  return static_cast<ssize_t>(size);
}

// std::atomic::wait, std::stop_callback and the guards of local statics wait by futex.
long syscall(long number, ...) noexcept {
  va_list given;
  va_start(given, number);
  long a[6];
  for (long& one : a) one = va_arg(given, long);
  va_end(given);
  Scheduler* s = scheduler();
  if (s != nullptr && number == SYS_futex) {
    const long operation = a[1] & FUTEX_CMD_MASK;
    const auto* word = reinterpret_cast<const int*>(a[0]);
    if (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET) {
      if (*word != static_cast<int>(a[2])) {
        errno = EAGAIN;
        return -1;
      }
      s->wait(word, s->now() + std::chrono::milliseconds(1));
      return 0;
    }
    if (operation == FUTEX_WAKE || operation == FUTEX_WAKE_BITSET) {
      s->announce_all(word);
      return 1;
    }
  }
  return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // extern "C"
