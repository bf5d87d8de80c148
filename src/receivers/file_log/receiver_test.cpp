// The whole receiver, from its configuration, with its thread.
#include <doctest/doctest.h>

#include "config/load.hpp"
#include "receivers/file_log/file_log_receiver.hpp"
#include "receivers/file_log/tail_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

namespace {

class TestStorage final : public Extension, public StorageProvider {
 public:
  explicit TestStorage(std::string directory) : directory_(std::move(directory)) {}
  Result<std::string> directory_for(ComponentKind, const config::ComponentId&, std::string_view) override {
    return directory_;
  }
  bool must_sync() const override { return false; }
  Bytes size_max() const override { return {}; }

 private:
  std::string directory_;
};

class TestHost final : public Host {
 public:
  explicit TestHost(Extension* storage) : storage_(storage) {}
  Extension* extension(const config::ComponentId& id) override {
    return id.type == "file_storage" ? storage_ : nullptr;
  }

 private:
  Extension* storage_;
};

// Counts under a lock and lets the test wait for a number of lines; settles on another thread's behalf.
class CountingIntake final : public Intake {
 public:
  Result<Admission> admit(Bytes) override { return Admission(); }
  bool wait_for_room(std::stop_token, Deadline) override { return true; }
  Result<void> deliver(Admission, SignalBatch batch, CompletionRef completion) override {
    const std::lock_guard lock(mutex_);
    for (const auto& resource : batch.logs().resources)
      for (const auto& scope : resource.scopes)
        for (const LogRecord& record : scope.records) {
          lines_.emplace_back(record.body.text());
          const Value* job = find(record.attributes, "job");
          jobs_.emplace_back(job == nullptr ? "" : job->text());
        }
    Settlement(std::move(completion)).settle();
    changed_.notify_all();
    return {};
  }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}

  Lines jobs() {
    const std::lock_guard lock(mutex_);
    return jobs_;
  }
  Lines wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5), [&] { return lines_.size() >= count; });
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Lines lines_;
  Lines jobs_;  // The attribute of that name, of each line.
};

struct ReceiverFixture : TailFixture {
  Result<std::unique_ptr<Receiver>> make(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test", diagnostics);
    const ReceiverFactory factory = file_log_factory();
    const AnyConfig config = factory.parse(node, "file_log", diagnostics);
    if (diagnostics.has_errors()) return diagnostics.as_error();
    return factory.create(config, {{"file_log", ""}, environment}, Intakes{&counting});
  }
  std::string yaml(const std::string& more = {}) {
    return "include: ['" + path("**/*.log") + "']\nstart_at: beginning\n" + more;
  }

  CountingIntake counting;
  TestStorage file_storage{storage.path()};
  TestHost host{&file_storage};
};

}  // namespace

