// Sends batches of one signal to one exporter until they are delivered or dropped for a counted
// reason: retries with back-off, honours the destination's delays, keeps the exporter's metrics.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "component/component.hpp"
#include "service/accounting.hpp"
#include "service/flow_counters.hpp"

namespace rankwire::service {

enum class SendOutcome : std::uint8_t {
  delivered,
  dropped,     // Counted and logged.
  unfinished,  // Stopped before it was decided; the data is still the caller's.
};

struct SendResult {
  SendOutcome outcome = SendOutcome::delivered;
  std::optional<Error> error;  // Of the last attempt, unless delivered.
};

class Sender {
 public:
  Sender(Exporter& exporter, std::string label, Signal signal, RetryPolicy retry, Environment& environment,
         Accounting& accounting);

  // Any thread, several at once. `abort` ends the attempt and the waiting between attempts.
  SendResult send(const SignalBatch& batch, std::stop_token abort);
  // The process is stopping: waits between attempts become short, those under way end. With
  // `gives_up` there is no further attempt after one that failed: the data is safe on disk.
  void hurry(bool gives_up);
  // A batch waits for its next attempt: the destination is in trouble, more senders would not help.
  bool is_backing_off() const { return backing_off_.load(std::memory_order_relaxed) != 0; }
  // A sentence, if every attempt has failed for a minute.
  std::optional<std::string> problem() const;
  // What the exporter was handed, by how that ended: at the queue, or at the destination without one.
  void count_consumed(const Result<void>& result, std::uint64_t records) const { consumed_.add(result, records); }
  const std::string& label() const { return label_; }
  Signal signal() const { return signal_; }

 private:
  struct Attempts {
    Instant started;
    Duration interval;
    std::uint32_t count = 0;
  };

  // A batch whose records are too large at once, in two halves.
  SendResult send_halves(const SignalBatch& batch, const std::stop_token& abort);
  SendResult send_until_decided(const SignalBatch& batch, const std::stop_token& abort);
  void succeeded(const Receipt& receipt, std::uint64_t records);
  SendResult drop(const Error& error, std::string_view reason, std::uint64_t records);
  void remember_failure(const Error& error);
  Duration next_wait(Attempts& attempts, const Error& error);
  // False: do not try again.
  bool wait(Duration wait, std::stop_token abort);

  Exporter& exporter_;
  const std::string label_;
  const Signal signal_;
  const RetryPolicy retry_;
  Environment& environment_;
  Accounting& accounting_;
  Counter& sent_;
  Counter& send_failed_;
  Counter& attempts_failed_;
  Gauge& in_flight_requests_;
  const FlowCounter consumed_;
  std::atomic<int> backing_off_{0};
  mutable std::mutex mutex_;
  std::condition_variable_any hurried_;
  bool is_hurried_ = false;               // Guarded by mutex_.
  bool gives_up_ = false;                 // Guarded by mutex_.
  std::optional<Instant> failing_since_;  // Guarded by mutex_.
  std::string last_failure_;              // Guarded by mutex_.
  std::atomic<bool> is_failing_{false};   // Mirrors failing_since_, so that success needs no lock.
};

}  // namespace rankwire::service
