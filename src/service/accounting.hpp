// The conservation identity, counted per delivery (one record that one destination should get):
//   accepted = delivered + queued + dropped + in flight
// A record that a pipeline hands to two exporters is accepted twice. See docs/guides/telemetry.md.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "signal/batch.hpp"

namespace rankwire::service {

class Accounting {
 public:
  explicit Accounting(Counters& counters);

  void accepted(Signal signal, std::uint64_t records) { of(signal).accepted->add(records); }
  void delivered(Signal signal, std::uint64_t records) { of(signal).delivered->add(records); }
  // `stage`: receiver, processor, queue or exporter. Namespace and pod may be empty.
  void dropped(Signal signal, std::string_view stage, std::string_view reason, std::uint64_t records,
               std::string_view kubernetes_namespace = {}, std::string_view pod = {});

  // Records that deliveries hold, for the two gauges. Queued excludes those in flight.
  void add_queued(Signal signal, std::int64_t records) { of(signal).queued += records; }
  void add_in_flight(Signal signal, std::int64_t records) { of(signal).in_flight += records; }

  // What a disk queue kept when it was closed, by "exporter/signal": the gauge goes on counting it
  // until the queue is opened again. Returns what was parked.
  void park(const std::string& queue, Signal signal, std::uint64_t records);
  std::uint64_t unpark(const std::string& queue, Signal signal);

  static constexpr const char* dropped_name = "rankwire_dropped_records_total";
  static constexpr const char* dropped_help =
      "Deliveries that will not happen, by where and why. A record lost to two destinations counts twice.";

 private:
  struct PerSignal {
    Counter* accepted = nullptr;
    Counter* delivered = nullptr;
    std::atomic<std::int64_t> queued{0}, in_flight{0};
    std::shared_ptr<void> queued_gauge, in_flight_gauge;
  };
  PerSignal& of(Signal signal) { return signals_[static_cast<std::size_t>(signal)]; }

  Counters& counters_;
  std::array<PerSignal, 3> signals_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> parked_;  // Guarded by mutex_.
};

}  // namespace rankwire::service
