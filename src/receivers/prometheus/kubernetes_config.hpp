// One entry of `kubernetes_sd_configs`.
#pragma once

#include <string>
#include <vector>

#include "receivers/prometheus/http_settings.hpp"
#include "receivers/prometheus/kubernetes_kind.hpp"

namespace rankwire::prometheus {

struct KubernetesNamespaces {
  bool own_namespace = false;
  std::vector<std::string> names;

  void fields(config::Fields& f);
};

struct KubernetesSelector {
  std::string role, label, field;

  void fields(config::Fields& f);
};

struct KubernetesAttachedMetadata {
  bool node = false;
  bool name_space = false;

  void fields(config::Fields& f);
};

struct KubernetesDiscoveryConfig {
  std::string role;
  std::string api_server;  // Empty: of the cluster that we run in, with the account of our pod.
  KubernetesNamespaces namespaces;
  std::vector<KubernetesSelector> selectors;
  KubernetesAttachedMetadata attach_metadata;
  HttpSettings http;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;

  KubernetesKind kind() const { return *role_of(role); }
  // "fieldSelector=…&labelSelector=…", escaped.
  std::string selectors_of(KubernetesKind kind) const;
};

}  // namespace rankwire::prometheus
