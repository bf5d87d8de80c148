#include "service/accounting.hpp"

#include "base/planted_bug.hpp"

namespace rankwire::service {

Accounting::Accounting(Counters& counters) : counters_(counters) {
  for (const Signal signal : all_signals) {
    PerSignal& s = of(signal);
    const Labels labels = {{"signal", std::string(to_string(signal))}};
    s.accepted = &counters.counter("rankwire_accepted_records_total",
                                   "Deliveries taken on: records times the destinations they go to.", labels);
    s.delivered =
        &counters.counter("rankwire_delivered_records_total", "Deliveries that the destination has confirmed.", labels);
    s.queued_gauge = counters.observe("rankwire_queued_records", "Deliveries waiting in queues.", labels,
                                      [&s] { return static_cast<double>(s.queued.load()); });
    s.in_flight_gauge = counters.observe("rankwire_in_flight_records", "Deliveries being sent.", labels,
                                         [&s] { return static_cast<double>(s.in_flight.load()); });
  }
}

void Accounting::dropped(Signal signal, std::string_view stage, std::string_view reason, std::uint64_t records,
                         std::string_view kubernetes_namespace, std::string_view pod) {
  if (records == 0 || is_planted(PlantedBug::drop_not_counted)) return;
  Labels labels = {
      {"stage", std::string(stage)}, {"reason", std::string(reason)}, {"signal", std::string(to_string(signal))}};
  if (!kubernetes_namespace.empty()) labels.emplace_back("namespace", kubernetes_namespace);
  if (!pod.empty()) labels.emplace_back("pod", pod);
  counters_.counter(dropped_name, dropped_help, std::move(labels)).add(records);
}

void Accounting::park(const std::string& queue, Signal signal, std::uint64_t records) {
  const std::lock_guard lock(mutex_);
  parked_[queue] = records;
  add_queued(signal, static_cast<std::int64_t>(records));
}

std::uint64_t Accounting::unpark(const std::string& queue, Signal signal) {
  const std::lock_guard lock(mutex_);
  const auto found = parked_.find(queue);
  if (found == parked_.end()) return 0;
  const std::uint64_t records = found->second;
  parked_.erase(found);
  add_queued(signal, -static_cast<std::int64_t>(records));
  return records;
}

}  // namespace rankwire::service
