// Real files and inotify: the ways in which configuration files change.
#include "app/config_watch.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>

#include "testing/temporary_directory.hpp"

namespace rankwire::app {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// Counts calls and lets the test wait for them.
class Calls {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool reach(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

struct Fixture {
  testing::TemporaryDirectory directory;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  Calls calls;
  std::unique_ptr<ConfigWatch> watch(std::vector<std::string> paths) {
    return std::move(ConfigWatch::start(*files, std::move(paths), [this] { calls.add(); }).value());
  }
};

TEST_CASE_FIXTURE(Fixture, "a file written in place or replaced by a rename is noticed, a neighbour is not") {
  const std::string path = directory.file("agent.yaml");
  write(path, "a: 1");
  const auto watching = watch({path});
  write(directory.file("neighbour"), "x");
  write(path, "a: 22");
  REQUIRE(calls.reach(1));
  write(directory.file("new"), "a: 333");
  fs::rename(directory.file("new"), path);
  REQUIRE(calls.reach(2));
  CHECK_EQ(calls.count(), 2);
}

TEST_CASE_FIXTURE(Fixture, "the swap of a ConfigMap's data link is noticed") {
  fs::create_directories(directory.file("..one"));
  fs::create_directories(directory.file("..two"));
  write(directory.file("..one/agent.yaml"), "a: 1");
  write(directory.file("..two/agent.yaml"), "a: 2");
  fs::create_directory_symlink("..one", directory.file("..data"));
  fs::create_symlink("..data/agent.yaml", directory.file("agent.yaml"));
  const auto watching = watch({directory.file("agent.yaml")});
  fs::create_directory_symlink("..two", directory.file("..data_tmp"));
  fs::rename(directory.file("..data_tmp"), directory.file("..data"));
  CHECK(calls.reach(1));
}

TEST_CASE_FIXTURE(Fixture, "a file behind a link to another directory is watched there") {
  fs::create_directories(directory.file("elsewhere"));
  fs::create_directories(directory.file("here"));
  write(directory.file("elsewhere/real.yaml"), "a: 1");
  fs::create_symlink("../elsewhere/real.yaml", directory.file("here/agent.yaml"));
  const auto watching = watch({directory.file("here/agent.yaml")});
  write(directory.file("elsewhere/real.yaml"), "a: 22");
  CHECK(calls.reach(1));
}

TEST_CASE_FIXTURE(Fixture, "files named by a later configuration are watched too") {
  write(directory.file("a.yaml"), "a: 1");
  fs::create_directories(directory.file("other"));
  write(directory.file("other/b.yaml"), "b: 1");
  const auto watching = watch({directory.file("a.yaml")});
  watching->watch({directory.file("a.yaml"), directory.file("other/b.yaml")});
  // Until the watch has taken the new list a change of the new file may pass unseen.
  for (int size = 2; calls.count() == 0 && size < 200; ++size) {
    write(directory.file("a.yaml"), std::string(static_cast<std::size_t>(size), 'x'));
    calls.reach(1);
  }
  write(directory.file("other/b.yaml"), "b: 22");
  CHECK(calls.reach(2));
}

}  // namespace
}  // namespace rankwire::app
