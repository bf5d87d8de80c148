// The resource of a target's metrics: who it is, by job and instance, what discovery says of it, and its target_info.
#include <arpa/inet.h>

#include <array>

#include "exposition/target_state.hpp"

namespace rankwire::exposition {

namespace {

constexpr std::pair<std::string_view, std::string_view> kubernetes_attributes[] = {
    {"__meta_kubernetes_pod_name", "k8s.pod.name"},
    {"__meta_kubernetes_pod_uid", "k8s.pod.uid"},
    {"__meta_kubernetes_pod_container_name", "k8s.container.name"},
    {"__meta_kubernetes_namespace", "k8s.namespace.name"},
    {"__meta_kubernetes_pod_node_name", "k8s.node.name"},
    {"__meta_kubernetes_node_name", "k8s.node.name"},
    {"__meta_kubernetes_endpoint_node_name", "k8s.node.name"},
};
constexpr std::pair<std::string_view, std::string_view> controllers[] = {
    {"ReplicaSet", "k8s.replicaset.name"},   {"DaemonSet", "k8s.daemonset.name"},
    {"StatefulSet", "k8s.statefulset.name"}, {"Job", "k8s.job.name"},
    {"CronJob", "k8s.cronjob.name"},
};

// Host and port of "host:port", "[::1]:port"; what is neither is a host.
std::pair<std::string_view, std::string_view> host_and_port(std::string_view instance) {
  const std::size_t colon = instance.rfind(':');
  if (colon == std::string_view::npos) return {instance, {}};
  std::string_view host = instance.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return {instance, {}};
  return {host, instance.substr(colon + 1)};
}

// Whether a host's name tells it apart from others: not localhost, not a loopback or unspecified address.
bool tells_apart(std::string_view host) {
  if (host == "localhost") return false;
  const std::string text(host);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
    return bytes[0] != 127 && (bytes[0] | bytes[1] | bytes[2] | bytes[3]) != 0;
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return true;
  std::array<std::uint8_t, 16> low{};
  if (bytes == low) return false;
  low[15] = 1;
  return bytes != low;
}

}  // namespace

void Target::State::write_resource(const ScrapedResource& resource, Resource& to) {
  Arena& arena = batch_->arena();
  const auto put = [&](std::string_view key, std::string_view value) {
    set(to.attributes, arena, key, Value::of(arena.copy(value)));
  };
  const auto discovered = [&](std::string_view name) -> std::string_view {
    for (const auto& [label, value] : options_.discovered)
      if (label == name) return value;
    return {};
  };
  const auto [host, port] = host_and_port(resource.instance);
  put("service.name", resource.job);
  if (tells_apart(host)) put("server.address", host);
  put("service.instance.id", resource.instance);
  put("server.port", port);
  put("url.scheme", discovered("__scheme__"));
  for (const auto& [label, key] : kubernetes_attributes)
    if (const std::string_view value = discovered(label); !value.empty()) put(key, value);
  const std::string_view controller = discovered("__meta_kubernetes_pod_controller_name");
  for (const auto& [kind, key] : controllers)
    if (!controller.empty() && discovered("__meta_kubernetes_pod_controller_kind") == kind) put(key, controller);
  if (resource.info == none || resource.info_seen != scrape_) return;
  for (const std::uint32_t id : table_->pairs_of(table_->sets[resource.info]))
    put(table_->pair(id).key, table_->pair(id).value.text());
}

}  // namespace rankwire::exposition
