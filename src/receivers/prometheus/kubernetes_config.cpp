#include "receivers/prometheus/kubernetes_config.hpp"

#include <algorithm>
#include <set>

#include "net/http_client.hpp"

namespace rankwire::prometheus {
namespace {

// What a discovery of `role` looks at, and therefore can select.
std::vector<std::string> selectable(const std::string& role) {
  if (role == "endpoints" || role == "endpointslice") return {"pod", "service", role};
  return {role};
}

}  // namespace

void KubernetesNamespaces::fields(config::Fields& f) {
  f.field("own_namespace", own_namespace, "The namespace of our own pod, besides names.");
  f.field("names", names, "Namespaces to look into; none: all.");
}

void KubernetesSelector::fields(config::Fields& f) {
  f.field("role", role, "What is selected: as the role above, or pod or service for endpoints and their slices.");
  f.field("label", label, "Label selector, as kubectl has it.");
  f.field("field", field, "Field selector, as kubectl has it.");
}

void KubernetesAttachedMetadata::fields(config::Fields& f) {
  f.field("node", node, "Labels and annotations of the node, for roles pod, endpoints and endpointslice.");
  f.field("namespace", name_space, "Labels and annotations of the namespace, for every role but node.");
}

void KubernetesDiscoveryConfig::fields(config::Fields& f) {
  f.field("role", role, "pod, service, endpoints, endpointslice, node or ingress.");
  f.field("api_server", api_server, "URL of the API server; empty: of the cluster we run in.");
  f.unsupported("kubeconfig_file", "set api_server, and the credentials and tls_config that the file names");
  f.section("namespaces", namespaces, "Where to look; empty: everywhere.");
  f.list("selectors", selectors, "Which objects the API server shall tell of; none: all.");
  f.section("attach_metadata", attach_metadata, "Labels of the node and of the namespace, too.");
  f.squash(http);
}

void KubernetesDiscoveryConfig::validate(config::Validator& v) const {
  if (!role_of(role)) v.error("role", "must be pod, service, endpoints, endpointslice, node or ingress");
  if (api_server.empty()) {
    if (http.is_set())
      v.error("api_server", "must be set for credentials, tls_config and proxies to be used",
              "without it the service account of the pod is");
  } else {
    if (const auto url = net::Url::parse(api_server); !url) v.error("api_server", url.error().message());
    if (namespaces.own_namespace)
      v.error("namespaces", "own_namespace cannot be used with api_server", "write the name into names");
  }
  const std::vector<std::string> allowed = selectable(role);
  std::set<std::string> seen;
  for (const KubernetesSelector& selector : selectors) {
    if (std::find(allowed.begin(), allowed.end(), selector.role) == allowed.end())
      v.error("selectors", "\"" + selector.role + "\" is not what role " + role + " looks at");
    if (!seen.insert(selector.role).second)
      v.error("selectors", "two of them have the role \"" + selector.role + "\"", "join them with commas");
  }
}

std::string KubernetesDiscoveryConfig::selectors_of(KubernetesKind kind) const {
  std::string query;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query += (query.empty() ? "" : "&") + std::string(name) + "=" + net::query_escaped(value);
  };
  for (const KubernetesSelector& selector : selectors) {
    if (selector.role != to_string(kind)) continue;
    add("fieldSelector", selector.field);
    add("labelSelector", selector.label);
  }
  return query;
}

}  // namespace rankwire::prometheus