TEST_CASE("the receiver tails with its own thread and stops at once") {
  ReceiverFixture t;
  t.append("a.log", "one\n");
  auto receiver = t.make(t.yaml());
  REQUIRE(receiver.has_value());
  REQUIRE((*receiver)->start(t.host).has_value());
  CHECK(t.counting.wait_for(1) == Lines{"one"});
  std::filesystem::create_directories(t.path("later"));
  t.append("later/b.log", "two\n");
  CHECK(t.counting.wait_for(2).size() == 2);
  (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
}

TEST_CASE("many rotations while the receiver runs lose and repeat nothing") {
  ReceiverFixture t;
  auto receiver = t.make(t.yaml("storage: file_storage\n"));
  REQUIRE(receiver.has_value());
  REQUIRE((*receiver)->start(t.host).has_value());
  std::size_t written = 0;
  for (int rotation = 0; rotation < 60; ++rotation) {
    for (int i = 0; i < 50; ++i) t.append("a.log", std::to_string(written++) + "\n");
    t.rename("a.log", "a.log.20260101-" + std::to_string(100'000 + rotation));
    if (rotation > 0) t.compress("a.log.20260101-" + std::to_string(100'000 + rotation - 1));
    if (rotation == 30) {
      (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
      receiver = t.make(t.yaml("storage: file_storage\n"));
      REQUIRE((*receiver)->start(t.host).has_value());
    }
  }
  t.append("a.log", std::to_string(written++) + "\n");
  Lines lines = t.counting.wait_for(written);
  (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
  REQUIRE(lines.size() == written);
  // A generation that was compressed just when its directory was read may come after its successor.
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return std::stoul(a) < std::stoul(b); });
  for (std::size_t i = 0; i < written; ++i) REQUIRE(lines[i] == std::to_string(i));
}

TEST_CASE("a receiver destroyed while running ends its thread") {
  ReceiverFixture t;
  auto receiver = t.make(t.yaml());
  REQUIRE(receiver.has_value());
  REQUIRE((*receiver)->start(t.host).has_value());
}

TEST_CASE("without storage, a line without an end is sent when the receiver stops") {
  ReceiverFixture t;
  auto receiver = t.make(t.yaml("force_flush_period: 0s\n"));
  REQUIRE((*receiver)->start(t.host).has_value());
  t.append("a.log", "one\ntwo");
  t.counting.wait_for(1);
  (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
  CHECK(t.counting.wait_for(2) == Lines{"one", "two"});
}

TEST_CASE("the defaults are upstream's") {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml("include: [/x/*.log]", "test", diagnostics);
  const ReceiverFactory factory = file_log_factory();
  const config::Node printed = factory.print(factory.parse(node, "file_log", diagnostics), false);
  CHECK_FALSE(diagnostics.has_errors());
  const std::string yaml = config::to_yaml(printed);
  for (const char* line : {"start_at: end", "poll_interval: 200ms", "max_concurrent_files: 1024", "max_batches: 0",
                           "include_file_name: true", "include_file_path: false", "on_truncate: ignore",
                           "polls_to_archive: 0", "acquire_fs_lock: false", "force_flush_period: 500ms"}) {
    CAPTURE(yaml);
    CHECK(yaml.find(line) != std::string::npos);
  }
}

TEST_CASE("bad configurations say what is wrong") {
  ReceiverFixture t;
  for (const auto& [yaml, message] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "include"},
           {"include: ['/x/{a']", "'{' without '}'"},
           {"include: [/x]\nfingerprint_size: 15", "fingerprint_size"},
           {"include: [/x]\ndelete_after_read: true", "start_at"},
           {"include: [/x]\npol_interval: 1s", "poll_interval"},
           {"include: [/x]\nordering_criteria: {regex: '(', sort_by: [{sort_type: mtime}]}", "regular expression"}}) {
    CAPTURE(yaml);
    const auto receiver = t.make(yaml);
    REQUIRE_FALSE(receiver.has_value());
    CHECK(receiver.error().message().find(message) != std::string::npos);
  }
}

TEST_CASE("ordering_criteria reads only the first files of each group") {
  ReceiverFixture t;
  for (const char* name : {"web-3.log", "web-12.log", "db-1.log"}) t.append(name, std::string(name) + "\n");
  auto receiver = t.make(
      t.yaml("ordering_criteria:\n  regex: '(?P<app>\\w+)-(?P<n>\\d+)\\.log'\n  group_by: '(?P<app>\\w+)-\\d+\\.log'\n"
             "  sort_by: [{sort_type: numeric, regex_key: n}]\n"));
  REQUIRE(receiver.has_value());
  REQUIRE((*receiver)->start(t.host).has_value());
  Lines lines = t.counting.wait_for(2);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == Lines{"db-1.log", "web-12.log"});
  (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
}

TEST_CASE("a missing storage extension stops the start with its name") {
  ReceiverFixture t;
  auto receiver = t.make(t.yaml("storage: redis_storage\n"));
  REQUIRE(receiver.has_value());
  const auto started = (*receiver)->start(t.host);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().message().find("redis_storage") != std::string::npos);
}

TEST_CASE("the header of a file is known after a restart, and each generation has its own") {
  ReceiverFixture t;
  const std::string config = t.yaml(
      "storage: file_storage\n"
      "header: {pattern: '^# ', metadata_operators: [{type: regex_parser, regex: '^# job=(?P<job>.*)$'}]}\n");
  t.append("a.log", "# job=one\n1\n");
  auto receiver = t.make(config);
  REQUIRE(receiver.has_value());
  REQUIRE((*receiver)->start(t.host).has_value());
  CHECK(t.counting.wait_for(1) == Lines{"1"});
  (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
  t.append("a.log", "2\n");
  t.rename("a.log", "a.log.1");
  t.append("a.log", "# job=two\n3\n");
  receiver = t.make(config);
  REQUIRE((*receiver)->start(t.host).has_value());
  CHECK(t.counting.wait_for(3) == Lines{"1", "2", "3"});
  CHECK(t.counting.jobs() == Lines{"one", "one", "two"});
  (*receiver)->stop(Deadline::after(t.clock, std::chrono::seconds(5)));
}

TEST_CASE("what is wrong with an operator is told at its place, and what it lacks at the operator's") {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(
      "include: [/x]\noperators:\n  - type: regex_parser\n  - type: move\n    from: body\n    tto: x\n"
      "header:\n  pattern: '^#'\n  metadata_operators:\n    - type: noop\n      iff: x\nstart_at: beginning\n",
      "a.yaml", diagnostics);
  (void)file_log_factory().parse(node, "receivers::file_log", diagnostics);
  CHECK(diagnostics.text() ==
        "a.yaml:3:5: error: receivers::file_log::operators[0]::regex: \"regex\" must be set\n"
        "a.yaml:4:5: error: receivers::file_log::operators[1]::to: \"to\" must be set\n"
        "a.yaml:6:5: error: receivers::file_log::operators[1]::tto: unknown key; did you mean \"to\"?\n"
        "a.yaml:11:7: error: receivers::file_log::header::metadata_operators[0]::iff: unknown key; did you mean "
        "\"if\"?\n");
}

TEST_CASE("a header without operators, with a wrong pattern or from the end is refused") {
  ReceiverFixture t;
  CHECK_FALSE(t.make(t.yaml("header: {pattern: '^#'}\n")).has_value());
  CHECK_FALSE(t.make(t.yaml("header: {pattern: '(', metadata_operators: [{type: noop}]}\n")).has_value());
  CHECK_FALSE(
      t.make(t.yaml("header: {pattern: '^#', metadata_operators: [{type: filter, expr: 'true'}]}\n")).has_value());
  CHECK_FALSE(t.make("include: [/x]\nheader: {pattern: '^#', metadata_operators: [{type: noop}]}\n").has_value());
}
