// Connectors, and processors that hold data back, made from YAML for their tests: between doors that record what
// comes through, with a clock that the test advances.
//
//   ConnectorFixture f(count_factory());              // or of a processor's factory that holds back
//   f.doors.add("logs/a");                            // pipelines that it may ask for by id
//   auto connector = *f.make("{…}");                  // or CHECK(f.refusal("{…}") == …)
//   REQUIRE(connector->consume(log_batch({"a"}), f.completion(1)));
//   f.environment.clock.advance(…);  REQUIRE(f.logs.wait_for(1));
//   CHECK(bodies_of(f.logs.taken()[0].batch.logs()) == …);  f.logs.settle();  CHECK(f.listener->settled() == 1);
#pragma once

#include <doctest/doctest.h>

#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "component/held.hpp"
#include "config/load.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::testing {

// A host without extensions.
class NoExtensions final : public Host {
 public:
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

// A door that keeps what is delivered, with its completion, until it is told to settle.
class RecordingIntake final : public Intake {
 public:
  struct Taken {
    SignalBatch batch;
    CompletionRef completion;
  };

  Result<Admission> admit(Bytes) override {
    if (is_full()) return full();
    return Admission{};
  }
  bool has_room(Bytes, std::uint64_t) const override { return !is_full(); }
  bool wait_for_room(std::stop_token, Deadline) override { return true; }
  Result<void> deliver(Admission, SignalBatch batch, CompletionRef completion) override {
    {
      const std::lock_guard lock(mutex_);
      ++attempts_;
      if (is_full_ || failure_) {
        // As a door does: who asks for the result of what was not taken hears that it is not settled.
        if (completion && !(failure_ && failure_->is_final())) completion->mark_lost();
        changed_.notify_all();
        return failure_ ? *failure_ : full();
      }
      taken_.push_back({std::move(batch), std::move(completion)});
    }
    changed_.notify_all();
    return {};
  }
  void count_dropped(std::uint64_t records, std::string_view reason, std::string_view, std::string_view) override {
    const std::lock_guard lock(mutex_);
    dropped_[std::string(reason)] += records;
  }

  // Refuses everything, with a delay of three seconds; or fails with this.
  void set_full(bool is_full) {
    const std::lock_guard lock(mutex_);
    is_full_ = is_full;
  }
  void set_failure(std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  // Waits until so many batches have come, or were tried; false after five seconds.
  bool wait_for(std::size_t batches) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return taken_.size() >= batches; });
  }
  bool wait_for_attempts(std::uint64_t attempts) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return attempts_ >= attempts; });
  }
  // Only while nobody delivers.
  std::vector<Taken>& taken() { return taken_; }
  std::uint64_t records() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const Taken& one : taken_) sum += one.batch.record_count();
    return sum;
  }
  std::uint64_t dropped(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    return dropped_[reason];
  }
  // Every destination has what was taken, or (`lose`) will never.
  void settle() { end(false); }
  void lose() { end(true); }

 private:
  static constexpr auto patience = std::chrono::seconds(5);

  static Error full() { return {ErrorKind::refused, "full", std::chrono::seconds(3)}; }
  bool is_full() const {
    const std::lock_guard lock(mutex_);
    return is_full_;
  }
  void end(bool is_lost) {
    std::vector<CompletionRef> ended;
    {
      const std::lock_guard lock(mutex_);
      for (Taken& one : taken_) ended.push_back(std::move(one.completion));
    }
    for (const CompletionRef& completion : ended)
      if (completion && is_lost) completion->mark_lost();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_full_ = false;
  std::uint64_t attempts_ = 0;
  std::optional<Error> failure_;
  std::vector<Taken> taken_;
  std::map<std::string, std::uint64_t> dropped_;
};

// Hears what becomes of batches.
class RecordingListener final : public CompletionListener {
 public:
  void batch_ended(std::uint64_t token, bool is_settled) noexcept override {
    const std::lock_guard lock(mutex_);
    ended_[token] = is_settled;
  }
  // Nothing: it has not ended.
  std::optional<bool> end_of(std::uint64_t token) const {
    const std::lock_guard lock(mutex_);
    const auto found = ended_.find(token);
    return found == ended_.end() ? std::nullopt : std::optional(found->second);
  }
  int settled() const { return count(true); }
  int lost() const { return count(false); }

 private:
  int count(bool is_settled) const {
    const std::lock_guard lock(mutex_);
    int sum = 0;
    for (const auto& [token, how] : ended_) sum += how == is_settled ? 1 : 0;
    return sum;
  }

  mutable std::mutex mutex_;
  std::map<std::uint64_t, bool> ended_;
};

// The books of what is held.
class RecordingLedger final : public HeldLedger {
 public:
  void held(std::uint64_t records) override {
    change([&] { held_ += records; });
  }
  void passed_on(std::uint64_t records) override {
    change([&] {
      held_ -= records;
      passed_on_ += records;
    });
  }
  void dropped(std::uint64_t records, std::string_view reason) override {
    change([&] {
      held_ -= records;
      dropped_[std::string(reason)] += records;
    });
  }
  void found(std::uint64_t records) override {
    change([&] { held_ += records; });
  }
  void left(std::uint64_t records) override {
    change([&] { held_ -= records; });
  }

  std::uint64_t held() const { return read(held_); }
  std::uint64_t passed_on() const { return read(passed_on_); }
  std::uint64_t dropped(const std::string& reason) const {
    const std::lock_guard lock(mutex_);
    const auto found = dropped_.find(reason);
    return found == dropped_.end() ? 0 : found->second;
  }

