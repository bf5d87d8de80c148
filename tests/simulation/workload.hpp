// What happens around the agent: containers that write and whose logs are rotated, and senders that
// keep a request until it is acknowledged. Each on a thread of the world.
#pragma once

#include "agent.hpp"
#include "base/worker.hpp"
#include "ledger.hpp"
#include "signal/batch.hpp"

namespace rankwire::simulation {

struct Surroundings {
  Clock& clock;
  Disk& disk;
  SimulatedNetwork& network;
  Faults& faults;
  Ledger& ledger;
  // Whether the agent has made a note of the file that outlives it.
  std::function<bool(const std::string& path)> is_noted;
  std::function<void(const std::string& what)> say;
};

// One container: CRI lines into its 0.log, kubelet's rotations.
class LogWriter {
 public:
  LogWriter(Surroundings around, int number, std::uint64_t seed, std::uint64_t lines_max);
  void start(Instant until);
  bool has_ended() const { return has_ended_; }
  void write_one_more() { append(line()); }
  static constexpr const char* include = "/var/log/pods/*/*/*.log";

 private:
  void run(Instant until);
  void write_some();
  std::string line();
  void rotate();
  void rename_away();
  void compress_oldest();
  void copy_and_truncate();
  void recreate();
  void excuse_unread();
  void excuse_if_unknown();
  std::string body(std::uint64_t number);
  void append(const std::string& text);

  Surroundings around_;
  const std::string source_, directory_, path_;
  Dice dice_;
  const std::uint64_t lines_max_;
  std::uint64_t next_ = 1;
  std::uint64_t first_in_file_ = 1;
  std::uint64_t generation_ = 0;
  std::vector<std::string> rotated_;  // Plain ones, oldest first.
  bool has_ended_ = false;
  Worker thread_;
};

// OTLP over HTTP or gRPC into the agent.
class Sender {
 public:
  Sender(Surroundings around, int number, std::uint64_t seed, bool is_grpc, std::uint64_t requests_max, Signal signal,
         bool has_only_deltas);
  void start(Instant until);
  bool has_ended() const { return has_ended_; }

 private:
  void run(Instant until);
  std::string request(std::vector<RecordId>& ids);
  // As OTLP has it: what is refused for good is not sent again.
  enum class Answer : std::uint8_t { taken, refused, rejected, none };
  Answer send(const std::string& bytes);

  Surroundings around_;
  const std::string source_;
  const Signal signal_;
  const bool has_only_deltas_;
  Dice dice_;
  const bool is_grpc_;
  const std::uint64_t requests_max_;
  std::uint64_t next_ = 1;
  bool has_ended_ = false;
  std::unique_ptr<class SenderClient> client_;
  Worker thread_;

 public:
  ~Sender();
};

// Packets of StatsD: each line counts one.
class LineSender {
 public:
  LineSender(Surroundings around, std::uint64_t seed, std::uint64_t packets_max)
      : around_(around), dice_(seed), packets_max_(packets_max) {}
  void start(Instant until);
  bool has_ended() const { return has_ended_; }
  static constexpr const char* metric = "lines";

 private:
  Surroundings around_;
  Dice dice_;
  const std::uint64_t packets_max_;
  bool has_ended_ = false;
  Worker thread_;
};

inline constexpr std::uint16_t http_port = 4318, grpc_port = 4317, statsd_port = 8125;

}  // namespace rankwire::simulation
