#include "receivers/k8s_events/k8s_events_config.hpp"

#include <algorithm>

namespace rankwire::k8s_events {
namespace {

constexpr std::size_t namespaces_max = 64, name_size_max = 63;  // Each is watched by a thread of its own.

// As Kubernetes has them; it becomes part of a path.
bool is_name(std::string_view name) {
  const auto is_allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= name_size_max && std::all_of(name.begin(), name.end(), is_allowed);
}

}  // namespace

void K8sEventsConfig::fields(config::Fields& f) {
  f.choice("auth_type", auth_type,
           {{"none", static_cast<int>(Authentication::none)},
            {"serviceAccount", static_cast<int>(Authentication::service_account)},
            {"kubeConfig", static_cast<int>(Authentication::kube_config)},
            {"tls", static_cast<int>(Authentication::tls)}},
           "How the API server knows who asks: none or serviceAccount.");
  f.field("service_account_directory", service_account_directory, "Where token and ca.crt of serviceAccount are.");
  f.unsupported("context", "it belongs to auth_type: kubeConfig, which is not supported");
  f.ignored("kube_api_qps", "one list and one watch are all that is asked");
  f.ignored("kube_api_burst", "one list and one watch are all that is asked");
  f.field("namespaces", namespaces, "Only events of these namespaces; none: of all.");
  f.field("dedup_interval", dedup_interval,
          "An event that happens again is given again after this time at the soonest; 0: always; negative: never.");
  f.field("storage", storage, "Extension that keeps the position across restarts.");
  f.unsupported("k8s_leader_elector", "run one replica with this receiver");
}

void K8sEventsConfig::validate(config::Validator& v) const {
  if (auth_type == Authentication::kube_config || auth_type == Authentication::tls)
    v.error("auth_type", "kubeConfig and tls are not supported", "serviceAccount, or none");
  if (namespaces.size() > namespaces_max) v.error("namespaces", "must have at most 64", "leave it out: all namespaces");
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    if (!is_name(namespaces[i])) v.error("namespaces", "\"" + namespaces[i] + "\" is no name of a namespace");
    if (std::count(namespaces.begin(), namespaces.begin() + static_cast<std::ptrdiff_t>(i), namespaces[i]) != 0)
      v.error("namespaces", "\"" + namespaces[i] + "\" is there twice");
  }
}

}  // namespace rankwire::k8s_events