 private:
  template <class Change>
  void change(Change apply) {
    const std::lock_guard lock(mutex_);
    apply();
  }
  std::uint64_t read(const std::uint64_t& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::uint64_t held_ = 0, passed_on_ = 0;
  std::map<std::string, std::uint64_t> dropped_;
};

// Pipelines by id, each with a door that records. A door to a set takes a batch into all of them or none.
class RecordingDoors final : public PipelineDoors {
 public:
  RecordingIntake& add(const std::string& id) {
    ids_.push_back(id);
    return pipelines_[id];
  }
  RecordingIntake& operator[](const std::string& id) { return pipelines_.at(id); }

  std::vector<std::string> pipelines(Signal signal) const override {
    std::vector<std::string> all;
    for (const std::string& id : ids_)
      if (id.substr(0, id.find('/')) == to_string(signal)) all.push_back(id);
    return all;
  }
  Result<Intake*> to(const std::vector<std::string>& pipelines) override {
    if (pipelines.empty()) return Error(ErrorKind::invalid, "no pipeline is named");
    std::vector<RecordingIntake*> behind;
    for (const std::string& id : pipelines) {
      if (!pipelines_.contains(id)) return Error(ErrorKind::invalid, "no receiver of pipeline \"" + id + "\"");
      behind.push_back(&pipelines_[id]);
    }
    if (behind.size() == 1) return behind.front();
    return &sets_.emplace_back(std::move(behind));
  }
  Result<void> deliver(std::vector<Part> parts, const CompletionRef& completion) override {
    for (const Part& part : parts)
      if (!part.door->has_room(part.batch.memory_bytes(), part.batch.record_count())) {
        if (completion) completion->mark_lost();
        return Error(ErrorKind::refused, "full", std::chrono::seconds(3));
      }
    for (Part& part : parts) {
      auto delivered = part.door->deliver({}, std::move(part.batch), completion);
      if (!delivered) return delivered;
    }
    return {};
  }

 private:
  class Set final : public Intake {
   public:
    explicit Set(std::vector<RecordingIntake*> behind) : behind_(std::move(behind)) {}
    Result<Admission> admit(Bytes size) override {
      for (RecordingIntake* one : behind_)
        if (auto admitted = one->admit(size); !admitted) return admitted;
      return Admission{};
    }
    bool has_room(Bytes size, std::uint64_t records) const override {
      for (const RecordingIntake* one : behind_)
        if (!one->has_room(size, records)) return false;
      return true;
    }
    bool wait_for_room(std::stop_token, Deadline) override { return true; }
    Result<void> deliver(Admission, SignalBatch batch, CompletionRef completion) override {
      if (!has_room({}, 0)) {
        if (completion) completion->mark_lost();
        return Error(ErrorKind::refused, "full", std::chrono::seconds(3));
      }
      for (RecordingIntake* one : behind_)
        if (auto delivered = one->deliver({}, batch.clone(), completion); !delivered) return delivered;
      return {};
    }
    void count_dropped(std::uint64_t records, std::string_view reason, std::string_view, std::string_view) override {
      behind_.front()->count_dropped(records, reason, {}, {});
    }

   private:
    const std::vector<RecordingIntake*> behind_;
  };

  std::vector<std::string> ids_;
  std::map<std::string, RecordingIntake> pipelines_;
  std::list<Set> sets_;
};

class ConnectorFixture {
 public:
  explicit ConnectorFixture(const ConnectorFactory& factory)
      : type_(factory.info.type), parse_(factory.parse), create_(factory.create) {}
  explicit ConnectorFixture(const ProcessorFactory& factory)
      : type_(factory.info.type), parse_(factory.parse), create_(factory.create_holding) {}

  // Doors to the signals that are `wanted`; for the others there is no pipeline.
  Result<std::unique_ptr<Connector>> make(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    const AnyConfig config = parse_(node, type_, diagnostics);
    if (diagnostics.has_errors()) return diagnostics.as_error();
    ComponentContext context = environment.context(type_);
    context.pipeline = "logs";
    return create_(config, context, intakes());
  }
  std::unique_ptr<Connector> connector(const std::string& yaml) {
    auto made = make(yaml);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    return std::move(*made);
  }
  // The message of the error; empty if the configuration is fine.
  std::string refusal(const std::string& yaml) {
    const auto made = make(yaml);
    return made ? "" : made.error().message();
  }
  // The configuration is refused, and this is part of the message.
  void check_refused(const std::string& yaml, const std::string& part) {
    const std::string message = refusal(yaml);
    CHECK_MESSAGE(message.find(part) != std::string::npos, yaml << ": " << message);
  }
  Deadline soon() const { return Deadline::after(environment.clock, std::chrono::seconds(1)); }
  CompletionRef completion(std::uint64_t token) const { return std::make_shared<Completion>(listener, token); }

  TestEnvironment environment;
  NoExtensions host;  // For `start`.
  RecordingIntake logs, metrics, traces;
  std::set<Signal> wanted{Signal::logs, Signal::metrics, Signal::traces};
  RecordingDoors doors;
  RecordingLedger ledger;
  std::shared_ptr<RecordingListener> listener = std::make_shared<RecordingListener>();

 private:
  Intakes intakes() {
    const auto door = [this](Signal signal, RecordingIntake& one) { return wanted.contains(signal) ? &one : nullptr; };
    return {door(Signal::logs, logs), door(Signal::metrics, metrics), door(Signal::traces, traces), &doors, &ledger};
  }

  const std::string type_;
  const std::function<AnyConfig(const config::Node&, const std::string&, config::Diagnostics&)> parse_;
  const std::function<Result<std::unique_ptr<Connector>>(const AnyConfig&, const ComponentContext&, Intakes)> create_;
};

}  // namespace rankwire::testing
