// What becomes of a kubelet's pages, and what a user may configure. The way to the kubelet: tests/end_to_end.
#include <doctest/doctest.h>

#include "receivers/kubelet_stats/kubelet_stats_receiver.hpp"
#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "text/json_value.hpp"

namespace rankwire::kubelet_stats {
namespace {

using testing::Lines;

constexpr std::uint64_t now = 1'767'323'165'000'000'000;  // 2026-01-02T03:06:05Z

const std::string page = R"({"pods":[{"podRef":{"name":"web-1","namespace":"shop","uid":"u-1"},
  "startTime":"2026-01-02T03:05:05Z","cpu":{"usageNanoCores":250000000,"usageCoreNanoSeconds":4000000000},
  "memory":{"usageBytes":512},"ephemeral-storage":{"availableBytes":60,"capacityBytes":100,"usedBytes":7},
  "network":{"name":"eth0","rxBytes":1,"rxErrors":3,"txBytes":2,"txErrors":4,
    "interfaces":[{"name":"eth0","rxBytes":1},{"name":"eth1","txBytes":9}]},
  "containers":[{"name":"app","startTime":"2026-01-02T03:05:35Z",
    "cpu":{"usageNanoCores":250000000,"usageCoreNanoSeconds":4000000000},
    "memory":{"availableBytes":1,"usageBytes":512,"workingSetBytes":300,"rssBytes":200,"pageFaults":3,
      "majorPageFaults":0},"rootfs":{"availableBytes":60,"capacityBytes":100,"usedBytes":4}}],
  "volume":[{"name":"data","availableBytes":6,"capacityBytes":10,"usedBytes":4,"inodesFree":5,"inodes":9,
    "inodesUsed":4}]}],
  "node":{"nodeName":"node-4","startTime":"2026-01-02T03:04:05Z","fs":{"usedBytes":40},
    "memory":{"workingSetBytes":18446744073709551615},"cpu":{"usageCoreNanoSeconds":"wrong"}}})";

const std::string pod = R"({"metadata":{"uid":"u-1","name":"web-1","namespace":"shop"},"spec":{
  "containers":[{"name":"app","resources":{"limits":{"cpu":"500m","memory":"1Ki"},"requests":{"cpu":"1"}}}],
  "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"claim-1"}}]},
  "status":{"containerStatuses":[{"name":"app","containerID":"containerd://abc"}]}})";

KubeletStatsConfig configured(const std::string& yaml) {
  config::Diagnostics diagnostics;
  auto config = config::read<KubeletStatsConfig>(config::parse_yaml(yaml, "test", diagnostics), "t", diagnostics);
  REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
  return config;
}

std::string refusal(const std::string& yaml) {
  config::Diagnostics diagnostics;
  (void)config::read<KubeletStatsConfig>(config::parse_yaml(yaml, "test", diagnostics), "t", diagnostics);
  return diagnostics.text();
}

void take_pod(PodTable& pods, const std::string& json, const FindClaim& find = {}) {
  Arena arena;
  Value value;
  REQUIRE(text::read_json_object(json, text::NumberForm::integer_where_exact, arena, value));
  pods.take(value, find);
}

struct Read {
  Lines resources, values;
  std::uint64_t left_out = 0;
};

Read read(const std::string& yaml, const PodTable& pods = {}, Share capacity = {}) {
  const KubeletStatsConfig config = configured("{auth_type: none, " + yaml + "}");
  SummaryPage summary(config, pods, capacity, now);
  REQUIRE(summary.feed(page));
  auto batch = summary.finish();
  REQUIRE(batch);
  Read result{.left_out = summary.left_out()};
  for (const MetricResource& resource : batch->resources)
    result.resources.push_back(testing::text_of(resource.resource.attributes));
  result.values = testing::point_lines(std::move(*batch));
  return result;
}

