// Watches the directories of the files and of what they point to, and compares the files' identity,
// size and time after each burst: other files in the directory do not matter.
#include "app/config_watch.hpp"

namespace rankwire::app {
namespace {

// A burst has ended when nothing happened for this long; an editor writes and renames within it.
constexpr int quiet_ms = 100;
constexpr int burst_waits_max = 20;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_same(const FileStatus& a, const FileStatus& b) {
  return a.identity == b.identity && a.size == b.size && a.modified_nanos == b.modified_nanos;
}

}  // namespace

Result<std::unique_ptr<ConfigWatch>> ConfigWatch::start(FileSystem& files, std::vector<std::string> paths,
                                                        std::function<void()> changed) {
  auto watcher = files.make_watcher();
  if (!watcher) return watcher.error();
  std::unique_ptr<ConfigWatch> watch(new ConfigWatch(files, std::move(*watcher), std::move(paths), std::move(changed)));
  auto worker = Worker::start("config-watch", [watch = watch.get(), seen = watch->fingerprints(watch->paths_)](
                                                  const std::stop_token& stop) { watch->run(stop, seen); });
  if (!worker) return worker.error();
  watch->worker_ = std::move(*worker);
  return watch;
}

ConfigWatch::ConfigWatch(FileSystem& files, std::unique_ptr<DirectoryWatcher> watcher, std::vector<std::string> paths,
                         std::function<void()> changed)
    : files_(files), watcher_(std::move(watcher)), changed_(std::move(changed)), paths_(std::move(paths)) {
  // Before the thread starts, so that no change after construction is missed.
  watch_directories(paths_);
}

void ConfigWatch::run(const std::stop_token& stop, Fingerprints seen) {
  std::vector<DirectoryChange> changes;
  while (!stop.stop_requested()) {
    watcher_->wait(changes, -1);
    if (stop.stop_requested()) return;
    settle(changes);
    const std::vector<std::string> now = paths();
    watch_directories(now);
    bool is_changed = false;
    for (auto& [path, status] : fingerprints(now)) {
      const auto before = seen.find(path);
      // A path that is new here was read by the reload that named it; one that is gone for a moment
      // keeps what was known of it.
      if (before != seen.end() && !is_same(before->second, status)) is_changed = true;
      seen[path] = status;
    }
    if (is_changed) changed_();
  }
}

ConfigWatch::~ConfigWatch() {
  worker_.request_stop();
  watcher_->wake();
  worker_.join();
}

void ConfigWatch::watch(std::vector<std::string> paths) {
  {
    const std::lock_guard lock(mutex_);
    paths_ = std::move(paths);
  }
  watcher_->wake();
}

void ConfigWatch::settle(std::vector<DirectoryChange>& changes) {
  for (int waits = 0; !changes.empty() && waits < burst_waits_max; ++waits) {
    changes.clear();
    if (!watcher_->wait(changes, quiet_ms)) break;
  }
  changes.clear();
}

void ConfigWatch::watch_directories(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    // A directory that is not there now is tried again after the next change.
    (void)watcher_->watch(directory_of(path));
    if (const auto real = files_.real_path(path)) (void)watcher_->watch(directory_of(*real));
  }
}

ConfigWatch::Fingerprints ConfigWatch::fingerprints(const std::vector<std::string>& paths) {
  Fingerprints found;
  for (const std::string& path : paths) {
    if (const auto status = files_.status(path)) found[path] = *status;
  }
  return found;
}

std::vector<std::string> ConfigWatch::paths() {
  const std::lock_guard lock(mutex_);
  return paths_;
}

}  // namespace rankwire::app
