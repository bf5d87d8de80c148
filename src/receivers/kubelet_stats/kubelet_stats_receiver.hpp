// Asks the kubelet of a node, once every interval, what the node, its pods, containers and volumes use. While the
// pipeline is full nothing is asked: the next numbers tell the same of counters, and what would wait would be old.
#pragma once

#include <unordered_map>

#include "component/factory.hpp"
#include "component/timer.hpp"
#include "kubernetes/api_client.hpp"
#include "receivers/kubelet_stats/summary_page.hpp"

namespace rankwire::kubelet_stats {

class KubeletStatsReceiver final : public Receiver {
 public:
  KubeletStatsReceiver(const KubeletStatsConfig& config, const ComponentContext& context, Intake& next);

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;

 private:
  Instant work(const std::stop_token& stop);
  Result<void> scrape(const std::stop_token& stop);
  // What comes goes to `sink`, within the time that all of it may take.
  Result<void> get(kubernetes::ApiClient& from, const std::string& target, const net::BodySink& sink,
                   const std::stop_token& stop);
  Result<void> read_pods(PodTable& pods, const std::stop_token& stop);
  Result<void> read_capacity(const std::stop_token& stop);
  Result<std::string> read_small(const std::string& target, const std::stop_token& stop);
  std::optional<VolumeFacts> find_claim(std::string_view volume_id, std::string_view namespace_name,
                                        std::string_view claim, const std::stop_token& stop);
  Result<VolumeFacts> ask_for_claim(std::string_view namespace_name, std::string_view claim,
                                    const std::stop_token& stop);
  void deliver(MetricBatch batch);
  void note_failure(const Error& error);

  const KubeletStatsConfig config_;
  Environment& environment_;
  const std::string id_;
  Intake& next_;
  std::unique_ptr<kubernetes::ApiClient> kubelet_, api_;  // The latter is null if it is not to be asked.
  Counter &failures_, &skipped_, &left_out_;
  Share capacity_;
  Instant capacity_read_next_{};
  std::unordered_map<std::string, VolumeFacts> claims_;  // By volume; of the last scrape at most.
  std::unordered_map<std::string, VolumeFacts> claims_of_now_;
  Instant due_;
  Timer timer_;  // Last: its thread uses the rest.
};

ReceiverFactory kubelet_stats_factory();

}  // namespace rankwire::kubelet_stats
