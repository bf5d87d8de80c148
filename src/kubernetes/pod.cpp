#include "kubernetes/pod.hpp"

#include <algorithm>

namespace rankwire::kubernetes {
namespace {

bool is_list(const Value* value) { return value != nullptr && value->type() == ValueType::array; }

Attributes map_at(const Value& object, std::initializer_list<std::string_view> path) {
  const Value* found = at(object, path);
  return found != nullptr && found->type() == ValueType::map ? found->entries() : Attributes();
}

// "containerd://3f2a…" is a runtime and an id.
std::string_view without_scheme(std::string_view id) {
  const auto scheme = id.find("://");
  return scheme == std::string_view::npos ? id : id.substr(scheme + 3);
}

std::int64_t number_at(const Value& object, std::string_view key) {
  const Value* found = at(object, {key});
  return found != nullptr && found->type() == ValueType::integer ? found->integer() : 0;
}

void add_owners(const Value& object, Pod& pod) {
  const Value* owners = at(object, {"metadata", "ownerReferences"});
  if (!is_list(owners)) return;
  for (const Value& owner : owners->items()) {
    if (pod.owners.size() >= owners_max) return;
    pod.owners.push_back({text_at(owner, {"kind"}), text_at(owner, {"name"}), text_at(owner, {"uid"})});
  }
}

void add_containers(const Value& object, std::string_view key, Pod& pod) {
  const Value* containers = at(object, {"spec", key});
  if (!is_list(containers)) return;
  for (const Value& container : containers->items()) {
    if (pod.containers.size() >= containers_max) return;
    pod.containers.push_back({.name = text_at(container, {"name"}), .image = text_at(container, {"image"})});
  }
}

void add_statuses(const Value& object, std::string_view key, Pod& pod) {
  const Value* statuses = at(object, {"status", key});
  if (!is_list(statuses)) return;
  for (const Value& status : statuses->items()) {
    const std::string_view name = text_at(status, {"name"});
    const auto container =
        std::find_if(pod.containers.begin(), pod.containers.end(), [&](const Container& c) { return c.name == name; });
    if (container == pod.containers.end()) continue;
    container->id = without_scheme(text_at(status, {"containerID"}));
    container->previous_id = without_scheme(text_at(status, {"lastState", "terminated", "containerID"}));
    container->image_id = text_at(status, {"imageID"});
    container->restart_count = number_at(status, "restartCount");
  }
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const Value* at(const Value& object, std::initializer_list<std::string_view> path) {
  const Value* value = &object;
  for (const std::string_view key : path) {
    if (value == nullptr || value->type() != ValueType::map) return nullptr;
    value = find(value->entries(), key);
  }
  return value;
}

std::string_view text_at(const Value& object, std::initializer_list<std::string_view> path) {
  const Value* found = at(object, path);
  return found != nullptr && found->is_text() ? found->text() : std::string_view();
}

Pod pod_from(const Value& object) {
  Pod pod;
  pod.uid = text_at(object, {"metadata", "uid"});
  pod.name = text_at(object, {"metadata", "name"});
  pod.namespace_name = text_at(object, {"metadata", "namespace"});
  pod.created = text_at(object, {"metadata", "creationTimestamp"});
  pod.node_name = text_at(object, {"spec", "nodeName"});
  pod.hostname = text_at(object, {"spec", "hostname"});
  if (pod.hostname.empty()) pod.hostname = pod.name;
  pod.ip = text_at(object, {"status", "podIP"});
  const std::string_view phase = text_at(object, {"status", "phase"});
  pod.is_finished = phase == "Succeeded" || phase == "Failed";
  const Value* host_network = at(object, {"spec", "hostNetwork"});
  pod.is_host_network =
      host_network != nullptr && host_network->type() == ValueType::boolean && host_network->boolean();
  pod.labels = map_at(object, {"metadata", "labels"});
  pod.annotations = map_at(object, {"metadata", "annotations"});
  add_owners(object, pod);
  for (const std::string_view key : {"containers", "initContainers"}) add_containers(object, key, pod);
  for (const std::string_view key : {"containerStatuses", "initContainerStatuses"}) add_statuses(object, key, pod);
  return pod;
}

ImageName parse_image(std::string_view image) {
  ImageName parsed;
  image = without_scheme(image);
  if (const auto digest = image.find('@'); digest != std::string_view::npos) {
    parsed.digest = image.substr(digest + 1);
    image = image.substr(0, digest);
  }
  const auto slash = image.rfind('/');
  const auto colon = image.rfind(':');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  parsed.name = has_tag ? image.substr(0, colon) : image;
  if (has_tag)
    parsed.tag = image.substr(colon + 1);
  else if (parsed.digest.empty() && !image.empty())
    parsed.tag = "latest";
  return parsed;
}

std::string_view deployment_of(std::string_view replica_set, const Attributes& pod_labels) {
  const Value* hash = find(pod_labels, "pod-template-hash");
  if (hash == nullptr || !hash->is_text() || hash->text().empty()) return {};
  const std::string_view suffix = hash->text();
  if (replica_set.size() <= suffix.size() + 1 || !replica_set.ends_with(suffix)) return {};
  const std::string_view name = replica_set.substr(0, replica_set.size() - suffix.size());
  return name.back() == '-' ? name.substr(0, name.size() - 1) : std::string_view();
}

std::string_view deployment_by_name(std::string_view replica_set) {
  const auto dash = replica_set.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == replica_set.size()) return {};
  const std::string_view hash = replica_set.substr(dash + 1);
  const bool is_hash =
      std::all_of(hash.begin(), hash.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
  return is_hash ? replica_set.substr(0, dash) : std::string_view();
}

std::string_view cron_job_of(std::string_view job) {
  const auto dash = job.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || !is_digits(job.substr(dash + 1))) return {};
  return job.substr(0, dash);
}

}  // namespace rankwire::kubernetes
