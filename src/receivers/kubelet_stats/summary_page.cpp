#include "receivers/kubelet_stats/summary_page.hpp"

#include "kubernetes/pod.hpp"
#include "text/json_value.hpp"
#include "text/timestamp.hpp"

namespace rankwire::kubelet_stats {
namespace {

using kubernetes::at;
using kubernetes::text_at;

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kubeletstatsreceiver";
// One pod with hundreds of containers has some 100 KiB; a node with thousands of interfaces some MiB.
constexpr std::size_t pod_bytes_max = 4 << 20, node_bytes_max = 4 << 20;
constexpr double nanos = 1e9;

std::optional<std::uint64_t> number_at(const Value& object, std::initializer_list<std::string_view> path) {
  const Value* found = at(object, path);
  if (found == nullptr) return {};
  if (found->type() == ValueType::integer && found->integer() >= 0) return found->integer();
  // Reals are numbers beyond 64 bits with a sign, too: what the kernel says for "no limit".
  constexpr double most = 9223372036854775808.0;
  if (found->type() == ValueType::real && found->real() >= 0 && found->real() < most)
    return static_cast<std::uint64_t>(found->real());
  return {};
}

std::uint64_t start_of(const Value& stats) {
  std::uint64_t start = 0;
  text::Rfc3339Reader().read(text_at(stats, {"startTime"}), start);
  return start;
}

template <class M>
void add_number(MetricWriter& writer, M metric, const Value& stats, std::initializer_list<std::string_view> path) {
  if (const auto number = number_at(stats, path)) writer.add(metric, *number);
}

template <class M>
void add_share(MetricWriter& writer, M metric, double used, double of) {
  if (of > 0) writer.add_real(metric, used / of);
}

template <class Visit>
void each_at(const Value& object, std::string_view key, Visit visit) {
  const Value* found = at(object, {key});
  if (found == nullptr || found->type() != ValueType::array) return;
  for (const Value& item : found->items())
    if (item.type() == ValueType::map) visit(item);
}

}  // namespace

SummaryPage::SummaryPage(const KubeletStatsConfig& config, const PodTable& pods, Share node_capacity, std::uint64_t now)
    : config_(config),
      pods_(pods),
      node_capacity_(node_capacity),
      now_(now),
      splitter_(kubernetes::Shape::list, pod_bytes_max, [this](std::string_view pod) { return take_pod(pod); },
                {.items_key = "pods", .envelope_bytes_max = node_bytes_max}) {}

Result<MetricBatch> SummaryPage::finish() {
  Arena arena;
  Value page;
  const Error broken(ErrorKind::unavailable, "the kubelet's /stats/summary is not a JSON object, or breaks off");
  if (!splitter_.is_complete()) return broken;
  if (!text::read_json_object(splitter_.envelope(), text::NumberForm::integer_where_exact, arena, page)) return broken;
  const Value* node = at(page, {"node"});
  if (node == nullptr || node->type() != ValueType::map)
    return Error(ErrorKind::unavailable, "what the kubelet gave as /stats/summary tells nothing of a node");
  if (config_.wants_group("node")) add_node(*node);
  return std::move(batch_);
}

Result<void> SummaryPage::take_pod(std::string_view json) {
  Arena arena;
  Value pod;
  if (text::read_json_object(json, text::NumberForm::integer_where_exact, arena, pod))
    add_pod(pod);
  else
    ++left_out_;
  return {};
}

template <class Write>
void SummaryPage::add_resource(const Attributes& attributes, const MetricSwitches& switches, std::uint64_t start,
                               Write write) {
  Arena& arena = batch_.arena();
  MetricResource& resource = batch_.resources.add(arena);
  resource.resource.attributes = attributes;
  MetricScope& scope = resource.scopes.add(arena);
  scope.scope.name = scope_name;
  MetricWriter writer(arena, scope, switches, {.start = start, .now = now_});
  write(writer);
  writer.finish();
  if (scope.records.empty()) batch_.resources.truncate(batch_.resources.size() - 1);
}

void SummaryPage::set_attribute(Attributes& attributes, ResourceAttribute attribute, std::string_view text) {
  if (text.empty() || !config_.resource_attributes.is_enabled(attribute)) return;
  const std::string_view name = ResourceAttributes::names[static_cast<std::size_t>(attribute)];
  attributes.push(batch_.arena(), {name, text_value(batch_.arena(), text)});
}

Attributes SummaryPage::attributes_of(const Value& pod) {
  Attributes attributes;
  set_attribute(attributes, ResourceAttribute::pod_uid, text_at(pod, {"podRef", "uid"}));
  set_attribute(attributes, ResourceAttribute::pod_name, text_at(pod, {"podRef", "name"}));
  set_attribute(attributes, ResourceAttribute::namespace_name, text_at(pod, {"podRef", "namespace"}));
  return attributes;
}

void SummaryPage::add_pod(const Value& pod) {
  const PodFacts* facts = pods_.find(text_at(pod, {"podRef", "uid"}));
  if (config_.wants_group("pod"))
    add_resource(attributes_of(pod), config_.metrics.pod, start_of(pod), [&](MetricWriter& writer) {
      add_common(writer, pod, "ephemeral-storage");
      if (const Value* network = at(pod, {"network"}))
        add_network(writer, batch_.arena(), pod_network, *network, config_.collect_all_network_interfaces.pod);
      add_shares(writer, pod, facts == nullptr ? Share{} : facts->limit, facts == nullptr ? Share{} : facts->request);
    });
  if (config_.wants_group("container"))
    each_at(pod, "containers", [&](const Value& container) { add_container(pod, facts, container); });
  if (config_.wants_group("volume"))
    each_at(pod, "volume", [&](const Value& volume) { add_volume(pod, facts, volume); });
}

void SummaryPage::add_container(const Value& pod, const PodFacts* facts, const Value& container) {
  const std::string_view name = text_at(container, {"name"});
  const ContainerFacts* known = nullptr;
  if (facts != nullptr)
    if (const auto found = facts->containers.find(name); found != facts->containers.end()) known = &found->second;
  Attributes attributes = attributes_of(pod);
  set_attribute(attributes, ResourceAttribute::container_name, name);
  if (config_.wants_label("container.id")) {
    // Without it this would be another series; the next scrape has it.
    if (known == nullptr || known->id.empty()) {
      ++left_out_;
      return;
    }
    set_attribute(attributes, ResourceAttribute::container_id, known->id);
  }
  add_resource(attributes, config_.metrics.container, start_of(container), [&](MetricWriter& writer) {
    add_common(writer, container, "rootfs");
    add_shares(writer, container, known == nullptr ? Share{} : known->limit,
               known == nullptr ? Share{} : known->request);
  });
}

void SummaryPage::add_volume(const Value& pod, const PodFacts* facts, const Value& volume) {
  const std::string_view name = text_at(volume, {"name"});
  Attributes attributes = attributes_of(pod);
  set_attribute(attributes, ResourceAttribute::volume_name, name);
  if (config_.wants_label("k8s.volume.type")) {
    const VolumeFacts* known = nullptr;
    if (facts != nullptr)
      if (const auto found = facts->volumes.find(name); found != facts->volumes.end()) known = &found->second;
    if (known == nullptr) {
      ++left_out_;
      return;
    }
    for (const auto& [attribute, text] : known->attributes) set_attribute(attributes, attribute, text);
  }
  add_resource(attributes, config_.metrics.volume, start_of(pod), [&](MetricWriter& writer) {
    add_number(writer, VolumeMetric::used, volume, {"usedBytes"});
    add_number(writer, VolumeMetric::available, volume, {"availableBytes"});
    add_number(writer, VolumeMetric::capacity, volume, {"capacityBytes"});
    add_number(writer, VolumeMetric::inodes, volume, {"inodes"});
    add_number(writer, VolumeMetric::inodes_free, volume, {"inodesFree"});
    add_number(writer, VolumeMetric::inodes_used, volume, {"inodesUsed"});
  });
}

void SummaryPage::add_node(const Value& node) {
  Attributes attributes;
  set_attribute(attributes, ResourceAttribute::node_name, text_at(node, {"nodeName"}));
  add_resource(attributes, config_.metrics.node, start_of(node), [&](MetricWriter& writer) {
    add_common(writer, node, "fs");
    if (const Value* network = at(node, {"network"}))
      add_network(writer, batch_.arena(), node_network, *network, config_.collect_all_network_interfaces.node);
  });
}

void SummaryPage::add_common(MetricWriter& writer, const Value& stats, std::string_view filesystem) const {
  const std::uint64_t start = start_of(stats);
  if (start != 0 && start <= now_) writer.add(CommonMetric::uptime, (now_ - start) / static_cast<std::uint64_t>(nanos));
  if (const auto used = number_at(stats, {"cpu", "usageNanoCores"})) {
    writer.add_real(CommonMetric::cpu_usage, static_cast<double>(*used) / nanos);
    writer.add_real(CommonMetric::cpu_utilization, static_cast<double>(*used) / nanos);
  }
  if (const auto time = number_at(stats, {"cpu", "usageCoreNanoSeconds"}))
    writer.add_real(CommonMetric::cpu_time, static_cast<double>(*time) / nanos);
  add_number(writer, CommonMetric::memory_available, stats, {"memory", "availableBytes"});
  add_number(writer, CommonMetric::memory_usage, stats, {"memory", "usageBytes"});
  add_number(writer, CommonMetric::memory_rss, stats, {"memory", "rssBytes"});
  add_number(writer, CommonMetric::memory_working_set, stats, {"memory", "workingSetBytes"});
  add_number(writer, CommonMetric::memory_page_faults, stats, {"memory", "pageFaults"});
  add_number(writer, CommonMetric::memory_major_page_faults, stats, {"memory", "majorPageFaults"});
  add_number(writer, CommonMetric::filesystem_available, stats, {filesystem, "availableBytes"});
  add_number(writer, CommonMetric::filesystem_capacity, stats, {filesystem, "capacityBytes"});
  add_number(writer, CommonMetric::filesystem_usage, stats, {filesystem, "usedBytes"});
}

void SummaryPage::add_shares(MetricWriter& writer, const Value& stats, Share limit, Share request) const {
  if (const auto cpu = number_at(stats, {"cpu", "usageNanoCores"})) {
    const double cores = static_cast<double>(*cpu) / nanos;
    add_share(writer, ShareMetric::cpu_of_node, cores, node_capacity_.cpu);
    add_share(writer, ShareMetric::cpu_of_limit, cores, limit.cpu);
    add_share(writer, ShareMetric::cpu_of_request, cores, request.cpu);
  }
  if (const auto memory = number_at(stats, {"memory", "usageBytes"})) {
    const auto bytes = static_cast<double>(*memory);
    add_share(writer, ShareMetric::memory_of_node, bytes, node_capacity_.memory);
    add_share(writer, ShareMetric::memory_of_limit, bytes, limit.memory);
    add_share(writer, ShareMetric::memory_of_request, bytes, request.memory);
  }
}

void SummaryPage::add_network(MetricWriter& writer, Arena& arena, const NetworkMetrics& metrics, const Value& network,
                              bool is_every_interface) {
  const auto add = [&](const Value& interface) {
    const Value name = text_value(arena, text_at(interface, {"name"}));
    const auto add_number_of = [&](std::size_t metric, std::string_view key, const char* direction) {
      if (const auto number = number_at(interface, {key})) writer.add(metric, *number, {name, Value::of(direction)});
    };
    add_number_of(metrics.io, "rxBytes", "receive");
    add_number_of(metrics.io, "txBytes", "transmit");
    add_number_of(metrics.errors, "rxErrors", "receive");
    add_number_of(metrics.errors, "txErrors", "transmit");
  };
  if (is_every_interface)
    each_at(network, "interfaces", add);
  else
    add(network);
}

}  // namespace rankwire::kubelet_stats
