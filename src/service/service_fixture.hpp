// A service under test: components that tests steer, and an environment with a real clock.
#pragma once

#include <doctest/doctest.h>
#include <atomic>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "component/factory.hpp"
#include "config/load.hpp"
#include "net/network.hpp"
#include "service/service.hpp"

namespace rankwire::service::testing {

// What a test exporter does with the next batches, and what it has received.
class Destination {
 public:
  enum class Mode : std::uint8_t { ok, partial, unavailable, invalid, blocked, random };

  void set(Mode mode);
  // Waits until `count` different records have arrived; false after five seconds.
  bool wait_for(std::size_t count);
  // Waits until so many sends are held by `blocked`.
  bool wait_for_blocked(int count);
  std::multiset<std::int64_t> received() const;

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop, Random& random);

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  Mode mode_ = Mode::ok;
  int blocked_ = 0;
  std::multiset<std::int64_t> received_;
};

// Hears what became of batches.
class Listener final : public CompletionListener {
 public:
  void batch_ended(std::uint64_t token, bool is_settled) noexcept override;
  // Waits until the batch has ended; nothing after five seconds.
  std::optional<bool> wait(std::uint64_t token);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, bool> ended_;
};

class RecordingLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view message, std::initializer_list<LogField>) override;
  bool is_enabled(LogLevel) const override { return true; }
  bool has(std::string_view message) const { return count(message) != 0; }
  std::size_t count(std::string_view message) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
};

class NoNetwork final : public net::Network {
 public:
  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint&, net::TlsClientContext*, const std::string&,
                                               Deadline, std::stop_token) override {
    return Error(ErrorKind::unavailable, "no network in this test");
  }
};

class Fixture {
 public:
  explicit Fixture(std::uint64_t seed = 1);

  // Fails the test on any error of the configuration.
  Plan plan(const std::string& yaml);
  Destination& destination(const std::string& id);
  // The door of a started receiver; null when it is not running.
  Intake* intake(const std::string& receiver, Signal signal = Signal::logs);
  // Admits and delivers log records with these numbers as bodies.
  Result<void> deliver(const std::string& receiver, const std::vector<std::int64_t>& numbers,
                       CompletionRef completion = {}, bool as_wire = false);
  // As a receiver's threads are joined when it stops: nobody is inside `deliver` any more.
  void wait_for_deliveries(Deadline deadline) const;
  // "start exporter out", "stop receiver in", in the order they happened.
  std::vector<std::string> events() const;
  void note(const std::string& event);
  void fail_start_of(const std::string& id) { failing_ = id; }
  bool must_fail(const std::string& id) const { return failing_ == id; }
  void set_intakes(const std::string& receiver, Intakes intakes);
  std::uint64_t total(const std::string& metric, const Labels& match = {}) const {
    return counters.total(metric, match);
  }
  // accepted = delivered + queued + dropped + in flight, for logs; waits for those who are just counting.
  bool is_conserved() const;

  SystemClock clock;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  NoNetwork network;
  std::unique_ptr<Random> random;
  RecordingLogger log;
  Counters counters;
  Environment environment;
  Registry registry;
  std::shared_ptr<Listener> listener = std::make_shared<Listener>();

 private:
  void register_components();

  std::atomic<int> deliveries_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Destination>> destinations_;
  std::map<std::string, Intakes> intakes_;
  std::vector<std::string> events_;
  std::string failing_;
};

LogBatch numbered_logs(const std::vector<std::int64_t>& numbers);

}  // namespace rankwire::service::testing
