// What targets of every role are described with.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "receivers/prometheus/kubernetes_targets.hpp"

namespace rankwire::prometheus {

using LabelMap = std::map<std::string, std::string, std::less<>>;

inline OwnedLabels owned(const LabelMap& labels) { return {labels.begin(), labels.end()}; }

// __meta_kubernetes_`name`; nothing where the value is empty.
void add_meta(LabelMap& labels, std::string_view name, std::string_view value);
// Nothing but texts, numbers and flags has one.
std::string text_of(const Value* value);
// Empty where there is no list.
List<Value> list_at(const Value& object, std::initializer_list<std::string_view> path);
// "[::1]:80"
std::string joined_address(std::string_view host, std::string_view port);

// `name` as far as a label can have it.
std::string sanitized(std::string_view name);

// `what`_name.
void add_name(LabelMap& labels, std::string_view what, const Value& object);
// `what`_label_…, `what`_annotation_… and that they are present.
void add_metadata(LabelMap& labels, std::string_view what, const Value& object);
void add_pod(LabelMap& labels, const Value& pod);
void add_node(LabelMap& labels, std::string_view name, KubernetesLookup& lookup);
void add_namespace(LabelMap& labels, std::string_view name, KubernetesLookup& lookup);
void add_service(LabelMap& labels, const Value& service);

// Those that initialise the pod come last.
void for_containers(const Value& pod, const std::function<void(const Value& container, bool is_init)>& take);
void add_container(LabelMap& labels, const Value& container, bool is_init);
void add_container_port(LabelMap& labels, const Value& port);

void make_endpoints(const Value& endpoints, const AttachedMetadata& attached, KubernetesLookup& lookup,
                    LabelMap& of_all, TargetGroup& group);
void make_endpoint_slice(const Value& slice, const AttachedMetadata& attached, KubernetesLookup& lookup,
                         LabelMap& of_all, TargetGroup& group);

}  // namespace rankwire::prometheus
