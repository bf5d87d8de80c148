// Signals as data: a signalfd beside an eventfd, so that no code runs inside a handler.
#include "app/events.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/require.hpp"

namespace rankwire::app {
namespace {

// Within this long a repeated signal is the same request to stop.
constexpr int repeat_ms = 1000;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

Events::Events() {
  const sigset_t set = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  changes_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  require(signals_ >= 0 && changes_ >= 0, "signalfd and eventfd are there");
}

Events::~Events() {
  files_changed();
  killer_.join();
  // A repeated signal that still waits must not be delivered by the unblocking below.
  signalfd_siginfo repeated{};
  while (::read(signals_, &repeated, sizeof repeated) > 0) {}
  ::close(signals_);
  ::close(changes_);
  const sigset_t set = handled_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
}

Event Events::wait() {
  for (;;) {
    pollfd polled[] = {{signals_, POLLIN, 0}, {changes_, POLLIN, 0}};
    const int count = ::poll(polled, 2, -1);
    require(count >= 0 || errno == EINTR, "poll works");
    if (count <= 0) continue;
    if (const auto event = take_signal()) return *event;
    std::uint64_t changes = 0;
    if (::read(changes_, &changes, sizeof changes) == sizeof changes) return Event::files_changed;
  }
}

std::optional<Event> Events::take_signal() {
  bool is_reload = false;
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGHUP) return Event::stop;
    is_reload = true;
  }
  return is_reload ? std::optional(Event::reload) : std::nullopt;
}

void Events::files_changed() {
  const std::uint64_t one = 1;
  (void)!::write(changes_, &one, sizeof one);
}

void Events::let_signals_kill() {
  std::uint64_t seen = 0;
  (void)!::read(changes_, &seen, sizeof seen);
  const auto wait = [this](const std::stop_token&) {
    pollfd ended{changes_, POLLIN, 0};
    if (::poll(&ended, 1, repeat_ms) != 0) return;
    signalfd_siginfo repeated{};
    while (::read(signals_, &repeated, sizeof repeated) > 0) {}
    // One thread that does not block them is enough for the process to be ended.
    const sigset_t set = handled_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    ::poll(&ended, 1, -1);
  };
  // Without memory for another stack a second signal is of no use; what is there is delivered all the same.
  if (auto worker = Worker::start("second-signal", wait)) killer_ = std::move(*worker);
}

}  // namespace rankwire::app
