// For tests of the tailer: real files in a directory of their own, a parser that only splits lines,
// and a pipeline whose answers the test decides. Nothing runs by itself: the test calls `step`.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "component/component.hpp"
#include "receivers/file_log/tailer.hpp"
#include "testing/faulty_file_system.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::file_log {

// Lines ending in '\n'; a line that begins with '+' is held and joined with the next one.
class PlainParser final : public FileParser {
 public:
  explicit PlainParser(FileFacts facts) : facts_(std::move(facts)) {}

  std::size_t parse(std::string_view data, std::uint64_t offset, bool is_end, LogBatch& out) override {
    std::size_t at = 0;
    for (;;) {
      const std::size_t end = data.find('\n', at);
      if (end == std::string_view::npos) break;
      line(data.substr(at, end - at), offset + at, out);
      at = end + 1;
    }
    if (is_end && at < data.size()) {
      line(data.substr(at), offset + at, out);
      at = data.size();
    }
    return at;
  }
  std::optional<std::uint64_t> held_from() const override { return held_from_; }
  std::optional<Instant> flush_due() const override { return {}; }
  std::size_t flush(Instant now, std::string_view untaken, std::uint64_t offset, LogBatch& out) override {
    const std::size_t taken = now == Instant::max() ? parse(untaken, offset, true, out) : 0;
    if (held_from_) emit(std::exchange(held_, {}), out);
    held_from_.reset();
    return taken;
  }
  void continue_from(FileParser& previous) override {
    auto& other = static_cast<PlainParser&>(previous);
    held_ = std::exchange(other.held_, {});
    if (std::exchange(other.held_from_, {})) held_from_ = 0;
  }
  Drops take_drops() override { return {}; }

 private:
  void line(std::string_view text, std::uint64_t offset, LogBatch& out) {
    if (text.starts_with('+')) {
      held_ += text.substr(1);
      if (!held_from_) held_from_ = offset;
      return;
    }
    emit(std::exchange(held_, {}) + std::string(text), out);
    held_from_.reset();
  }
  void emit(const std::string& text, LogBatch& out) {
    if (out.resources.empty()) {
      out.resources.push(out.arena(), {});
      out.resources.back().scopes.push(out.arena(), {});
    }
    LogRecord record;
    record.body = Value::of(out.arena().copy(text));
    out.resources.back().scopes.back().records.push(out.arena(), record);
  }

  FileFacts facts_;
  std::string held_;
  std::optional<std::uint64_t> held_from_;
};

class PlainParsers final : public ParserFactory {
 public:
  std::unique_ptr<FileParser> make(FileFacts facts) override { return std::make_unique<PlainParser>(std::move(facts)); }
};

// A pipeline that keeps what it gets, and settles at once unless told to wait.
class TestIntake final : public Intake {
 public:
  enum class Answer : std::uint8_t { settle, wait, refuse, reject };  // reject: one destination; another holds it.

  Result<Admission> admit(Bytes) override {
    if (is_full) return Error(ErrorKind::refused, "full");
    return Admission();
  }
  bool wait_for_room(std::stop_token, Deadline) override { return !is_full; }
  Result<void> deliver(Admission, SignalBatch batch, CompletionRef completion) override {
    if (answer == Answer::refuse) return Error(ErrorKind::unavailable, "down");
    std::vector<std::string> delivered;
    for (const auto& resource : batch.logs().resources)
      for (const auto& scope : resource.scopes)
        for (const LogRecord& record : scope.records) delivered.emplace_back(record.body.text());
    const auto is_held = [this](const std::string& line) { return !held.empty() && line.starts_with(held); };
    if (std::any_of(delivered.begin(), delivered.end(), is_held))
      return Error(ErrorKind::refused, "too much", std::chrono::milliseconds(2000)).of_this_data();
    lines.insert(lines.end(), delivered.begin(), delivered.end());
    ++batches;
    if (on_delivery) on_delivery();
    Settlement settlement(std::move(completion));
    if (answer == Answer::settle)
      settlement.settle();
    else
      waiting.push_back(std::move(settlement));
    if (answer == Answer::reject) return Error(ErrorKind::invalid, "never");
    return {};
  }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}

  void settle_all() {
    for (Settlement& settlement : waiting) settlement.settle();
    waiting.clear();
  }
  void lose_all() { waiting.clear(); }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  Answer answer = Answer::settle;
  std::string held;  // Lines that start with this are refused, for two seconds each time.
  bool is_full = false;
  std::size_t batches = 0;
  std::function<void()> on_delivery;
  std::vector<std::string> lines;
  std::vector<Settlement> waiting;
};

struct FakeNetwork;

