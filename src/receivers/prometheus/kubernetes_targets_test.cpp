#include "receivers/prometheus/kubernetes_targets.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "receivers/prometheus/kubernetes_objects.hpp"
#include "receivers/prometheus/scrape_config.hpp"
#include "testing/test_environment.hpp"
#include "text/json_value.hpp"

namespace rankwire::prometheus {
namespace {

Value parsed(std::string_view json, Arena& arena) {
  Value value;
  REQUIRE(text::read_json_object(json, text::NumberForm::integer_where_exact, arena, value));
  return value;
}

class Nothing final : public KubernetesLookup {
 public:
  const Value* find(KubernetesKind, std::string_view) override { return nullptr; }
};

// "address: name=value …" of each target, without what begins all names.
std::string found(KubernetesKind role, std::string_view json) {
  Arena arena;
  Nothing nothing;
  const TargetGroup group = targets_of(role, parsed(json, arena), {}, nothing);
  const auto short_name = [](const std::string& name) {
    constexpr std::string_view prefix = "__meta_kubernetes_";
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  };
  std::string text = group.source;
  for (const auto& [name, value] : group.labels) text += " " + short_name(name) + "=" + value;
  for (const OwnedLabels& target : group.targets) {
    text += ";";
    for (const auto& [name, value] : target) text += " " + short_name(name) + "=" + value;
  }
  return text;
}

std::string problems(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  (void)config::read<KubernetesDiscoveryConfig>(node, "test", diagnostics);
  return diagnostics.has_errors() ? diagnostics.text() : "";
}

constexpr const char* pod_json =
    R"({"metadata": {"name": "p", "namespace": "n", "uid": "u", "labels": {"a/b": "c"}, "managedFields": [{"x": 1}]},
        "spec": {"nodeName": "m", "containers": [{"name": "c", "image": "i", "env": [{"name": "E", "value": "secret"}],
                 "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}]}]},
        "status": {"podIP": "::1", "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                   "containerStatuses": [{"name": "c", "containerID": "x://1"}]}})";

}  // namespace

TEST_CASE("a pod is a target for each port of its containers") {
  CHECK(found(KubernetesKind::pod, pod_json) ==
        "pod/n/p namespace=n pod_ip=::1 pod_label_a_b=c pod_labelpresent_a_b=true pod_name=p pod_node_name=m "
        "pod_phase=Running pod_ready=true pod_uid=u; __address__=[::1]:80 pod_container_id=x://1 "
        "pod_container_image=i pod_container_init=false pod_container_name=c pod_container_port_name=http "
        "pod_container_port_number=80 pod_container_port_protocol=TCP");
}

TEST_CASE("a pod without an address, and a node, are no targets") {
  CHECK(found(KubernetesKind::pod, R"({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}})") ==
        "pod/p");
  CHECK(found(KubernetesKind::node, R"({"metadata": {"name": "n"}})") == "node/n node_name=n");
}

TEST_CASE("a node is reached by its best address") {
  const std::string text =
      found(KubernetesKind::node,
            R"({"metadata": {"name": "n"}, "status": {"addresses": [{"type": "Hostname", "address": "h"},
          {"type": "InternalIP", "address": "1.2.3.4"}], "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}})");
  CHECK(text ==
        "node/n node_name=n; __address__=1.2.3.4:10250 node_address_Hostname=h "
        "node_address_InternalIP=1.2.3.4 instance=n");
}

TEST_CASE("of an object only what targets need is kept, and no environment of containers") {
  Arena arena;
  const std::string kept = essence_of(parsed(pod_json, arena), arena);
  CHECK(kept.find("secret") == std::string::npos);
  CHECK(kept.find("managedFields") == std::string::npos);
  CHECK(found(KubernetesKind::pod, kept) == found(KubernetesKind::pod, pod_json));
}

TEST_CASE("configurations that Prometheus refuses are refused with the remedy") {
  CHECK(problems("{role: pod}").empty());
  CHECK(problems("{role: pod, api_server: 'https://a', bearer_token_file: t}").empty());
  CHECK(problems("{}").find("must be pod, service") != std::string::npos);
  CHECK(problems("{role: namespace}").find("must be pod, service") != std::string::npos);
  CHECK(problems("{role: pod, kubeconfig_file: f}").find("set api_server") != std::string::npos);
  CHECK(problems("{role: pod, bearer_token: t}").find("api_server") != std::string::npos);
  CHECK(problems("{role: pod, tls_config: {insecure_skip_verify: true}}").find("api_server") != std::string::npos);
  CHECK(problems("{role: pod, api_server: 'https://a', namespaces: {own_namespace: true}}").find("own_namespace") !=
        std::string::npos);
  CHECK(problems("{role: pod, selectors: [{role: node, label: a}]}").find("not what role pod") != std::string::npos);
  CHECK(problems("{role: endpoints, selectors: [{role: pod, label: a}, {role: pod, field: b}]}").find("two of them") !=
        std::string::npos);
}

TEST_CASE("objects that a new list no longer has are gone, and those over the limit are counted") {
  testing::TestEnvironment environment;
  Counter& not_kept = environment.counters.counter("not_kept", "Not kept.", {});
  KubernetesObjects objects(Bytes{500}, not_kept, environment.log);
  std::uint64_t heard = 0;
  objects.tell(&heard, [&] { ++heard; });
  Arena arena;
  const auto named = [&](const std::string& name) {
    return parsed(R"({"metadata": {"name": ")" + name + "\"}}", arena);
  };
  objects.listing_begins();
  objects.put(named("a"));
  objects.put(named("b"));
  CHECK_FALSE(objects.is_listed());
  CHECK(heard == 0);
  objects.listing_ended();
  CHECK(objects.is_listed());
  CHECK(heard == 1);
  objects.put(named("a"));
  CHECK(heard == 1);
  objects.put(named("c"));
  CHECK(objects.all().size() == 2);
  CHECK(environment.counters.total("not_kept") == 1);
  objects.listing_begins();
  objects.put(named("c"));
  objects.put(named("a"));
  objects.listing_ended();
  CHECK(objects.find("b") == nullptr);
  objects.removed(named("a"));
  objects.put(named("c"));
  CHECK(objects.find("c") != nullptr);
  CHECK(objects.all().size() == 1);
  objects.forget(&heard);
  const std::uint64_t before = heard;
  objects.put(named("d"));
  CHECK(heard == before);
}

}  // namespace rankwire::prometheus
