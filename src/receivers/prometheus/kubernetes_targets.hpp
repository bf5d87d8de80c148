// Objects of the Kubernetes API to groups of targets, with the labels __meta_kubernetes_… that Prometheus gives them.
// A label whose value would be empty is left out: rules cannot tell the two apart.
#pragma once

#include <string>
#include <string_view>

#include "receivers/prometheus/kubernetes_kind.hpp"
#include "receivers/prometheus/scrape_target.hpp"
#include "signal/value.hpp"

namespace rankwire::prometheus {

// "namespace/name", or the name of what is in no namespace.
std::string key_of(const Value& object);
// `object` without what no target needs, as JSON.
std::string essence_of(const Value& object, Arena& arena);

// Other objects that the labels of a target are made of.
class KubernetesLookup {
 public:
  virtual ~KubernetesLookup() = default;
  // Null: there is none, or it is not asked for. Valid as long as the group is being made.
  virtual const Value* find(KubernetesKind kind, std::string_view key) = 0;
};

struct AttachedMetadata {
  bool node = false;
  bool name_space = false;
};

TargetGroup targets_of(KubernetesKind role, const Value& object, const AttachedMetadata& attached,
                       KubernetesLookup& lookup);

}  // namespace rankwire::prometheus
