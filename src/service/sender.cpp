#include "service/sender.hpp"

#include <algorithm>
#include <cmath>

#include "base/planted_bug.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::service {
namespace {

// Of a batch that an exporter wants as records. Beside the budget, so small: few exporters do that.
constexpr Bytes records_memory_max = 8_MiB;

constexpr Duration unhealthy_after = std::chrono::minutes(1);
// While the process stops, an attempt is worth more than politeness.
constexpr Duration hurried_wait = std::chrono::seconds(1);

Counter& exporter_counter(Counters& counters, const char* what, const std::string& help, Signal signal,
                          const std::string& label) {
  return counters.counter("otelcol_exporter_" + std::string(what) + "_" + std::string(record_noun(signal)), help,
                          {{"exporter", label}});
}

}  // namespace

Sender::Sender(Exporter& exporter, std::string label, Signal signal, RetryPolicy retry, Environment& environment,
               Accounting& accounting)
    : exporter_(exporter),
      label_(std::move(label)),
      signal_(signal),
      retry_(retry),
      environment_(environment),
      accounting_(accounting),
      sent_(exporter_counter(environment.counters, "sent", "Records the destination has confirmed.", signal, label_)),
      send_failed_(exporter_counter(environment.counters, "send_failed",
                                    "Records that could not be sent and were dropped.", signal, label_)),
      attempts_failed_(environment.counters.counter("rankwire_exporter_failed_attempts_total",
                                                    "Requests that failed, retried ones included.",
                                                    {{"exporter", label_}})),
      in_flight_requests_(environment.counters.gauge("otelcol_exporter_in_flight_requests",
                                                     "Requests being sent at the moment, or waiting to be sent again.",
                                                     {{"exporter", label_}})),
      consumed_(environment.counters, "otelcol_exporter_consumed_items", "Records handed to the exporter.",
                component_labels(ComponentKind::exporter, label_, signal)) {}

SendResult Sender::send(const SignalBatch& batch, std::stop_token abort) {
  in_flight_requests_.add(1);
  SendResult result = send_until_decided(batch, abort);
  in_flight_requests_.add(-1);
  return result;
}

SendResult Sender::send_until_decided(const SignalBatch& batch, const std::stop_token& abort) {
  const std::uint64_t records = batch.record_count();
  Attempts attempts{environment_.clock.now(), retry_.initial_interval};
  OutgoingBatch outgoing(batch, records_memory_max);
  for (;;) {
    Result<Receipt> receipt = exporter_.send(outgoing, abort);
    if (receipt && is_planted(PlantedBug::sent_again_after_success)) receipt = exporter_.send(outgoing, abort);
    if (!receipt && is_planted(PlantedBug::refusal_taken_as_done)) receipt = Receipt{};
    if (receipt) {
      succeeded(*receipt, records);
      return {};
    }
    const Error& error = receipt.error();
    if (outgoing.is_too_large()) return send_halves(batch, abort);
    attempts_failed_.add();
    if (abort.stop_requested() || error.kind() == ErrorKind::cancelled) return {SendOutcome::unfinished, error};
    remember_failure(error);
    if (!error.is_retryable()) return drop(error, to_string(error.kind()), records);
    if (!retry_.enabled) return drop(error, "retries_disabled", records);
    const Duration wait_time = next_wait(attempts, error);
    const Duration elapsed = environment_.clock.now() - attempts.started;
    if (retry_.max_elapsed_time.count() > 0 && elapsed + wait_time > retry_.max_elapsed_time)
      return drop(error, "retries_exhausted", records);
    environment_.log.warn("sending failed and will be tried again",
                          {{"exporter", label_},
                           {"signal", to_string(signal_)},
                           {"error", error.message()},
                           {"retry_in_ms", std::chrono::duration_cast<std::chrono::milliseconds>(wait_time).count()}});
    if (!wait(wait_time, abort)) return {SendOutcome::unfinished, error};
  }
}

