// The agent in a child process, as an operator meets it: log lines, signals and exit codes.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "app/commands.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::app {
namespace {

class Child {
 public:
  explicit Child(RunOptions options) {
    int ends[2];
    REQUIRE_EQ(::pipe(ends), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], STDERR_FILENO);
      ::_exit(static_cast<int>(run_agent(options, {std::cout, std::cerr})));
    }
    ::close(ends[1]);
    log_ = ends[0];
  }
  ~Child() {
    if (process_ > 0) ::kill(process_, SIGKILL);
    wait();
    ::close(log_);
  }

  void send(int signal) const { ::kill(process_, signal); }
  // Reads on until the log says so; false at its end or after ten seconds.
  bool says(const std::string& text) {
    for (;;) {
      if (const std::size_t at = unread_.find(text); at != std::string::npos) {
        unread_.erase(0, at + text.size());
        return true;
      }
      pollfd polled{log_, POLLIN, 0};
      char bytes[4096];
      const ssize_t size = ::poll(&polled, 1, 10'000) == 1 ? ::read(log_, bytes, sizeof bytes) : 0;
      if (size <= 0) return false;
      unread_.append(bytes, static_cast<std::size_t>(size));
    }
  }
  int wait() {
    if (process_ <= 0) return -1;
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t process_ = -1;
  int log_ = -1;
  std::string unread_;
};

struct Fixture {
  testing::TemporaryDirectory directory;
  std::string path = directory.file("agent.yaml");

  void write_config(const std::string& pattern, const std::string& more = "") const {
    std::ofstream(path) << "receivers: {file_log: {include: [\"" << directory.path() << "/" << pattern << "\"]}}\n"
                        << "exporters: {otlp_http: {endpoint: \"http://127.0.0.1:9\"}}\n"
                        << "service:\n  telemetry: {metrics: {level: none}}\n"
                        << "  pipelines: {logs: {receivers: [file_log], exporters: [otlp_http]}}\n"
                        << more;
  }
  RunOptions options() const {
    RunOptions options;
    options.sources.locations = {path};
    options.drain = std::chrono::seconds(1);
    return options;
  }
};

TEST_CASE_FIXTURE(Fixture, "a changed file is reloaded, a broken one leaves the old running, SIGTERM ends with 0") {
  write_config("*.log");
  Child agent(options());
  REQUIRE(agent.says("running"));
  write_config("*.txt");
  CHECK(agent.says("reloaded"));
  write_config("*.txt", "bogus: 1\n");
  CHECK(agent.says("agent.yaml:6:1"));
  CHECK(agent.says("the old one keeps running"));
  write_config("*.log");
  CHECK(agent.says("reloaded"));
  agent.send(SIGHUP);
  CHECK(agent.says("reloading on SIGHUP"));
  CHECK(agent.says("reloaded"));
  agent.send(SIGTERM);
  CHECK(agent.says("stopped"));
  CHECK_EQ(agent.wait(), 0);
}

TEST_CASE_FIXTURE(Fixture, "an invalid configuration starts nothing and has an exit code of its own") {
  write_config("*.log", "bogus: 1\n");
  Child agent(options());
  CHECK(agent.says("agent.yaml:6:1: error: bogus: unknown key"));
  CHECK_EQ(agent.wait(), static_cast<int>(ExitCode::invalid_configuration));
}

TEST_CASE_FIXTURE(Fixture, "without the watch a changed file waits for SIGHUP") {
  write_config("*.log");
  RunOptions unwatched = options();
  unwatched.is_config_watched = false;
  Child agent(unwatched);
  REQUIRE(agent.says("running"));
  write_config("*.txt");
  agent.send(SIGHUP);
  CHECK(agent.says("reloading on SIGHUP"));
  CHECK(agent.says("reloaded"));
  agent.send(SIGINT);
  CHECK_EQ(agent.wait(), 0);
}

TEST_CASE_FIXTURE(Fixture, "the same signal sent twice in a row is one request to stop") {
  write_config("*.log");
  Child agent(options());
  REQUIRE(agent.says("running"));
  agent.send(SIGTERM);
  REQUIRE(agent.says("stopping"));
  agent.send(SIGTERM);
  CHECK_EQ(agent.wait(), 0);
}

}  // namespace
}  // namespace rankwire::app
