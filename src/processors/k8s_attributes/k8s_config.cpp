#include "processors/k8s_attributes/k8s_config.hpp"

#include <algorithm>
#include <array>

#include "text/pattern.hpp"

namespace rankwire::k8s_attributes {
namespace {

constexpr std::size_t sources_max = 4;

constexpr std::string_view names[] = {"container.id",        "container.image.name", "container.image.repo_digests",
                                      "container.image.tag", "k8s.container.name",   "k8s.cronjob.name",
                                      "k8s.daemonset.name",  "k8s.daemonset.uid",    "k8s.deployment.name",
                                      "k8s.job.name",        "k8s.job.uid",          "k8s.namespace.name",
                                      "k8s.node.name",       "k8s.pod.hostname",     "k8s.pod.ip",
                                      "k8s.pod.name",        "k8s.pod.start_time",   "k8s.pod.uid",
                                      "k8s.replicaset.name", "k8s.replicaset.uid",   "k8s.statefulset.name",
                                      "k8s.statefulset.uid", "service.instance.id",  "service.name",
                                      "service.namespace",   "service.version"};
// What only other objects than pods know.
constexpr std::string_view names_of_others[] = {"k8s.cluster.uid", "k8s.cronjob.uid", "k8s.deployment.uid",
                                                "k8s.node.uid"};

void check_pattern(config::Validator& v, std::string_view key, const std::string& text) {
  if (auto pattern = text::Pattern::compile(text); !pattern) v.error(key, pattern.error().message());
}

}  // namespace

bool is_metadata_name(std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

void FieldRuleConfig::fields(config::Fields& f) {
  f.field("tag_name", tag_name, "Name of the attribute; with key_regex it may refer to groups: $1.");
  f.field("key", key, "The label or annotation.");
  f.field("key_regex", key_regex, "Matches the whole key, and may match several.");
  f.choice("from", from,
           {{"pod", static_cast<int>(ObjectKind::pod)},
            {"namespace", static_cast<int>(ObjectKind::namespace_)},
            {"node", static_cast<int>(ObjectKind::node)},
            {"deployment", static_cast<int>(ObjectKind::deployment)},
            {"statefulset", static_cast<int>(ObjectKind::stateful_set)},
            {"daemonset", static_cast<int>(ObjectKind::daemon_set)},
            {"job", static_cast<int>(ObjectKind::job)}},
           "Whose label or annotation it is; only those of pods are read yet.");
}

void FieldRuleConfig::validate(config::Validator& v) const {
  if (from != ObjectKind::pod)
    v.error("from", "labels and annotations of other objects than pods are not read yet", "from: pod");
  if (key.empty() == key_regex.empty()) v.error("key", "exactly one of key and key_regex must be set");
  if (!key_regex.empty()) check_pattern(v, "key_regex", key_regex);
}

void ExtractConfig::fields(config::Fields& f) {
  f.field("metadata", metadata,
          "Attributes to add; empty: k8s.namespace.name, k8s.pod.name, k8s.pod.uid, k8s.pod.start_time, "
          "k8s.deployment.name, k8s.node.name, container.image.name, container.image.tag.");
  f.list("labels", labels, "Labels that become attributes.");
  f.list("annotations", annotations, "Annotations that become attributes.");
  f.field("otel_annotations", otel_annotations,
          "Whether a pod's annotation resource.opentelemetry.io/x becomes the attribute x.");
  f.field("deployment_name_from_replicaset", deployment_name_from_replicaset,
          "Whether the name of a replica set without its last part counts as the deployment's where the pod has no "
          "label pod-template-hash.");
}

void ExtractConfig::validate(config::Validator& v) const {
  for (const std::string& name : metadata) {
    if (is_metadata_name(name)) continue;
    const bool is_of_others =
        std::find(std::begin(names_of_others), std::end(names_of_others), name) != std::end(names_of_others);
    v.error("metadata",
            "\"" + name + (is_of_others ? "\" is not supported yet: pods alone are read" : "\" is no metadata field"),
            is_of_others ? "leave it out" : "");
  }
}

void FieldFilterConfig::fields(config::Fields& f) {
  f.field("key", key, "Name of the field or label.");
  f.field("value", value, "Its value.");
  f.choice("op", op,
           {{"equals", static_cast<int>(FilterOperation::equals)},
            {"not-equals", static_cast<int>(FilterOperation::not_equals)},
            {"exists", static_cast<int>(FilterOperation::exists)},
            {"does-not-exist", static_cast<int>(FilterOperation::does_not_exist)}},
           "How they are compared; fields know equals and not-equals only.");
}

void FieldFilterConfig::validate(config::Validator& v) const {
  if (key.empty()) v.error("key", "must be set");
}

void FilterConfig::fields(config::Fields& f) {
  f.field("node", node, "Only pods of this node.");
  f.field("node_from_env_var", node_from_env_var, "An environment variable with the name of the node; wins over node.");
  f.field("namespace", namespace_name, "Only pods of this namespace.");
  f.list("fields", fields_, "Only pods with these fields, as field selectors have them.");
  f.list("labels", labels, "Only pods with these labels.");
}

void FilterConfig::validate(config::Validator& v) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].op == FilterOperation::exists || fields_[i].op == FilterOperation::does_not_exist)
      v.error("fields[" + std::to_string(i) + "].op", "fields can only be compared", "equals or not-equals");
}

