// Any bytes as what a kubelet answers: /stats/summary, or /pods, in two ways of cutting them into pieces.
#include "otlp/otlp.hpp"
#include "receivers/kubelet_stats/summary_page.hpp"
#include "text/json_value.hpp"

using namespace rankwire;
using namespace rankwire::kubelet_stats;

namespace {

KubeletStatsConfig everything() {
  KubeletStatsConfig config;
  config.metric_groups = {"container", "pod", "node", "volume"};
  config.collect_all_network_interfaces = {true, true};
  const auto enable = [](MetricSwitches& switches) {
    for (std::size_t i = 0; i < switches.size(); ++i) switches.enable(i);
  };
  enable(config.metrics.container);
  enable(config.metrics.pod);
  enable(config.metrics.node);
  enable(config.metrics.volume);
  return config;
}

std::string read(std::string_view bytes, std::size_t piece) {
  static const KubeletStatsConfig config = everything();
  static const PodTable pods;
  SummaryPage page(config, pods, {.cpu = 4, .memory = 1024}, 1'800'000'000'000'000'000);
  while (!bytes.empty()) {
    if (!page.feed(bytes.substr(0, piece))) return "broken";
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  auto batch = page.finish();
  if (!batch) return "broken";
  for (const MetricResource& resource : batch->resources)
    if (resource.scopes.size() != 1 || resource.scopes[0].records.empty()) __builtin_trap();
  const WireBatch wire = otlp::encode(SignalBatch(std::move(*batch)), nullptr);
  std::string all;
  for (const SharedBytes& chunk : wire.chunks) all += chunk->view();
  return all;
}

void read_pod(std::string_view bytes) {
  Arena arena;
  Value pod;
  if (!text::read_json_object(bytes, text::NumberForm::integer_where_exact, arena, pod)) return;
  PodTable pods;
  pods.take(pod, [](std::string_view, std::string_view, std::string_view) { return std::optional<VolumeFacts>(); });
  pods.take(pod, {});
  (void)facts_of_persistent_volume(pod);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 4 == 3) {
    read_pod(bytes);
    if (const auto number = parse_quantity(bytes); number && *number != *number) __builtin_trap();
    return 0;
  }
  if (read(bytes, bytes.size() + 1) != read(bytes, data[0] / 4 + 1U)) __builtin_trap();
  return 0;
}
