// One life of the process under test: the real service on a thread of its own, until it is stopped
// or killed. What a killed life held is never freed, as its threads stand where they stood.
#pragma once

#include <mutex>

#include "base/random.hpp"
#include "base/worker.hpp"
#include "disk.hpp"
#include "network.hpp"
#include "service/service.hpp"

namespace rankwire::simulation {

class WorldClock final : public Clock {
 public:
  Instant now() const override { return Scheduler::current()->now(); }
  std::uint64_t unix_nanos() const override {
    return static_cast<std::uint64_t>(now().time_since_epoch().count() + 1'700'000'000'000'000'000 + offset_.count());
  }
  void jump(Duration by) { offset_ += by; }

 private:
  Duration offset_{0};
};

class DiceRandom final : public Random {
 public:
  explicit DiceRandom(std::uint64_t seed) : dice_(seed) {}
  std::uint64_t next() override { return dice_.next(); }

 private:
  Dice dice_;
};

// Keeps nothing; looks for what must not be there.
class WatchedLogger final : public Logger {
 public:
  explicit WatchedLogger(bool is_shown) : is_shown_(is_shown) {}
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override;
  bool is_enabled(LogLevel) const override { return true; }
  std::function<void(const std::string& where)> on_leak;

 private:
  const bool is_shown_;
};

class Agent {
 public:
  enum class State : std::uint8_t { starting, running, failed, stopping, stopped, killed };

  Agent(Clock& clock, Disk& disk, SimulatedNetwork& network, std::uint64_t seed, bool is_shown);

  // All return at once; `state` tells. Requests are served in order.
  void start(std::string yaml);
  void reload(std::string yaml);
  void stop(Duration drain);
  void kill();

  State state() const { return state_; }
  Instant stopping_since() const { return stopping_since_; }
  bool is_busy() const { return !requests_.empty() || is_working_; }
  std::uint32_t group() const { return group_; }
  const std::string& problem() const { return problem_; }
  Counters& counters() { return counters_; }
  WatchedLogger log;

 private:
  struct Request {
    enum class Kind : std::uint8_t { start, reload, stop } kind;
    std::string yaml;
    Duration drain{0};
  };

  void run();
  void act(const Request& request);
  void ask(Request request);

  Clock& clock_;
  Disk& disk_;
  SimulatedNetwork& network_;
  DiceRandom random_;
  Counters counters_;
  Environment environment_;
  std::unique_ptr<service::Service> service_;
  std::uint32_t group_ = 0;
  State state_ = State::starting;
  Instant stopping_since_{};
  bool is_working_ = false;
  bool is_started_ = false;
  std::string problem_;
  std::vector<Request> requests_;
  std::unique_ptr<Worker> thread_;
};

// `name_total{signal="logs"…}` summed out of the exposed text.
double figure(const std::string& prometheus_text, std::string_view name, std::string_view label,
              std::string_view further_label = {});

}  // namespace rankwire::simulation
