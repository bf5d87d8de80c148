// Targets of endpoints and of slices of them: their addresses with every port, and the further ports of the pods
// behind them.
#include <algorithm>
#include <vector>

#include "kubernetes/pod.hpp"
#include "receivers/prometheus/kubernetes_labels.hpp"

namespace rankwire::prometheus {
namespace {

using kubernetes::at;
using kubernetes::text_at;

// Pods that addresses refer to, and which of their ports have a target already.
class SeenPods {
 public:
  explicit SeenPods(KubernetesLookup& lookup) : lookup_(lookup) {}

  // Null: the reference is to something else, or to a pod that is not known.
  const Value* find(const Value& address) const {
    if (text_at(address, {"targetRef", "kind"}) != "Pod") return nullptr;
    return lookup_.find(KubernetesKind::pod, std::string(text_at(address, {"targetRef", "namespace"})) + "/" +
                                                 std::string(text_at(address, {"targetRef", "name"})));
  }

  void note(const Value* pod, std::string port) {
    auto seen = std::find_if(all_.begin(), all_.end(), [&](const Seen& one) { return one.pod == pod; });
    if (seen == all_.end()) seen = all_.insert(all_.end(), {pod, {}});
    seen->ports.push_back(std::move(port));
  }

  void add_other_ports(TargetGroup& group) const {
    for (const Seen& seen : all_) {
      const std::string_view ip = text_at(*seen.pod, {"status", "podIP"});
      if (ip.empty()) continue;
      for_containers(*seen.pod, [&](const Value& container, bool is_init) {
        for (const Value& port : list_at(container, {"ports"})) {
          const std::string number = text_of(at(port, {"containerPort"}));
          if (std::find(seen.ports.begin(), seen.ports.end(), number) != seen.ports.end()) continue;
          LabelMap labels;
          labels["__address__"] = joined_address(ip, number);
          add_container(labels, container, is_init);
          add_container_port(labels, port);
          add_pod(labels, *seen.pod);
          group.targets.push_back(owned(labels));
        }
      });
    }
  }

 private:
  struct Seen {
    const Value* pod;
    std::vector<std::string> ports;
  };

