// Which container and pod a control group belongs to, as kubelet and container runtimes name them. Version 1 and 2,
// drivers systemd and cgroupfs.
#pragma once

#include <string>
#include <string_view>

namespace rankwire::text {

struct CgroupOwner {
  std::string_view container;  // 64 hexadecimal digits, in the text that was given; empty: none.
  std::string pod_uid;         // As the API server writes it, with hyphens; empty: none.
};

// Of a path: "/kubepods.slice/kubepods-pod1f_2.slice/cri-containerd-<id>.scope", "/kubepods/pod1f-2/<id>",
// "/docker/<id>". Where containers lie in one another, of the inmost.
CgroupOwner owner_of_cgroup(std::string_view path);
// Of a file /proc/PID/cgroup: the first of its paths that lies in a container.
CgroupOwner owner_in_cgroups(std::string_view file);

}  // namespace rankwire::text
