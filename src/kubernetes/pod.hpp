// A pod as the API server describes it, as views into the JSON it was read from. For the moment of reading only.
#pragma once

#include <string_view>
#include <vector>

#include "signal/value.hpp"

namespace rankwire::kubernetes {

struct Owner {
  std::string_view kind, name, uid;
};

struct Container {
  std::string_view name;
  std::string_view image;        // As the pod asks for it: "registry/app:1.2".
  std::string_view image_id;     // As the runtime resolved it: "registry/app@sha256:…", perhaps with a scheme in front.
  std::string_view id;           // Without the runtime's "containerd://". Empty: not started yet.
  std::string_view previous_id;  // Of the run before this one.
  std::int64_t restart_count = 0;
};

struct Pod {
  std::string_view uid, name, namespace_name, node_name, hostname;
  std::string_view created;  // "2026-01-02T03:04:05Z"
  std::string_view ip;
  bool is_host_network = false;  // Then the address is the node's.
  bool is_finished = false;      // Then the address may be another pod's by now.
  Attributes labels, annotations;
  std::vector<Owner> owners;
  std::vector<Container> containers;  // Those that initialise it too.
};

// Lists longer than this are cut: no pod has as many, and memory must be bounded.
inline constexpr std::size_t owners_max = 16;
inline constexpr std::size_t containers_max = 256;

// Null if a step of the path is missing. Lists are not walked into.
const Value* at(const Value& object, std::initializer_list<std::string_view> path);
// Empty if it is missing or no text.
std::string_view text_at(const Value& object, std::initializer_list<std::string_view> path);

// What is missing stays empty; without a uid it is no pod.
Pod pod_from(const Value& object);

// "registry:5000/app:1.2@sha256:…" in its parts. A tag that is not written is "latest", unless there is a digest.
struct ImageName {
  std::string_view name, tag, digest;
};
ImageName parse_image(std::string_view image);

// The name of the deployment that made this replica set, by the hash that deployments put at the end of the names and
// into the labels of what they make; empty: none did.
std::string_view deployment_of(std::string_view replica_set, const Attributes& pod_labels);
// The same by name alone, for pods whose labels do not tell; may be wrong for replica sets that nobody owns.
std::string_view deployment_by_name(std::string_view replica_set);
// The name of the cron job that made this job: "backup-28374650"; empty: none did.
std::string_view cron_job_of(std::string_view job);

}  // namespace rankwire::kubernetes
