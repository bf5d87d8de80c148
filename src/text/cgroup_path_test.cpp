#include "text/cgroup_path.hpp"

#include <doctest/doctest.h>

namespace rankwire::text {
namespace {

const std::string id(64, 'c'), other(64, 'd');
const std::string uid = "2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b";
const std::string uid_of_systemd = "2f3a4b5c_0d1e_4f60_8a9b_0c1d2e3f4a5b";

void check(const std::string& path, const std::string& container, const std::string& pod) {
  const CgroupOwner owner = owner_of_cgroup(path);
  CHECK_MESSAGE(owner.container == container, path);
  CHECK_MESSAGE(owner.pod_uid == pod, path);
}

TEST_CASE("containers and pods by the names that each runtime and cgroup driver gives") {
  check("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_of_systemd + ".slice/cri-containerd-" +
            id + ".scope",
        id, uid);
  check("/kubepods.slice/kubepods-pod" + uid_of_systemd + ".slice/crio-" + id + ".scope", id, uid);
  check("/kubepods/besteffort/pod" + uid + "/" + id, id, uid);
  check("/kubepods-burstable-pod" + uid_of_systemd + ".slice:cri-containerd:" + id, id, "");
  check("/docker/" + id, id, "");
  check("/system.slice/docker-" + id + ".scope", id, "");
  check("/kubepods/pod" + std::string(32, 'a') + "/" + id, id, std::string(32, 'a'));
  check("/kubepods.slice/kubepods-pod" + uid_of_systemd + ".slice", "", uid);
}

TEST_CASE("of containers in one another the inmost counts") {
  check("/docker/" + other + "/kubelet/kubepods/pod" + uid + "/" + id, id, uid);
  check("/kubepods/pod" + uid + "/" + id + "/system.slice/sshd.service", id, uid);
}

TEST_CASE("what is not a container's is none") {
  check("/user.slice/user-1000.slice/session-2.scope", "", "");
  check("/" + id + "b", "", "");
  check("/x" + id, "", "");
  check("/kubepods/podcast/pod-1", "", "");
  check("/machine.slice/crio-conmon-" + id + ".scope", "", "");
  check("", "", "");
}

TEST_CASE("of a process the first path in a container counts") {
  CHECK(owner_in_cgroups("0::/kubepods/pod" + uid + "/" + id + "\n").pod_uid == uid);
  const std::string file = "12:cpu:/user.slice\n11:memory:/docker/" + id + "\n1:name=systemd:/docker/" + other + "\n";
  CHECK(owner_in_cgroups(file).container == id);
  CHECK(owner_in_cgroups("0::/../" + id).container == id);
  CHECK(owner_in_cgroups("3:cpu:/kubepods/pod" + uid + "\n2:x:/\n").pod_uid == uid);
  CHECK(owner_in_cgroups("nothing\n\n0:").container.empty());
}

}  // namespace
}  // namespace rankwire::text
