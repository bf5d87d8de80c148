#include "text/cgroup_path.hpp"

#include <algorithm>

namespace rankwire::text {
namespace {

constexpr std::size_t container_id_size = 64;
constexpr std::size_t uid_size = 36;
constexpr std::size_t static_uid_size = 32;  // Of pods that the kubelet reads from a file: a hash.

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// The end of `step` without ".scope" or ".slice" is an id, alone or behind a hyphen or colon: "cri-containerd-<id>".
std::string_view container_in(std::string_view step) {
  for (const std::string_view unit : {".scope", ".slice"})
    if (step.ends_with(unit)) step.remove_suffix(unit.size());
  if (step.size() < container_id_size || step.find("conmon") != std::string_view::npos) return {};
  const std::string_view id = step.substr(step.size() - container_id_size);
  if (!std::all_of(id.begin(), id.end(), is_hex)) return {};
  const std::string_view before = step.substr(0, step.size() - container_id_size);
  return before.empty() || before.ends_with('-') || before.ends_with(':') ? id : std::string_view();
}

// "pod<uid>", "kubepods-burstable-pod<uid with underscores>.slice".
std::string pod_in(std::string_view step) {
  if (step.ends_with(".slice")) step.remove_suffix(std::string_view(".slice").size());
  const std::size_t at = step.rfind("pod");
  if (at == std::string_view::npos || (at != 0 && step[at - 1] != '-')) return {};
  std::string uid(step.substr(at + 3));
  std::replace(uid.begin(), uid.end(), '_', '-');
  if (uid.size() != uid_size && uid.size() != static_uid_size) return {};
  const bool is_uid = std::all_of(uid.begin(), uid.end(), [](char c) { return is_hex(c) || c == '-'; });
  return is_uid ? uid : std::string();
}

}  // namespace

CgroupOwner owner_of_cgroup(std::string_view path) {
  CgroupOwner owner;
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view step = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (const std::string_view container = container_in(step); !container.empty()) owner.container = container;
    if (std::string pod = pod_in(step); !pod.empty()) owner.pod_uid = std::move(pod);
  }
  return owner;
}

CgroupOwner owner_in_cgroups(std::string_view file) {
  CgroupOwner owner;
  while (!file.empty() && owner.container.empty()) {
    const std::size_t end = file.find('\n');
    const std::string_view line = file.substr(0, end);
    file.remove_prefix(end == std::string_view::npos ? file.size() : end + 1);
    // "12:memory:/path", "0::/path"; a controller's name, as "name=systemd", may have no slash.
    const std::size_t path = line.find('/');
    if (path == std::string_view::npos) continue;
    CgroupOwner found = owner_of_cgroup(line.substr(path));
    if (!found.container.empty() || owner.pod_uid.empty()) owner = std::move(found);
  }
  return owner;
}

}  // namespace rankwire::text
