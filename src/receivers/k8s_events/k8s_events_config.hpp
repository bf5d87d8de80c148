// What a user writes about events of Kubernetes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace rankwire::k8s_events {

enum class Authentication : int { none, service_account, kube_config, tls };

struct K8sEventsConfig {
  Authentication auth_type = Authentication::service_account;
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::vector<std::string> namespaces;
  Duration dedup_interval{0};
  std::optional<config::ComponentId> storage;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::k8s_events
