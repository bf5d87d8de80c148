#include "receivers/prometheus/kubernetes_targets.hpp"

#include <algorithm>
#include <array>

#include "kubernetes/pod.hpp"
#include "otlp/value_text.hpp"
#include "receivers/prometheus/kubernetes_labels.hpp"

namespace rankwire::prometheus {
namespace {

using kubernetes::at;
using kubernetes::text_at;

constexpr std::array<std::string_view, 7> kinds = {"pod",  "service", "endpoints", "endpointslice",
                                                   "node", "ingress", "namespace"};

// Whatever it is a key of. Texts under `labels` and `annotations` have keys of their own.
constexpr std::array<std::string_view, 55> essential = {"Port",
                                                        "address",
                                                        "addressType",
                                                        "addresses",
                                                        "annotations",
                                                        "appProtocol",
                                                        "clusterIP",
                                                        "conditions",
                                                        "containerID",
                                                        "containerPort",
                                                        "containers",
                                                        "controller",
                                                        "containerStatuses",
                                                        "daemonEndpoints",
                                                        "endpoints",
                                                        "externalName",
                                                        "host",
                                                        "hostIP",
                                                        "hostname",
                                                        "hosts",
                                                        "http",
                                                        "image",
                                                        "ingressClassName",
                                                        "initContainers",
                                                        "initContainerStatuses",
                                                        "ip",
                                                        "kind",
                                                        "kubeletEndpoint",
                                                        "labels",
                                                        "loadBalancerIP",
                                                        "metadata",
                                                        "name",
                                                        "namespace",
                                                        "nodeName",
                                                        "notReadyAddresses",
                                                        "ownerReferences",
                                                        "path",
                                                        "paths",
                                                        "phase",
                                                        "podIP",
                                                        "port",
                                                        "ports",
                                                        "protocol",
                                                        "providerID",
                                                        "ready",
                                                        "rules",
                                                        "serving",
                                                        "spec",
                                                        "status",
                                                        "subsets",
                                                        "targetRef",
                                                        "terminating",
                                                        "tls",
                                                        "type",
                                                        "uid"};

bool is_essential(std::string_view key) {
  return key == "zone" || key == "deprecatedTopology" ||
         std::find(essential.begin(), essential.end(), key) != essential.end();
}

Value pruned(const Value& value, Arena& arena) {
  if (value.type() == ValueType::array) {
    List<Value> items;
    for (const Value& item : value.items()) items.push(arena, pruned(item, arena));
    return Value::of(items);
  }
  if (value.type() != ValueType::map) return value;
  Attributes entries;
  for (const KeyValue& entry : value.entries()) {
    if (!is_essential(entry.key)) continue;
    const bool is_whole = entry.key == "labels" || entry.key == "annotations" || entry.key == "deprecatedTopology";
    entries.push(arena, {entry.key, is_whole ? entry.value : pruned(entry.value, arena)});
  }
  return Value::of(entries);
}

std::string id_of_container(const Value& pod, std::string_view name, bool is_init) {
  for (const Value& status : list_at(pod, {"status", is_init ? "initContainerStatuses" : "containerStatuses"}))
    if (text_at(status, {"name"}) == name) return std::string(text_at(status, {"containerID"}));
  return {};
}

void make_pod(const Value& pod, const AttachedMetadata& attached, KubernetesLookup& lookup, LabelMap& of_all,
              TargetGroup& group) {
  // Without an address it has not started, or was evicted.
  const std::string_view ip = text_at(pod, {"status", "podIP"});
  if (ip.empty()) return;
  add_pod(of_all, pod);
  if (attached.node) add_node(of_all, text_at(pod, {"spec", "nodeName"}), lookup);
  for_containers(pod, [&](const Value& container, bool is_init) {
    LabelMap labels;
    labels["__address__"] = ip;
    add_container(labels, container, is_init);
    add_meta(labels, "pod_container_id", id_of_container(pod, text_at(container, {"name"}), is_init));
    const List<Value> ports = list_at(container, {"ports"});
    // The port is for a rule to say.
    if (ports.empty()) group.targets.push_back(owned(labels));
    for (const Value& port : ports) {
      LabelMap of_port = labels;
      of_port["__address__"] = joined_address(ip, text_of(at(port, {"containerPort"})));
      add_container_port(of_port, port);
      group.targets.push_back(owned(of_port));
    }
  });
}

void make_service(const Value& service, LabelMap& of_all, TargetGroup& group) {
  add_service(of_all, service);
  const std::string host = std::string(text_at(service, {"metadata", "name"})) + "." +
                           std::string(text_at(service, {"metadata", "namespace"})) + ".svc";
  const std::string_view type = text_at(service, {"spec", "type"});
  for (const Value& port : list_at(service, {"spec", "ports"})) {
    LabelMap labels;
    const std::string number = text_of(at(port, {"port"}));
    labels["__address__"] = joined_address(host, number);
    add_meta(labels, "service_port_name", text_at(port, {"name"}));
    add_meta(labels, "service_port_number", number);
    add_meta(labels, "service_port_protocol", text_at(port, {"protocol"}));
    add_meta(labels, "service_type", type);
    if (type == "ExternalName")
      add_meta(labels, "service_external_name", text_at(service, {"spec", "externalName"}));
    else
      add_meta(labels, "service_cluster_ip", text_at(service, {"spec", "clusterIP"}));
    if (type == "LoadBalancer")
      add_meta(labels, "service_loadbalancer_ip", text_at(service, {"spec", "loadBalancerIP"}));
    group.targets.push_back(owned(labels));
  }
}

void make_node(const Value& node, LabelMap& of_all, TargetGroup& group) {
  // The first kind that it has an address of is the target's.
  static constexpr std::array<std::string_view, 6> preferred = {"InternalIP",  "InternalDNS",  "ExternalIP",
                                                                "ExternalDNS", "LegacyHostIP", "Hostname"};
  add_metadata(of_all, "node", node);
  add_name(of_all, "node", node);
  add_meta(of_all, "node_provider_id", text_at(node, {"spec", "providerID"}));
  LabelMap labels;
  std::size_t best = preferred.size();
  std::string host;
  for (const Value& address : list_at(node, {"status", "addresses"})) {
    const std::string type(text_at(address, {"type"}));
    const std::string_view text = text_at(address, {"address"});
    if (!labels.contains("__meta_kubernetes_node_address_" + type)) add_meta(labels, "node_address_" + type, text);
    const auto rank = static_cast<std::size_t>(std::find(preferred.begin(), preferred.end(), type) - preferred.begin());
    if (rank >= best) continue;
    best = rank;
    host = text;
  }
  if (best == preferred.size()) return;
  const std::string port = text_of(at(node, {"status", "daemonEndpoints", "kubeletEndpoint", "Port"}));
  labels["__address__"] = joined_address(host, port.empty() ? "0" : port);
  labels["instance"] = text_at(node, {"metadata", "name"});
  group.targets.push_back(owned(labels));
}

// "*.example.com" stands for one more part of a name.
bool is_host_of(std::string_view pattern, std::string_view host) {
  if (pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  const auto dot = host.find('.');
  return dot != std::string_view::npos && host.substr(dot) == pattern.substr(1);
}

void make_ingress(const Value& ingress, LabelMap& of_all, TargetGroup& group) {
  add_name(of_all, "ingress", ingress);
  add_metadata(of_all, "ingress", ingress);
  add_meta(of_all, "ingress_class_name", text_at(ingress, {"spec", "ingressClassName"}));
  for (const Value& rule : list_at(ingress, {"spec", "rules"})) {
    const std::string_view host = text_at(rule, {"host"});
    bool is_secure = false;
    for (const Value& tls : list_at(ingress, {"spec", "tls"}))
      for (const Value& pattern : list_at(tls, {"hosts"}))
        is_secure = is_secure || (pattern.is_text() && is_host_of(pattern.text(), host));
    const auto add = [&](std::string_view path) {
      LabelMap labels;
      labels["__address__"] = host;
      add_meta(labels, "ingress_scheme", is_secure ? "https" : "http");
      add_meta(labels, "ingress_host", host);
      add_meta(labels, "ingress_path", path.empty() ? "/" : path);
      group.targets.push_back(owned(labels));
    };
    if (at(rule, {"http"}) == nullptr) add("/");
    for (const Value& path : list_at(rule, {"http", "paths"})) add(text_at(path, {"path"}));
  }
}

}  // namespace

std::string_view to_string(KubernetesKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

std::optional<KubernetesKind> role_of(std::string_view text) {
  const auto* const found = std::find(kinds.begin(), kinds.end(), text);
  const auto kind = static_cast<KubernetesKind>(found - kinds.begin());
  return found == kinds.end() || kind == KubernetesKind::name_space ? std::nullopt : std::optional(kind);
}

std::string key_of(const Value& object) {
  const std::string_view name_space = text_at(object, {"metadata", "namespace"});
  const std::string_view name = text_at(object, {"metadata", "name"});
  return name_space.empty() ? std::string(name) : std::string(name_space) + "/" + std::string(name);
}

std::string essence_of(const Value& object, Arena& arena) {
  std::string json;
  otlp::append_json(pruned(object, arena), json);
  return json;
}

TargetGroup targets_of(KubernetesKind role, const Value& object, const AttachedMetadata& attached,
                       KubernetesLookup& lookup) {
  TargetGroup group;
  group.source = std::string(to_string(role)) + "/" + key_of(object);
  LabelMap of_all;
  const std::string_view name_space = text_at(object, {"metadata", "namespace"});
  add_meta(of_all, "namespace", name_space);
  if (attached.name_space && !name_space.empty()) add_namespace(of_all, name_space, lookup);
  switch (role) {
    case KubernetesKind::pod: make_pod(object, attached, lookup, of_all, group); break;
    case KubernetesKind::service: make_service(object, of_all, group); break;
    case KubernetesKind::endpoints: make_endpoints(object, attached, lookup, of_all, group); break;
    case KubernetesKind::endpointslice: make_endpoint_slice(object, attached, lookup, of_all, group); break;
    case KubernetesKind::node: make_node(object, of_all, group); break;
    case KubernetesKind::ingress: make_ingress(object, of_all, group); break;
    case KubernetesKind::name_space: break;
  }
  if (role == KubernetesKind::endpoints || role == KubernetesKind::endpointslice) {
    add_name(of_all, to_string(role), object);
    add_metadata(of_all, to_string(role), object);
  }
  group.labels = owned(of_all);
  return group;
}

}  // namespace rankwire::prometheus
