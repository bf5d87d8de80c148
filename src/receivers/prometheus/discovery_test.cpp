#include "receivers/prometheus/discovery.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <thread>

#include "base/worker.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::prometheus {
namespace {

std::string text_of(const std::vector<TargetGroup>& groups) {
  std::string text;
  for (const TargetGroup& group : groups)
    for (const OwnedLabels& target : group.targets) {
      text += (text.empty() ? "" : " ") + target.front().second;
      for (const auto& [name, value] : group.labels)
        if (!name.starts_with("__meta")) text += "," + name + "=" + value;
    }
  return text;
}

std::string parsed(const std::string& text) {
  const auto groups = parse_groups(text, "f", {"__meta_x", "y"});
  return groups ? text_of(*groups) : "error: " + groups.error().message();
}

// A discovery that runs over files of a directory; the system's own clock is not needed for it.
struct Running {
  explicit Running(FileDiscoveryConfig wanted) : config(std::move(wanted)) {
    discovery = make_file_discovery(config, {environment.environment, failures, "job", "prometheus"});
    worker = Worker("discovery", [this](const std::stop_token& stop) {
      discovery->run(
          [this](const std::vector<TargetGroup>& groups) {
            const std::lock_guard lock(mutex);
            found = text_of(groups);
          },
          stop);
    });
  }
  void wait_for(const std::string& wanted) {
    for (;;) {
      {
        const std::lock_guard lock(mutex);
        if (found == wanted) return;
      }
      environment.clock.advance(std::chrono::milliseconds(100));
      std::this_thread::yield();
    }
  }

  testing::TestEnvironment environment;
  Counter& failures = environment.counters.counter("failures", "Failures.", {});
  FileDiscoveryConfig config;
  std::unique_ptr<Discovery> discovery;
  std::mutex mutex;
  std::string found = "nothing yet";
  Worker worker;
};

}  // namespace

TEST_CASE("targets in YAML and JSON") {
  CHECK(parsed("- targets: [a:1, b:2]\n  labels: {zone: z}\n- targets: [c:3]\n") == "a:1,zone=z b:2,zone=z c:3");
  CHECK(parsed(R"([{"targets": ["a:1"], "labels": {"__meta_k": "v", "n": "1"}}])") == "a:1,n=1");
  CHECK(parsed("[]").empty());
  CHECK(parsed("").empty());
  CHECK(parsed("{targets: [a]}").find("must be a list") != std::string::npos);
  CHECK(parsed("- target: [a]").find("targets") != std::string::npos);
  CHECK(parsed("- targets: [a").starts_with("error"));
}

TEST_CASE("files come, change, go, and are wrong for a while") {
  const testing::TemporaryDirectory directory;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(directory.file(name + ".new")) << text;
    std::filesystem::rename(directory.file(name + ".new"), directory.file(name));
  };
  write("a.yml", "- targets: [a:1]");
  FileDiscoveryConfig config;
  config.files = {directory.path() + "/*.yml", directory.path() + "/other.json"};
  config.refresh_interval = DurationText("1h");
  Running running(config);
  running.wait_for("a:1");
  write("b.yml", "- targets: [b:1]\n  labels: {x: y}");
  running.wait_for("a:1 b:1,x=y");
  write("other.json", R"([{"targets": ["o:1"]}])");
  running.wait_for("a:1 b:1,x=y o:1");
  write("a.yml", "- targets: [a:1");
  write("b.yml", "- targets: [b:2]");
  running.wait_for("a:1 b:2 o:1");
  CHECK(running.environment.counters.total("failures") > 0);
  std::filesystem::remove(directory.file("b.yml"));
  running.wait_for("a:1 o:1");
}

}  // namespace rankwire::prometheus
