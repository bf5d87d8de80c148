// What a user writes about a kubelet's figures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/settings/tls_settings.hpp"
#include "receivers/kubelet_stats/kubelet_metrics.hpp"

namespace rankwire::kubelet_stats {

enum class Authentication : int { none, service_account, kube_config, tls };

enum class ResourceAttribute : std::size_t {
  aws_volume_id,
  container_id,
  fs_type,
  gce_pd_name,
  glusterfs_endpoints_name,
  glusterfs_path,
  container_name,
  namespace_name,
  node_name,
  claim_name,
  pod_name,
  pod_uid,
  volume_name,
  volume_type,
  partition
};

struct AttributeSwitch {
  bool enabled = true;

  void fields(config::Fields& f);
};

struct ResourceAttributes {
  static constexpr std::string_view names[] = {"aws.volume.id",
                                               "container.id",
                                               "fs.type",
                                               "gce.pd.name",
                                               "glusterfs.endpoints.name",
                                               "glusterfs.path",
                                               "k8s.container.name",
                                               "k8s.namespace.name",
                                               "k8s.node.name",
                                               "k8s.persistentvolumeclaim.name",
                                               "k8s.pod.name",
                                               "k8s.pod.uid",
                                               "k8s.volume.name",
                                               "k8s.volume.type",
                                               "partition"};
  AttributeSwitch switches[std::size(names)];

  bool is_enabled(ResourceAttribute attribute) const { return switches[static_cast<std::size_t>(attribute)].enabled; }
  void fields(config::Fields& f);
};

struct Metrics {
  MetricSwitches container{container_metrics}, pod{pod_metrics}, node{node_metrics}, volume{volume_metrics};

  void fields(config::Fields& f);
  // Whether any is wanted that needs what the pods ask for, and what the node has.
  bool need_requests() const;
  bool need_capacity() const;
};

struct NetworkInterfacesConfig {
  bool node = false, pod = false;

  void fields(config::Fields& f);
};

struct ApiConfig {
  Authentication auth_type = Authentication::service_account;
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct KubeletStatsConfig {
  Duration collection_interval = std::chrono::seconds(10);
  Duration initial_delay = std::chrono::seconds(1);
  Duration timeout{0};
  ApiConfig kubelet{.auth_type = Authentication::tls};
  TlsConfig tls;
  bool insecure_skip_verify = false;
  std::string endpoint, node;
  std::vector<std::string> extra_metadata_labels;
  std::vector<std::string> metric_groups = {"container", "pod", "node"};
  NetworkInterfacesConfig collect_all_network_interfaces;
  std::optional<ApiConfig> k8s_api_config;
  ResourceAttributes resource_attributes;
  Metrics metrics;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  bool wants_group(std::string_view group) const;
  bool wants_label(std::string_view label) const;
  // With scheme and port; `hostname` where neither endpoint nor node says which kubelet.
  std::string url(const std::string& hostname) const;
};

}  // namespace rankwire::kubelet_stats
