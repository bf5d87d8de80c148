#include "base/inotify_watcher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rankwire {
namespace {

constexpr std::uint32_t watched_events = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                         IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

class InotifyWatcher final : public DirectoryWatcher {
 public:
  InotifyWatcher(int inotify, int wake) : inotify_(inotify), wake_(wake) {}
  InotifyWatcher(const InotifyWatcher&) = delete;
  ~InotifyWatcher() override {
    ::close(inotify_);
    ::close(wake_);
  }

  Result<int> watch(const std::string& directory) override {
    const int watch = ::inotify_add_watch(inotify_, directory.c_str(), watched_events);
    if (watch >= 0) return watch;
    const bool is_full = errno == ENOSPC;
    const bool is_absent = errno == ENOENT || errno == ENOTDIR;
    if (is_absent) return Error(ErrorKind::invalid, "watching " + directory + ": no such file or directory");
    return Error(is_full ? ErrorKind::refused : ErrorKind::unavailable,
                 "watching " + directory + ": " + std::strerror(errno) +
                     (is_full ? " (raise fs.inotify.max_user_watches)" : ""));
  }

  void unwatch(int watch) override { (void)::inotify_rm_watch(inotify_, watch); }

  bool wait(std::vector<DirectoryChange>& changes, int timeout_ms) override {
    pollfd polled[] = {{inotify_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(polled, 2, timeout_ms) <= 0) return false;
    if ((polled[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof count);
    }
    if ((polled[0].revents & POLLIN) == 0) return false;
    alignas(inotify_event) char events[16 * 1024];
    const ssize_t size = ::read(inotify_, events, sizeof events);
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      add(*event, changes);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    return size > 0;
  }

  void wake() override {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

 private:
  static void add(const inotify_event& event, std::vector<DirectoryChange>& changes) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      changes.push_back({-1, WatchEvent::overflowed, {}});
      return;
    }
    WatchEvent kind = WatchEvent::modified;
    if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) kind = WatchEvent::appeared;
    if ((event.mask & (IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0)
      kind = WatchEvent::vanished;
    changes.push_back({event.wd, kind, event.len != 0 ? std::string(event.name) : std::string()});
  }

  const int inotify_;
  const int wake_;
};

}  // namespace

Result<std::unique_ptr<DirectoryWatcher>> make_inotify_watcher() {
  const int inotify = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0)
    return Error(ErrorKind::refused,
                 std::string("starting inotify: ") + std::strerror(errno) + " (raise fs.inotify.max_user_instances)");
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake < 0) {
    ::close(inotify);
    return Error(ErrorKind::refused, std::string("making an event descriptor: ") + std::strerror(errno));
  }
  return std::unique_ptr<DirectoryWatcher>(std::make_unique<InotifyWatcher>(inotify, wake));
}

}  // namespace rankwire