  KubernetesLookup& lookup_;
  std::vector<Seen> all_;
};

// The container whose port the endpoint's is; of several the last.
void add_container_of(LabelMap& labels, const Value& pod, const std::string& number) {
  for_containers(pod, [&](const Value& container, bool is_init) {
    for (const Value& port : list_at(container, {"ports"})) {
      if (number.empty() || text_of(at(port, {"containerPort"})) != number) continue;
      for (const char* const name : {"name", "image", "init", "port_name", "port_number", "port_protocol"})
        labels.erase("__meta_kubernetes_pod_container_" + std::string(name));
      add_container(labels, container, is_init);
      add_container_port(labels, port);
      return;
    }
  });
}

void add_target_of_reference(LabelMap& labels, std::string_view what, const Value& address) {
  add_meta(labels, std::string(what) + "_address_target_kind", text_at(address, {"targetRef", "kind"}));
  add_meta(labels, std::string(what) + "_address_target_name", text_at(address, {"targetRef", "name"}));
}

std::string_view referred_node(const Value& address) {
  return text_at(address, {"targetRef", "kind"}) == "Node" ? text_at(address, {"targetRef", "name"})
                                                           : std::string_view();
}

void add_endpoint(const Value& address, const Value& port, bool is_ready, const AttachedMetadata& attached,
                  KubernetesLookup& lookup, SeenPods& seen, TargetGroup& group) {
  LabelMap labels;
  const std::string number = text_of(at(port, {"port"}));
  labels["__address__"] = joined_address(text_at(address, {"ip"}), number);
  add_meta(labels, "endpoint_port_name", text_at(port, {"name"}));
  add_meta(labels, "endpoint_port_protocol", text_at(port, {"protocol"}));
  add_meta(labels, "endpoint_ready", is_ready ? "true" : "false");
  add_target_of_reference(labels, "endpoint", address);
  const std::string_view node = text_at(address, {"nodeName"});
  add_meta(labels, "endpoint_node_name", node);
  add_meta(labels, "endpoint_hostname", text_at(address, {"hostname"}));
  if (attached.node) add_node(labels, node.empty() ? referred_node(address) : node, lookup);
  if (const Value* pod = seen.find(address); pod != nullptr) {
    add_pod(labels, *pod);
    add_container_of(labels, *pod, number);
    // What the endpoint says counts here, not the container.
    if (labels.contains("__meta_kubernetes_pod_container_port_protocol"))
      add_meta(labels, "pod_container_port_protocol", text_at(port, {"protocol"}));
    seen.note(pod, number);
  }
  group.targets.push_back(owned(labels));
}

void add_slice_endpoint(const Value& endpoint, std::string_view address, const Value& port,
                        const AttachedMetadata& attached, KubernetesLookup& lookup, SeenPods& seen,
                        TargetGroup& group) {
  LabelMap labels;
  const std::string number = text_of(at(port, {"port"}));
  labels["__address__"] = number.empty() ? std::string(address) : joined_address(address, number);
  add_meta(labels, "endpointslice_port_name", text_at(port, {"name"}));
  add_meta(labels, "endpointslice_port_protocol", text_at(port, {"protocol"}));
  add_meta(labels, "endpointslice_port", number);
  add_meta(labels, "endpointslice_port_app_protocol", text_at(port, {"appProtocol"}));
  for (const char* const condition : {"ready", "serving", "terminating"})
    add_meta(labels, "endpointslice_endpoint_conditions_" + std::string(condition),
             text_of(at(endpoint, {"conditions", condition})));
  add_meta(labels, "endpointslice_endpoint_hostname", text_at(endpoint, {"hostname"}));
  add_target_of_reference(labels, "endpointslice", endpoint);
  const std::string_view node = text_at(endpoint, {"nodeName"});
  add_meta(labels, "endpointslice_endpoint_node_name", node);
  add_meta(labels, "endpointslice_endpoint_zone", text_at(endpoint, {"zone"}));
  if (const Value* topology = at(endpoint, {"deprecatedTopology"}); topology && topology->type() == ValueType::map)
    for (const KeyValue& entry : topology->entries()) {
      add_meta(labels, "endpointslice_endpoint_topology_" + sanitized(entry.key), text_of(&entry.value));
      add_meta(labels, "endpointslice_endpoint_topology_present_" + sanitized(entry.key), "true");
    }
  if (attached.node) add_node(labels, referred_node(endpoint).empty() ? node : referred_node(endpoint), lookup);
  if (const Value* pod = seen.find(endpoint); pod != nullptr) {
    add_pod(labels, *pod);
    add_container_of(labels, *pod, number);
    seen.note(pod, number);
  }
  group.targets.push_back(owned(labels));
}

}  // namespace

void make_endpoints(const Value& endpoints, const AttachedMetadata& attached, KubernetesLookup& lookup,
                    LabelMap& of_all, TargetGroup& group) {
  // The service has the name of its endpoints.
  if (const Value* service = lookup.find(KubernetesKind::service, key_of(endpoints)); service != nullptr)
    add_service(of_all, *service);
  SeenPods seen(lookup);
  for (const Value& subset : list_at(endpoints, {"subsets"}))
    for (const Value& port : list_at(subset, {"ports"})) {
      for (const Value& address : list_at(subset, {"addresses"}))
        add_endpoint(address, port, true, attached, lookup, seen, group);
      for (const Value& address : list_at(subset, {"notReadyAddresses"}))
        add_endpoint(address, port, false, attached, lookup, seen, group);
    }
  seen.add_other_ports(group);
}

void make_endpoint_slice(const Value& slice, const AttachedMetadata& attached, KubernetesLookup& lookup,
                         LabelMap& of_all, TargetGroup& group) {
  add_meta(of_all, "endpointslice_address_type", text_at(slice, {"addressType"}));
  const std::string_view name = text_at(slice, {"metadata", "labels", "kubernetes.io/service-name"});
  const std::string key = std::string(text_at(slice, {"metadata", "namespace"})) + "/" + std::string(name);
  if (const Value* service = name.empty() ? nullptr : lookup.find(KubernetesKind::service, key); service != nullptr)
    add_service(of_all, *service);
  SeenPods seen(lookup);
  for (const Value& endpoint : list_at(slice, {"endpoints"}))
    for (const Value& port : list_at(slice, {"ports"}))
      for (const Value& address : list_at(endpoint, {"addresses"}))
        if (address.is_text()) add_slice_endpoint(endpoint, address.text(), port, attached, lookup, seen, group);
  seen.add_other_ports(group);
}

}  // namespace rankwire::prometheus
