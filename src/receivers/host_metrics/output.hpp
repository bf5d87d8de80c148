// The batches that one round of scrapes gives: the figures of the host are one resource without attributes, with a
// scope for each scraper; processes are resources of their own. A batch that is large enough goes on before the next
// process, so that memory is bounded however many there are.
#pragma once

#include <functional>

#include "component/metric_writer.hpp"

namespace rankwire::host_metrics {

class Output {
 public:
  // `deliver` takes a batch; false: no more are wanted in this round.
  Output(ScrapeTimes times, std::function<bool(MetricBatch)> deliver) : times_(times), deliver_(std::move(deliver)) {}

  const ScrapeTimes& times() const { return times_; }
  Arena& arena() { return batch_.arena(); }
  // A scope of the host's resource, named after the scraper. Until the next one is asked for.
  MetricWriter host(std::string_view scope_name, const MetricSwitches& switches);
  // A resource of its own.
  MetricWriter of(const Attributes& resource, std::string_view scope_name, const MetricSwitches& switches,
                  std::uint64_t start);
  // Passes on what there is, if that is enough; false: the scraper can stop.
  bool cut();
  // Passes on what there is.
  void finish();

 private:
  static constexpr std::size_t batch_bytes = 1 << 20;

  bool pass_on();

  const ScrapeTimes times_;
  const std::function<bool(MetricBatch)> deliver_;
  MetricBatch batch_;
  std::uint32_t host_ = 0;  // Where in the batch the host is, plus one; 0: nowhere yet.
  bool is_wanted_ = true;
};

}  // namespace rankwire::host_metrics