SendResult Sender::send_halves(const SignalBatch& batch, const std::stop_token& abort) {
  const std::uint64_t records = batch.record_count();
  const Error too_large(ErrorKind::invalid,
                        "a record of more than " + std::to_string(records_memory_max.count >> 20) + " MiB in memory");
  if (records < 2) return drop(too_large, to_string(too_large.kind()), records);
  auto halves = otlp::split(batch.wire(), (records + 1) / 2);
  if (!halves || halves->size() < 2) return drop(too_large, to_string(too_large.kind()), records);
  SendResult all;
  std::uint64_t settled = 0;
  for (WireBatch& half : *halves) {
    const std::uint64_t in_half = half.record_count;
    SendResult result = send_until_decided(SignalBatch(std::move(half)), abort);
    if (result.outcome == SendOutcome::unfinished) {
      // The whole batch comes again, and with it what is settled already.
      accounting_.accepted(signal_, settled);
      return result;
    }
    settled += in_half;
    if (result.outcome == SendOutcome::dropped) all = std::move(result);
  }
  return all;
}

void Sender::succeeded(const Receipt& receipt, std::uint64_t records) {
  const std::uint64_t rejected = std::min(receipt.rejected, records);
  sent_.add(records - rejected);
  accounting_.delivered(signal_, records - rejected);
  if (rejected != 0) {
    send_failed_.add(rejected);
    accounting_.dropped(signal_, "exporter", "rejected", rejected);
  }
  if (rejected != 0 || !receipt.reason.empty())
    environment_.log.warn("the destination accepted a batch in part",
                          {{"exporter", label_}, {"rejected", rejected}, {"reason", receipt.reason}});
  if (is_failing_.load(std::memory_order_relaxed)) {
    const std::lock_guard lock(mutex_);
    failing_since_.reset();
    is_failing_ = false;
  }
}

SendResult Sender::drop(const Error& error, std::string_view reason, std::uint64_t records) {
  send_failed_.add(records);
  accounting_.dropped(signal_, "exporter", reason, records);
  environment_.log.error("dropping records that could not be delivered", {{"exporter", label_},
                                                                          {"signal", to_string(signal_)},
                                                                          {"records", records},
                                                                          {"reason", reason},
                                                                          {"error", error.message()}});
  return {SendOutcome::dropped, error};
}

void Sender::remember_failure(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!failing_since_) failing_since_ = environment_.clock.now();
  is_failing_ = true;
  last_failure_ = error.message();
}

Duration Sender::next_wait(Attempts& attempts, const Error& error) {
  const double spread = retry_.randomization_factor * (2 * environment_.random.unit() - 1);
  const double nanos = static_cast<double>(attempts.interval.count()) * (1 + spread);
  const double next = static_cast<double>(attempts.interval.count()) * retry_.multiplier;
  attempts.interval =
      Duration(static_cast<std::int64_t>(std::min(next, static_cast<double>(retry_.max_interval.count()))));
  ++attempts.count;
  Duration wait_time(static_cast<std::int64_t>(nanos));
  if (const auto asked = error.retry_after()) wait_time = std::max<Duration>(wait_time, *asked);
  return wait_time;
}

bool Sender::wait(Duration wait_time, std::stop_token abort) {
  ++backing_off_;
  const Instant start = environment_.clock.now();
  std::unique_lock lock(mutex_);
  const bool was_hurried = is_hurried_;
  if (was_hurried) wait_time = std::min(wait_time, hurried_wait);
  if (!gives_up_) hurried_.wait_until(lock, abort, start + wait_time, [&] { return is_hurried_ != was_hurried; });
  --backing_off_;
  return !gives_up_ && !abort.stop_requested();
}

void Sender::hurry(bool gives_up) {
  {
    const std::lock_guard lock(mutex_);
    is_hurried_ = true;
    gives_up_ |= gives_up;
  }
  hurried_.notify_all();
}

std::optional<std::string> Sender::problem() const {
  const std::lock_guard lock(mutex_);
  if (!failing_since_ || environment_.clock.now() - *failing_since_ < unhealthy_after) return {};
  return "sending " + std::string(to_string(signal_)) + " has failed for more than a minute: " + last_failure_;
}

}  // namespace rankwire::service
