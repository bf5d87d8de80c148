#include "receivers/kubelet_stats/kubelet_stats_config.hpp"

#include <algorithm>

#include "net/http_client.hpp"

namespace rankwire::kubelet_stats {
namespace {

constexpr std::string_view group_names[] = {"container", "pod", "node", "volume"};
constexpr std::string_view label_names[] = {"container.id", "k8s.volume.type"};

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void check_names(config::Validator& v, std::string_view key, const std::vector<std::string>& list,
                 std::span<const std::string_view> known) {
  std::string all;
  for (const std::string_view name : known) all += (all.empty() ? "" : ", ") + std::string(name);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (std::find(known.begin(), known.end(), list[i]) == known.end())
      v.error(key, "\"" + list[i] + "\" is none of them", "allowed are " + all);
    if (std::count(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i), list[i]) != 0)
      v.error(key, "\"" + list[i] + "\" is there twice");
  }
}

template <class... Wanted>
bool any_of(const MetricSwitches& switches, Wanted... wanted) {
  return (switches.is_enabled(wanted) || ...);
}

}  // namespace

void AttributeSwitch::fields(config::Fields& f) {
  f.field("enabled", enabled, "Whether resources have it.");
  f.unsupported("metrics_include", "resources are chosen by the processor filter");
  f.unsupported("metrics_exclude", "resources are left out by the processor filter");
}

void ResourceAttributes::fields(config::Fields& f) {
  for (std::size_t i = 0; i < std::size(names); ++i) f.section(names[i], switches[i], "An attribute of the resource.");
}

void Metrics::fields(config::Fields& f) {
  f.squash(container);
  f.squash(pod);
  f.squash(node);
  f.squash(volume);
}

bool Metrics::need_requests() const {
  const auto of = [](const MetricSwitches& switches) {
    return any_of(switches, ShareMetric::cpu_of_limit, ShareMetric::cpu_of_request, ShareMetric::memory_of_limit,
                  ShareMetric::memory_of_request);
  };
  return of(container) || of(pod);
}

bool Metrics::need_capacity() const {
  return any_of(container, ShareMetric::cpu_of_node, ShareMetric::memory_of_node) ||
         any_of(pod, ShareMetric::cpu_of_node, ShareMetric::memory_of_node);
}

void NetworkInterfacesConfig::fields(config::Fields& f) {
  f.field("node", node, "Of the node.");
  f.field("pod", pod, "Of pods.");
}

void ApiConfig::fields(config::Fields& f) {
  f.choice("auth_type", auth_type,
           {{"none", static_cast<int>(Authentication::none)},
            {"serviceAccount", static_cast<int>(Authentication::service_account)},
            {"kubeConfig", static_cast<int>(Authentication::kube_config)},
            {"tls", static_cast<int>(Authentication::tls)}},
           "How the other side knows who asks.");
  f.field("service_account_directory", service_account_directory, "Where token and ca.crt of serviceAccount are.");
  f.unsupported("context", "it belongs to auth_type: kubeConfig, which is not supported");
  f.ignored("kube_api_qps", "little is asked, one thing after the other");
  f.ignored("kube_api_burst", "little is asked, one thing after the other");
}

void ApiConfig::validate(config::Validator& v) const {
  if (auth_type == Authentication::kube_config)
    v.error("auth_type", "kubeConfig is not supported", "use serviceAccount");
}

void KubeletStatsConfig::fields(config::Fields& f) {
  f.field("collection_interval", collection_interval, "How often everything is read.", {.min = 1e8, .max = 86400e9});
  f.field("initial_delay", initial_delay, "How long after the start for the first time.", {.min = 0, .max = 86400e9});
  f.field("timeout", timeout, "How long the kubelet may take to answer; 0: the interval, 10s at least.", {.min = 0});
  f.squash(kubelet);
  f.squash(tls);
  f.field("insecure_skip_verify", insecure_skip_verify, "Accept any certificate: no protection against impostors.");
  f.field("endpoint", endpoint, "The kubelet's address, with port; empty: of `node`, else of the host we run on.");
  f.ignored("dialer", "timeout says how long everything may take");
  f.field("node", node, "Name of the node.");
  f.field("extra_metadata_labels", extra_metadata_labels, "Taken from /pods: container.id, k8s.volume.type.");
  f.field("metric_groups", metric_groups, "What is given: container, pod, node, volume.");
  f.section("collect_all_network_interfaces", collect_all_network_interfaces,
            "Every network interface instead of the first one.");
  f.optional_section("k8s_api_config", k8s_api_config, "Ask the API server too: what the node has, and of claims.");
  f.section("resource_attributes", resource_attributes, "Which attributes resources have.");
  f.section("metrics", metrics, "Which metrics are given.");
}

void KubeletStatsConfig::validate(config::Validator& v) const {
  check_names(v, "metric_groups", metric_groups, group_names);
  check_names(v, "extra_metadata_labels", extra_metadata_labels, label_names);
  const bool has_certificate = !tls.cert_file.empty() || !tls.cert_pem.reveal().empty();
  const bool has_authority =
      !tls.ca_file.empty() || !tls.ca_pem.reveal().empty() || tls.include_system_ca_certs_pool || insecure_skip_verify;
  if (kubelet.auth_type == Authentication::tls && !has_certificate)
    v.error("auth_type", "tls, the default, needs a certificate",
            "set cert_file, key_file and ca_file, or auth_type: serviceAccount");
  if (kubelet.auth_type == Authentication::tls && has_certificate && !has_authority)
    v.error("ca_file", "must be set for auth_type: tls");
  if (const auto parsed = net::Url::parse(url("localhost")); !parsed)
    v.error("endpoint", "must be an address: " + parsed.error().message(), "https://${env:K8S_NODE_NAME}:10250");
  else if (kubelet.auth_type != Authentication::none && parsed->scheme != "https")
    v.error("endpoint", "credentials are sent by https only", "https://, or auth_type: none");
  if (k8s_api_config && k8s_api_config->auth_type == Authentication::tls)
    v.error("k8s_api_config.auth_type", "tls is not supported here", "use serviceAccount");
  if (!metrics.need_capacity()) return;
  if (node.empty())
    v.error("node", "must be set for metrics that are part of what the node has", "${env:K8S_NODE_NAME}");
  if (!k8s_api_config)
    v.error("k8s_api_config", "must be set for metrics that are part of what the node has",
            "auth_type: serviceAccount");
}

bool KubeletStatsConfig::wants_group(std::string_view group) const { return has(metric_groups, group); }
bool KubeletStatsConfig::wants_label(std::string_view label) const { return has(extra_metadata_labels, label); }

std::string KubeletStatsConfig::url(const std::string& hostname) const {
  const bool is_open = kubelet.auth_type == Authentication::none;
  const std::string scheme = is_open ? "http://" : "https://";
  if (endpoint.empty()) return scheme + (node.empty() ? hostname : node) + (is_open ? ":10255" : ":10250");
  const bool has_scheme = endpoint.find("://") != std::string::npos;
  return has_scheme ? endpoint : scheme + endpoint;
}

}  // namespace rankwire::kubelet_stats
