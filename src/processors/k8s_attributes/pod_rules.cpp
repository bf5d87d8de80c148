#include "processors/k8s_attributes/pod_rules.hpp"

#include <algorithm>

namespace rankwire::k8s_attributes {
namespace {

using kubernetes::KnownContainer;
using kubernetes::KnownPod;
using kubernetes::Owner;
using kubernetes::Pod;

constexpr std::string_view annotation_prefix = "resource.opentelemetry.io/";

const std::vector<std::string>& default_names() {
  static const std::vector<std::string> all = {"k8s.namespace.name",   "k8s.pod.name",        "k8s.pod.uid",
                                               "k8s.pod.start_time",   "k8s.deployment.name", "k8s.node.name",
                                               "container.image.name", "container.image.tag"};
  return all;
}

std::string_view text_of(const Attributes& fields, std::string_view key) {
  const Value* found = find(fields, key);
  return found != nullptr && found->is_text() ? found->text() : std::string_view();
}

// The first says more than those after it.
void add(KnownPod::Draft& draft, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  for (const KeyValue& present : draft.attributes)
    if (present.key == name) return;
  draft.attributes.push_back({name, Value::of(value)});
}

std::string_view annotated(const Pod& pod, std::string_view name, Arena& arena) {
  std::string key(annotation_prefix);
  return text_of(pod.annotations, arena.copy(key.append(name)));
}

std::string_view joined(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return arena.copy(text);
}

}  // namespace

Result<void> PodRules::add_rules(const std::vector<FieldRuleConfig>& configs, std::string_view noun,
                                 std::vector<FieldRule>& rules) {
  for (const FieldRuleConfig& config : configs) {
    FieldRule rule;
    rule.key = config.key;
    rule.name = config.tag_name;
    rule.prefix = "k8s.pod." + std::string(noun) + ".";
    if (!config.key_regex.empty()) {
      auto pattern = text::Pattern::compile("^(?:" + config.key_regex + ")$");
      if (!pattern) return std::move(pattern).error();
      rule.pattern = std::move(*pattern);
      rule.is_expanded = config.tag_name.find('$') != std::string::npos;
    } else if (rule.name.empty()) {
      rule.name = rule.prefix + rule.key;
    }
    rules.push_back(std::move(rule));
  }
  return {};
}

Result<PodRules> PodRules::compile(const ExtractConfig& extract, const ExcludeConfig& exclude) {
  PodRules rules;
  rules.names_ = extract.metadata.empty() ? default_names() : extract.metadata;
  std::sort(rules.names_.begin(), rules.names_.end());
  rules.deployment_by_name_ = extract.deployment_name_from_replicaset;
  RANKWIRE_TRY(add_rules(extract.labels, "labels", rules.labels_));
  RANKWIRE_TRY(add_rules(extract.annotations, "annotations", rules.annotations_));
  if (extract.otel_annotations) {
    FieldRuleConfig all;
    all.key_regex = "resource\\.opentelemetry\\.io/(.+)";
    all.tag_name = "$1";
    RANKWIRE_TRY(add_rules({all}, "annotations", rules.annotations_));
  }
  for (const ExcludedPodConfig& pod : exclude.pods) {
    auto pattern = text::Pattern::compile(pod.name);
    if (!pattern) return std::move(pattern).error();
    rules.excluded_.push_back(std::move(*pattern));
  }
  return rules;
}

bool PodRules::wants(std::string_view name) const { return std::binary_search(names_.begin(), names_.end(), name); }

bool PodRules::is_ignored(const Pod& pod) const {
  if (text_of(pod.annotations, "opentelemetry.io/k8s-processor/ignore") == "true") return true;
  return std::any_of(excluded_.begin(), excluded_.end(),
                     [&](const text::Pattern& pattern) { return pattern.matches(pod.name); });
}

void PodRules::describe(const Pod& pod, Arena& arena, KnownPod::Draft& draft) const {
  draft.namespace_name = pod.namespace_name;
  draft.node_name = pod.node_name;
  draft.is_ignored = is_ignored(pod);
  if (draft.is_ignored) return;
  const std::pair<std::string_view, std::string_view> plain[] = {{"k8s.namespace.name", pod.namespace_name},
                                                                 {"k8s.pod.name", pod.name},
                                                                 {"k8s.pod.uid", pod.uid},
                                                                 {"k8s.pod.start_time", pod.created},
                                                                 {"k8s.pod.hostname", pod.hostname},
                                                                 {"k8s.pod.ip", pod.ip},
                                                                 {"k8s.node.name", pod.node_name}};
  for (const auto& [name, value] : plain)
    if (wants(name)) add(draft, name, value);
  add_owners(pod, draft);
  // What the user says by annotation is more than what is guessed for a service.
  add_fields(labels_, pod.labels, arena, draft);
  add_fields(annotations_, pod.annotations, arena, draft);
  if (wants("service.namespace")) add(draft, "service.namespace", annotated(pod, "service.namespace", arena));
  if (wants("service.name")) add(draft, "service.name", annotated(pod, "service.name", arena));
  add_service(pod, draft);
  add_containers(pod, arena, draft);
}

std::string_view PodRules::deployment(const Pod& pod, const Owner& owner) const {
  const std::string_view name = kubernetes::deployment_of(owner.name, pod.labels);
  return name.empty() && deployment_by_name_ ? kubernetes::deployment_by_name(owner.name) : name;
}

void PodRules::add_owners(const Pod& pod, KnownPod::Draft& draft) const {
  struct Names {
    std::string_view kind, name, uid;
  };
  static constexpr Names kinds[] = {{"ReplicaSet", "k8s.replicaset.name", "k8s.replicaset.uid"},
                                    {"DaemonSet", "k8s.daemonset.name", "k8s.daemonset.uid"},
                                    {"StatefulSet", "k8s.statefulset.name", "k8s.statefulset.uid"},
                                    {"Job", "k8s.job.name", "k8s.job.uid"}};
  for (const Owner& owner : pod.owners) {
    for (const Names& names : kinds) {
      if (owner.kind != names.kind) continue;
      if (wants(names.name)) add(draft, names.name, owner.name);
      if (wants(names.uid)) add(draft, names.uid, owner.uid);
    }
    if (owner.kind == "ReplicaSet" && wants("k8s.deployment.name"))
      add(draft, "k8s.deployment.name", deployment(pod, owner));
    if (owner.kind == "Job" && wants("k8s.cronjob.name"))
      add(draft, "k8s.cronjob.name", kubernetes::cron_job_of(owner.name));
  }
}

// In the order of the semantic conventions: labels, then who owns the pod, then the pod itself.
std::string_view PodRules::service_name(const Pod& pod) const {
  for (const std::string_view label : {"app.kubernetes.io/instance", "app.kubernetes.io/name"})
    if (const std::string_view name = text_of(pod.labels, label); !name.empty()) return name;
  const auto owned_by = [&](std::string_view kind) {
    const auto found =
        std::find_if(pod.owners.begin(), pod.owners.end(), [&](const Owner& owner) { return owner.kind == kind; });
    return found == pod.owners.end() ? nullptr : &*found;
  };
  if (const Owner* replica_set = owned_by("ReplicaSet")) {
    const std::string_view name = deployment(pod, *replica_set);
    return name.empty() ? replica_set->name : name;
  }
  for (const std::string_view kind : {"StatefulSet", "DaemonSet"})
    if (const Owner* owner = owned_by(kind)) return owner->name;
  if (const Owner* job = owned_by("Job")) {
    const std::string_view name = kubernetes::cron_job_of(job->name);
    return name.empty() ? job->name : name;
  }
  return pod.name;
}

void PodRules::add_service(const Pod& pod, KnownPod::Draft& draft) const {
  if (wants("service.namespace")) add(draft, "service.namespace", pod.namespace_name);
  if (wants("service.name")) add(draft, "service.name", service_name(pod));
}

void PodRules::add_containers(const Pod& pod, Arena& arena, KnownPod::Draft& draft) const {
  for (const kubernetes::Container& container : pod.containers) {
    const kubernetes::ImageName image = kubernetes::parse_image(container.image);
    KnownContainer known{.name = container.name, .id = container.id, .previous_id = container.previous_id};
    known.restart_count = container.restart_count;
    if (wants("container.image.name")) known.image_name = image.name;
    if (wants("container.image.tag")) known.image_tag = image.tag;
    if (wants("container.image.repo_digests") && container.image_id.find('@') != std::string_view::npos) {
      const auto scheme = container.image_id.find("://");
      known.image_digest = container.image_id.substr(scheme == std::string_view::npos ? 0 : scheme + 3);
    }
    if (wants("service.version")) {
      known.service_version = annotated(pod, "service.version", arena);
      if (known.service_version.empty()) known.service_version = text_of(pod.labels, "app.kubernetes.io/version");
      if (known.service_version.empty()) known.service_version = image.tag.empty() ? image.digest : image.tag;
    }
    if (wants("service.instance.id")) {
      known.service_instance_id = annotated(pod, "service.instance.id", arena);
      if (known.service_instance_id.empty())
        known.service_instance_id = joined(arena, {pod.namespace_name, ".", pod.name, ".", container.name});
    }
    draft.containers.push_back(known);
  }
}

void PodRules::add_fields(const std::vector<FieldRule>& rules, const Attributes& fields, Arena& arena,
                          KnownPod::Draft& draft) {
  for (const FieldRule& rule : rules) {
    if (!rule.pattern) {
      add(draft, rule.name, text_of(fields, rule.key));
      continue;
    }
    for (const KeyValue& field : fields) {
      if (!field.value.is_text() || !rule.pattern->matches(field.key)) continue;
      if (!rule.is_expanded)
        add(draft, joined(arena, {rule.prefix, field.key}), field.value.text());
      else if (const auto name = rule.pattern->expanded(field.key, rule.name); name && !name->empty())
        add(draft, arena.copy(*name), field.value.text());
    }
  }
}

}  // namespace rankwire::k8s_attributes
