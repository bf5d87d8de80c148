// Reads what the kernel tells about the machine, once every interval, and passes it on as metrics. While the pipeline
// is full nothing is read: the next numbers tell the same of counters, and what would wait would be old.
#pragma once

#include "component/factory.hpp"
#include "component/timer.hpp"
#include "receivers/host_metrics/host_metrics_config.hpp"

namespace rankwire::host_metrics {

class HostMetricsReceiver final : public Receiver {
 public:
  HostMetricsReceiver(const HostMetricsConfig& config, const ComponentContext& context, Intake& next);

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;

 private:
  Instant work(const std::stop_token& stop);
  void scrape(const std::stop_token& stop);
  bool wait_for_room(bool is_again, const std::stop_token& stop);
  bool pass_on(MetricBatch batch, const std::stop_token& stop);
  void note_failure(std::string_view scraper, const Error& error);

  const HostMetricsConfig config_;
  Environment& environment_;
  const std::string id_;
  Intake& next_;
  HostFiles host_;
  std::vector<std::unique_ptr<Scraper>> scrapers_;
  Counter& skipped_;
  Instant due_;
  Timer timer_;  // Last: its thread uses the rest.
};

ReceiverFactory host_metrics_factory();

}  // namespace rankwire::host_metrics
