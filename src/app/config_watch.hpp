// Tells when the configuration files changed: written in place, replaced by an editor, or swapped
// by the kubelet, which changes a symbolic link two steps away from the file (ConfigMap).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/worker.hpp"

namespace rankwire::app {

class ConfigWatch {
 public:
  // `changed` is called on the watch's own thread, once for a burst of changes. `files` outlives it.
  // Fails where the system has no change notification.
  static Result<std::unique_ptr<ConfigWatch>> start(FileSystem& files, std::vector<std::string> paths,
                                                    std::function<void()> changed);
  ~ConfigWatch();

  // After a reload read other files.
  void watch(std::vector<std::string> paths);

 private:
  using Fingerprints = std::map<std::string, FileStatus>;

  ConfigWatch(FileSystem& files, std::unique_ptr<DirectoryWatcher> watcher, std::vector<std::string> paths,
              std::function<void()> changed);
  void run(const std::stop_token& stop, Fingerprints seen);
  // Waits for the end of a burst.
  void settle(std::vector<DirectoryChange>& changes);
  void watch_directories(const std::vector<std::string>& paths);
  Fingerprints fingerprints(const std::vector<std::string>& paths);
  std::vector<std::string> paths();

  FileSystem& files_;
  const std::unique_ptr<DirectoryWatcher> watcher_;
  const std::function<void()> changed_;
  std::mutex mutex_;
  std::vector<std::string> paths_;  // Under mutex_.
  Worker worker_;                   // Last: stops before what it uses goes away.
};

}  // namespace rankwire::app
