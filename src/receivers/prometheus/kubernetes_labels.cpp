#include "receivers/prometheus/kubernetes_labels.hpp"

#include <algorithm>

#include "kubernetes/pod.hpp"
#include "otlp/value_text.hpp"

namespace rankwire::prometheus {
namespace {

using kubernetes::at;
using kubernetes::text_at;

void add_entries(LabelMap& labels, std::string_view what, std::string_view kind, const Value* map) {
  if (map == nullptr || map->type() != ValueType::map) return;
  for (const KeyValue& entry : map->entries()) {
    const std::string name = sanitized(entry.key);
    add_meta(labels, std::string(what) + "_" + std::string(kind) + "_" + name, text_of(&entry.value));
    add_meta(labels, std::string(what) + "_" + std::string(kind) + "present_" + name, "true");
  }
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string readiness(const Value& pod) {
  for (const Value& condition : list_at(pod, {"status", "conditions"}))
    if (text_at(condition, {"type"}) == "Ready") return lower_case(text_at(condition, {"status"}));
  return "unknown";
}

bool is_true(const Value* value) { return value != nullptr && value->type() == ValueType::boolean && value->boolean(); }

}  // namespace

// One "_" for each character that a name of a label cannot have.
std::string sanitized(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continues) text += is_allowed ? c : '_';
  }
  return text;
}

void add_meta(LabelMap& labels, std::string_view name, std::string_view value) {
  if (!value.empty()) labels.insert_or_assign("__meta_kubernetes_" + std::string(name), std::string(value));
}

std::string text_of(const Value* value) {
  if (value == nullptr) return {};
  switch (value->type()) {
    case ValueType::text: return std::string(value->text());
    case ValueType::integer: return std::to_string(value->integer());
    case ValueType::real: return otlp::real_text(value->real() + 0.0);  // No -0: written and read again it is 0.
    case ValueType::boolean: return value->boolean() ? "true" : "false";
    default: return {};
  }
}

List<Value> list_at(const Value& object, std::initializer_list<std::string_view> path) {
  const Value* list = at(object, path);
  return list != nullptr && list->type() == ValueType::array ? list->items() : List<Value>();
}

std::string joined_address(std::string_view host, std::string_view port) {
  const bool is_v6 = host.find_first_of(":%") != std::string_view::npos;
  return (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::string(port);
}

void add_name(LabelMap& labels, std::string_view what, const Value& object) {
  add_meta(labels, std::string(what) + "_name", text_at(object, {"metadata", "name"}));
}

void add_metadata(LabelMap& labels, std::string_view what, const Value& object) {
  add_entries(labels, what, "label", at(object, {"metadata", "labels"}));
  add_entries(labels, what, "annotation", at(object, {"metadata", "annotations"}));
}

void add_pod(LabelMap& labels, const Value& pod) {
  add_name(labels, "pod", pod);
  add_metadata(labels, "pod", pod);
  add_meta(labels, "pod_ip", text_at(pod, {"status", "podIP"}));
  add_meta(labels, "pod_ready", readiness(pod));
  add_meta(labels, "pod_phase", text_at(pod, {"status", "phase"}));
  add_meta(labels, "pod_node_name", text_at(pod, {"spec", "nodeName"}));
  add_meta(labels, "pod_host_ip", text_at(pod, {"status", "hostIP"}));
  add_meta(labels, "pod_uid", text_at(pod, {"metadata", "uid"}));
  for (const Value& owner : list_at(pod, {"metadata", "ownerReferences"})) {
    if (!is_true(at(owner, {"controller"}))) continue;
    add_meta(labels, "pod_controller_kind", text_at(owner, {"kind"}));
    add_meta(labels, "pod_controller_name", text_at(owner, {"name"}));
    return;
  }
}

void add_node(LabelMap& labels, std::string_view name, KubernetesLookup& lookup) {
  const Value* node = name.empty() ? nullptr : lookup.find(KubernetesKind::node, name);
  if (node == nullptr) return;
  add_name(labels, "node", *node);
  add_metadata(labels, "node", *node);
}

void add_namespace(LabelMap& labels, std::string_view name, KubernetesLookup& lookup) {
  const Value* found = lookup.find(KubernetesKind::name_space, name);
  if (found != nullptr) add_metadata(labels, "namespace", *found);
}

void add_service(LabelMap& labels, const Value& service) {
  add_meta(labels, "namespace", text_at(service, {"metadata", "namespace"}));
  add_name(labels, "service", service);
  add_metadata(labels, "service", service);
}

void for_containers(const Value& pod, const std::function<void(const Value& container, bool is_init)>& take) {
  for (const Value& container : list_at(pod, {"spec", "containers"})) take(container, false);
  for (const Value& container : list_at(pod, {"spec", "initContainers"})) take(container, true);
}

void add_container(LabelMap& labels, const Value& container, bool is_init) {
  add_meta(labels, "pod_container_name", text_at(container, {"name"}));
  add_meta(labels, "pod_container_image", text_at(container, {"image"}));
  add_meta(labels, "pod_container_init", is_init ? "true" : "false");
}

void add_container_port(LabelMap& labels, const Value& port) {
  add_meta(labels, "pod_container_port_name", text_at(port, {"name"}));
  add_meta(labels, "pod_container_port_number", text_of(at(port, {"containerPort"})));
  add_meta(labels, "pod_container_port_protocol", text_at(port, {"protocol"}));
}

}  // namespace rankwire::prometheus
