// Targets in files. A change is seen at once where the system tells of it, and with refresh_interval in any case.
#include <algorithm>
#include <map>

#include "receivers/prometheus/discovery.hpp"
#include "text/glob.hpp"
#include "text/pattern.hpp"

namespace rankwire::prometheus {
namespace {

constexpr std::uint64_t file_bytes_max = 64u << 20;
constexpr std::size_t files_max = 10'000;
// Editors write in several steps.
constexpr Duration gathered_for = std::chrono::milliseconds(100);

class FileDiscovery final : public Discovery {
 public:
  FileDiscovery(const FileDiscoveryConfig& config, DiscoveryContext context)
      : config_(config), context_(std::move(context)) {}

  void run(const Update& update, const std::stop_token& stop) override {
    auto watcher = context_.environment.files.make_watcher();
    if (watcher)
      for (const std::string& file : config_.files) (void)(*watcher)->watch(directory_of(file));
    const Clock& clock = context_.environment.clock;
    while (!stop.stop_requested()) {
      update(read_all());
      const Instant again = clock.now() + config_.refresh_interval.value_or(std::chrono::minutes(5));
      if (!watcher) {
        (void)clock.wait_until(again, stop);
      } else {
        wait_for_change(**watcher, again, stop);
      }
    }
  }

 private:
  static std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  }

  void wait_for_change(DirectoryWatcher& watcher, Instant until, const std::stop_token& stop) const {
    const std::stop_callback wake(stop, [&] { watcher.wake(); });
    std::vector<DirectoryChange> changes;
    const Clock& clock = context_.environment.clock;
    while (!stop.stop_requested() && clock.now() < until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock.now());
      const auto wait = std::min<std::chrono::milliseconds>(left, std::chrono::hours(1));
      if (!watcher.wait(changes, static_cast<int>(wait.count())) || stop.stop_requested()) continue;
      (void)clock.wait_until(clock.now() + gathered_for, stop);
      return;
    }
  }

  std::vector<std::string> matching(const std::string& path) const {
    const std::string directory = directory_of(path);
    const std::string last = path.substr(path.rfind('/') + 1);
    if (last.find_first_of("*?[") == std::string::npos) return {path};
    auto expression = text::expression_of_glob(last);
    if (!expression) return {};
    auto pattern = text::Pattern::compile(*expression);
    auto entries = context_.environment.files.list(directory);
    if (!pattern || !entries) return {};
    std::vector<std::string> found;
    for (const DirectoryEntry& entry : *entries)
      if (pattern->matches(entry.name) && found.size() < files_max) found.push_back(directory + "/" + entry.name);
    std::sort(found.begin(), found.end());
    return found;
  }

  // A file that cannot be read keeps the targets that it had.
  std::vector<TargetGroup> read_all() {
    std::map<std::string, std::vector<TargetGroup>> now;
    for (const std::string& pattern : config_.files)
      for (const std::string& path : matching(pattern)) {
        if (now.contains(path)) continue;
        auto text = read_file(context_.environment.files, path, file_bytes_max);
        if (!text && is_missing(text.error())) continue;
        auto groups = text ? parse_groups(*text, path, {"__meta_filepath", path})
                           : Result<std::vector<TargetGroup>>(std::move(text).error());
        if (!groups) context_.failed(groups.error(), path);
        now[path] = groups ? std::move(*groups) : known_[path];
      }
    known_ = std::move(now);
    std::vector<TargetGroup> all;
    for (const auto& [path, groups] : known_) all.insert(all.end(), groups.begin(), groups.end());
    return all;
  }

  const FileDiscoveryConfig& config_;
  const DiscoveryContext context_;
  std::map<std::string, std::vector<TargetGroup>> known_;  // By file.
};

}  // namespace

std::unique_ptr<Discovery> make_file_discovery(const FileDiscoveryConfig& config, DiscoveryContext context) {
  return std::make_unique<FileDiscovery>(config, std::move(context));
}

}  // namespace rankwire::prometheus
