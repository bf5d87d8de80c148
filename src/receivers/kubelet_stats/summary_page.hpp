// The kubelet's /stats/summary as metrics. The page is taken apart while it arrives, one pod at a time, and is never in
// memory as a whole.
#pragma once

#include "component/metric_writer.hpp"
#include "kubernetes/object_splitter.hpp"
#include "receivers/kubelet_stats/pod_facts.hpp"
#include "signal/batch.hpp"

namespace rankwire::kubelet_stats {

class SummaryPage {
 public:
  // All outlive the page.
  SummaryPage(const KubeletStatsConfig& config, const PodTable& pods, Share node_capacity, std::uint64_t now);

  // Pieces of any size.
  Result<void> feed(std::string_view bytes) { return splitter_.feed(bytes); }
  // Everything, once the page is complete.
  Result<MetricBatch> finish();
  // Containers and volumes that lack what the configuration wants to know of them, and pods that made no sense.
  std::uint64_t left_out() const { return left_out_ + splitter_.too_long(); }

 private:
  Result<void> take_pod(std::string_view json);
  void add_pod(const Value& pod);
  void add_container(const Value& pod, const PodFacts* facts, const Value& container);
  void add_volume(const Value& pod, const PodFacts* facts, const Value& volume);
  void add_node(const Value& node);
  void add_common(MetricWriter& writer, const Value& stats, std::string_view filesystem) const;
  void add_shares(MetricWriter& writer, const Value& stats, Share limit, Share request) const;
  static void add_network(MetricWriter& writer, Arena& arena, const NetworkMetrics& metrics, const Value& network,
                          bool is_every_interface);
  // Calls `write(MetricWriter&)` for a resource of its own, which is not kept if nothing was written.
  template <class Write>
  void add_resource(const Attributes& attributes, const MetricSwitches& switches, std::uint64_t start, Write write);
  void set_attribute(Attributes& attributes, ResourceAttribute attribute, std::string_view text);
  Attributes attributes_of(const Value& pod);

  const KubeletStatsConfig& config_;
  const PodTable& pods_;
  const Share node_capacity_;
  const std::uint64_t now_;
  kubernetes::ObjectSplitter splitter_;
  MetricBatch batch_;
  std::uint64_t left_out_ = 0;
};

}  // namespace rankwire::kubelet_stats