void SourceConfig::fields(config::Fields& f) {
  f.choice("from", from,
           {{"resource_attribute", static_cast<int>(SourceKind::resource_attribute)},
            {"connection", static_cast<int>(SourceKind::connection)}},
           "What tells the pod: an attribute of the resource, or the address of who sent it.");
  f.field("name", name, "Of the attribute.");
}

void SourceConfig::validate(config::Validator& v) const {
  if (from == SourceKind::resource_attribute && name.empty()) v.error("name", "must be set");
}

void AssociationConfig::fields(config::Fields& f) {
  f.list("sources", sources, "All of these together tell the pod; at most four.");
}

void AssociationConfig::validate(config::Validator& v) const {
  if (sources.empty()) v.error("sources", "must name at least one source");
  if (sources.size() > sources_max) v.error("sources", "at most four sources together tell a pod");
}

void ExcludedPodConfig::fields(config::Fields& f) {
  f.field("name", name, "A regular expression that matches somewhere in the name of the pod.");
}

void ExcludedPodConfig::validate(config::Validator& v) const { check_pattern(v, "name", name); }

void ExcludeConfig::fields(config::Fields& f) { f.list("pods", pods, "Pods to which nothing is added."); }

void K8sAttributesConfig::fields(config::Fields& f) {
  f.choice("auth_type", auth_type,
           {{"none", static_cast<int>(Authentication::none)},
            {"serviceAccount", static_cast<int>(Authentication::service_account)},
            {"kubeConfig", static_cast<int>(Authentication::kube_config)},
            {"tls", static_cast<int>(Authentication::tls)}},
           "How the API server knows who asks: none or serviceAccount.");
  f.field("service_account_directory", service_account_directory, "Where token and ca.crt of serviceAccount are.");
  f.unsupported("context", "it belongs to auth_type: kubeConfig, which is not supported yet");
  f.ignored("kube_api_qps", "one list and one watch are all that is asked");
  f.ignored("kube_api_burst", "one list and one watch are all that is asked");
  f.field("passthrough", passthrough, "Only notes the sender's address as k8s.pod.ip, for an agent behind this one.");
  f.section("extract", extract, "What is added.");
  f.section("filter", filter, "Which pods are read.");
  f.list("pod_association", pod_association,
         "How a resource tells its pod: the first rule whose sources are all there; none: by k8s.pod.uid, else the "
         "address in k8s.pod.ip or ip, else that of the sender, else one in host.name.");
  f.section("exclude", exclude, "Which pods are left alone.");
  f.field("wait_for_metadata", wait_for_metadata, "Whether the start waits for the first list, and fails without.");
  f.field("wait_for_metadata_timeout", wait_for_metadata_timeout, "How long it waits.", {.min = 0});
  f.ignored("watch_sync_period", "what is read of pods is never computed again without a change");
  f.field("pod_delete_grace_period", pod_delete_grace_period, "How long a deleted pod is still known.", {.min = 0});
  f.field("max_hold", max_hold, "How long the first records of a pod wait for its metadata; 0: not.", {.min = 0});
  f.field("max_held_size", max_held_size, "Memory for records that wait; full, they go on sooner.", {.min = 64 * 1024});
  f.field("max_cache_size", max_cache_size, "Memory for pods; full, further pods are not known.", {.min = 64 * 1024});
}

void K8sAttributesConfig::validate(config::Validator& v) const {
  if (auth_type == Authentication::kube_config || auth_type == Authentication::tls)
    v.error("auth_type", "kubeConfig and tls are not supported yet", "serviceAccount, or none");
}

}  // namespace rankwire::k8s_attributes