// The system's clock, because the files of a test are stamped by it, moved ahead where a test wants that.
class AheadClock final : public Clock {
 public:
  Instant now() const override { return system_.now() + ahead; }
  std::uint64_t unix_nanos() const override { return system_.unix_nanos() + static_cast<std::uint64_t>(ahead.count()); }

  Duration ahead{};

 private:
  SystemClock system_;
};

class TailFixture {
 public:
  explicit TailFixture(StartAt start_at = StartAt::beginning) {
    options.start_at = start_at;
    options.rotated_quiet = {};
    include(path("*.log"));
  }
  ~TailFixture() { stop(); }

  std::string path(const std::string& name) const { return directory.file(name); }
  void include(const std::string& pattern) { options.include = *Glob::parse(pattern); }

  void append(const std::string& name, const std::string& text) {
    const int file = ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    REQUIRE(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(file);
  }
  void rename(const std::string& from, const std::string& to) { std::filesystem::rename(path(from), path(to)); }
  // What was written to a.log is at `to` now, and another file takes its path.
  void rotate(const std::string& to, const std::string& text) {
    rename("a.log", to);
    append("a.log", text);
  }
  void copy(const std::string& from, const std::string& to) { std::filesystem::copy_file(path(from), path(to)); }
  void truncate(const std::string& name) { REQUIRE(::truncate(path(name).c_str(), 0) == 0); }
  void remove(const std::string& name) { std::filesystem::remove_all(path(name)); }
  // As kubelet does it: a temporary file, renamed, then the original removed.
  void compress(const std::string& name) {
    std::ifstream in(path(name), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    gzFile out = gzopen(path(name + ".tmp").c_str(), "wb");
    gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
    gzclose(out);
    rename(name + ".tmp", name + ".gz");
    remove(name);
  }

  // Starts an agent, or a new one after `stop` or `kill`.
  void start() {
    positions = std::make_shared<Positions>(log);
    telemetry = std::make_unique<Telemetry>(counters, "file_log");
    CheckpointContents contents;
    bool has_history = false;
    std::unique_ptr<CheckpointJournal> journal;
    if (has_storage) {
      auto opened = CheckpointJournal::open(*disk, storage.path(), false, contents);
      REQUIRE(opened.has_value());
      journal = std::move(*opened);
      has_history = journal->existed();
    }
    damaged = contents.damaged;
    tailer = std::make_unique<Tailer>(environment, intake, parsers, options, positions, *telemetry);
    positions->open(std::move(journal), nullptr);
    tailer->open(contents, has_history);
    tailer->scan();
  }
  void stop() {
    if (positions) positions->close();
    tailer.reset();
    positions.reset();
  }
  // As kill -9: what is in flight counts as never settled.
  void kill() {
    positions->close();
    tailer.reset();
    intake.lose_all();
    positions.reset();
  }
  void restart() {
    stop();
    start();
  }
  // Looks for changes and reads until there is nothing left.
  void step() {
    for (int round = 0; round < 1000; ++round) {
      tailer->look(0);
      if (!tailer->pass({})) break;
    }
    tailer->tidy();
  }
  std::vector<std::string> read() {
    step();
    return intake.take();
  }
  std::uint64_t total(const char* name) const { return counters.total(name); }
  std::uint64_t lost() const { return total("rankwire_file_log_lost_bytes_total"); }

  testing::TemporaryDirectory directory;
  testing::TemporaryDirectory storage;
  bool has_storage = true;
  std::uint64_t damaged = 0;
  std::unique_ptr<FileSystem> disk = make_posix_file_system();
  testing::FaultyFileSystem faults{*disk};  // What the agent sees of it.
  AheadClock clock;
  std::unique_ptr<Random> random = make_random(1);
  NullLogger log;
  Counters counters;
  PlainParsers parsers;
  TestIntake intake;
  TailOptions options;
  std::shared_ptr<Positions> positions;
  std::unique_ptr<Telemetry> telemetry;
  std::unique_ptr<Tailer> tailer;
  Environment environment{clock,
                          faults,
                          *reinterpret_cast<net::Network*>(&log),  // Never used by file_log.
                          *random,
                          log,
                          counters,
                          BufferPool::make(4 << 20)};
};

using Lines = std::vector<std::string>;

// Of several files: which is read first is not promised.
inline Lines sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

// A rotated a.log as kubelet names it.
inline std::string generation(int number) { return "a.log.20260101-12000" + std::to_string(number); }

}  // namespace rankwire::file_log

// So that a failed check shows what was read.
template <>
struct doctest::StringMaker<rankwire::file_log::Lines> {
  static doctest::String convert(const rankwire::file_log::Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "[" : " | ") + line;
    return (text.empty() ? "[]" : text + "]").c_str();
  }
};