bool has(const Lines& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST_CASE("pods, containers and the node are resources of their own, with upstream's metrics by default") {
  const Read all = read("");
  CHECK(all.resources == Lines{"{k8s.pod.uid=u-1,k8s.pod.name=web-1,k8s.namespace.name=shop}",
                               "{k8s.pod.uid=u-1,k8s.pod.name=web-1,k8s.namespace.name=shop,k8s.container.name=app}",
                               "{k8s.node.name=node-4}"});
  for (const char* line :
       {"k8s.pod.cpu.usage{} 0.25r @0-1767323165000000000",
        "k8s.pod.cpu.time{} 4r @1767323105000000000-1767323165000000000",
        "k8s.pod.filesystem.usage{} 7 @0-1767323165000000000",
        "k8s.pod.network.io{interface=eth0,direction=transmit} 2 @1767323105000000000-1767323165000000000",
        "k8s.pod.network.errors{interface=eth0,direction=receive} 3 @1767323105000000000-1767323165000000000",
        "container.memory.rss{} 200 @0-1767323165000000000", "container.memory.page_faults{} 3 @0-1767323165000000000",
        "container.filesystem.capacity{} 100 @0-1767323165000000000",
        "k8s.node.filesystem.usage{} 40 @0-1767323165000000000"})
    CHECK_MESSAGE(has(all.values, line), line);
  // Neither what is no number nor what no number of OTLP can hold.
  for (const std::string& line : all.values) CHECK(line.find("k8s.node.cpu") == std::string::npos);
}

TEST_CASE("groups, metrics, attributes of resources and interfaces are chosen") {
  const Read some = read(
      "metric_groups: [pod], collect_all_network_interfaces: {pod: true}, resource_attributes: {k8s.pod.uid: "
      "{enabled: false}}, metrics: {k8s.pod.cpu.time: {enabled: false}, k8s.pod.uptime: {enabled: true}}");
  CHECK(some.resources == Lines{"{k8s.pod.name=web-1,k8s.namespace.name=shop}"});
  CHECK(has(some.values, "k8s.pod.uptime{} 60 @1767323105000000000-1767323165000000000"));
  CHECK(has(some.values,
            "k8s.pod.network.io{interface=eth1,direction=transmit} 9 @1767323105000000000-1767323165000000000"));
  for (const std::string& line : some.values) CHECK(line.find("k8s.pod.cpu.time") == std::string::npos);
}

TEST_CASE("what is used is given as a part of limits, requests and the node") {
  PodTable pods;
  take_pod(pods, pod);
  const Read shares = read(
      "node: n, k8s_api_config: {}, metrics: {k8s.container.cpu_limit_utilization: {enabled: true}, "
      "k8s.container.memory_limit_utilization: {enabled: true}, k8s.pod.cpu_request_utilization: {enabled: true}, "
      "k8s.pod.memory_request_utilization: {enabled: true}, k8s.pod.cpu.node.utilization: {enabled: true}, "
      "k8s.container.memory.node.utilization: {enabled: true}}",
      pods, {.cpu = 4, .memory = 2048});
  const std::string at = " @0-1767323165000000000";
  CHECK(has(shares.values, "k8s.container.cpu_limit_utilization{} 0.5r" + at));
  CHECK(has(shares.values, "k8s.container.memory_limit_utilization{} 0.5r" + at));
  CHECK(has(shares.values, "k8s.pod.cpu_request_utilization{} 0.25r" + at));
  CHECK(has(shares.values, "k8s.pod.cpu.node.utilization{} 0.0625r" + at));
  CHECK(has(shares.values, "k8s.container.memory.node.utilization{} 0.25r" + at));
  // The container asks for no memory.
  for (const std::string& line : shares.values) CHECK(line.find("memory_request") == std::string::npos);
}

TEST_CASE("containers have ids, and volumes the type of what is behind their claim") {
  PodTable pods;
  take_pod(pods, pod, [](std::string_view id, std::string_view space, std::string_view claim) {
    CHECK(std::string(id) + " " + std::string(space) + " " + std::string(claim) == "u-1/data shop claim-1");
    VolumeFacts facts;
    facts.attributes = {{ResourceAttribute::volume_type, "gcePersistentDisk"}, {ResourceAttribute::gce_pd_name, "d"}};
    return std::optional(facts);
  });
  const std::string labels = "extra_metadata_labels: [container.id, k8s.volume.type], metric_groups: [container, ";
  const Read known = read(labels + "volume], metrics: {k8s.pod.volume.usage: {enabled: true}}", pods);
  REQUIRE(known.resources.size() == 2);
  CHECK(known.resources[0] ==
        "{k8s.pod.uid=u-1,k8s.pod.name=web-1,k8s.namespace.name=shop,k8s.container.name=app,container.id=abc}");
  CHECK(known.resources[1] ==
        "{k8s.pod.uid=u-1,k8s.pod.name=web-1,k8s.namespace.name=shop,k8s.volume.name=data,"
        "k8s.persistentvolumeclaim.name=claim-1,k8s.volume.type=gcePersistentDisk,gce.pd.name=d}");
  CHECK(has(known.values, "k8s.volume.inodes.used{} 4 @0-1767323165000000000"));
  CHECK(has(known.values, "k8s.pod.volume.usage{} 4 @1767323105000000000-1767323165000000000"));
  const Read unknown = read(labels + "volume]");
  CHECK(unknown.resources.empty());
  CHECK(unknown.left_out == 2);
}

TEST_CASE("a page that breaks off, or is none, gives nothing") {
  const KubeletStatsConfig config = configured("{auth_type: none}");
  const PodTable pods;
  for (const std::string& bytes : {page.substr(0, page.size() - 2), std::string("{\"pods\":[]}"), std::string("{}")}) {
    SummaryPage summary(config, pods, {}, now);
    CHECK((!summary.feed(bytes) || !summary.finish()));
  }
  SummaryPage html(config, pods, {}, now);
  CHECK(!html.feed("<html>"));
}

TEST_CASE("quantities are read as Kubernetes writes them") {
  CHECK(parse_quantity("500m") == doctest::Approx(0.5));
  CHECK(parse_quantity("1.5") == doctest::Approx(1.5));
  CHECK(parse_quantity("2Gi") == doctest::Approx(2147483648.0));
  CHECK(parse_quantity("1e3") == doctest::Approx(1000));
  CHECK(parse_quantity("1E") == doctest::Approx(1e18));
  CHECK(!parse_quantity("two"));
  CHECK(!parse_quantity("1Q"));
}

TEST_CASE("the kubelet is found by the endpoint, the node or the host's name") {
  CHECK(configured("{auth_type: serviceAccount}").url("host") == "https://host:10250");
  CHECK(configured("{auth_type: serviceAccount, node: n}").url("host") == "https://n:10250");
  CHECK(configured("{auth_type: none}").url("host") == "http://host:10255");
  CHECK(configured("{auth_type: serviceAccount, endpoint: 'n:1'}").url("host") == "https://n:1");
  CHECK(configured("{auth_type: none, endpoint: 'https://n:1'}").url("host") == "https://n:1");
}

TEST_CASE("what cannot work is refused with what to do instead") {
  CHECK(refusal("{}").find("set cert_file, key_file and ca_file, or auth_type: serviceAccount") != std::string::npos);
  CHECK(refusal("{auth_type: kubeConfig}").find("kubeConfig is not supported") != std::string::npos);
  CHECK(refusal("{auth_type: serviceAccount, endpoint: 'http://n:10255'}").find("https only") != std::string::npos);
  CHECK(refusal("{auth_type: none, metric_groups: [pods]}").find("container, pod, node, volume") != std::string::npos);
  CHECK(refusal("{auth_type: none, extra_metadata_labels: [container.id, container.id]}").find("twice") !=
        std::string::npos);
  const std::string node = refusal("{auth_type: none, metrics: {k8s.pod.cpu.node.utilization: {enabled: true}}}");
  CHECK(node.find("node: must be set") != std::string::npos);
  CHECK(node.find("k8s_api_config: must be set") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::kubelet_stats
