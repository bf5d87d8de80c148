#include "kubernetes/pod.hpp"

#include <doctest/doctest.h>

#include "text/json_value.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::kubernetes;

constexpr std::string_view pod_json = R"({
  "metadata": {"name": "web-5d8f7c9b6-x2x2x", "namespace": "shop", "uid": "u-1",
    "creationTimestamp": "2026-01-02T03:04:05Z", "labels": {"app": "web", "pod-template-hash": "5d8f7c9b6"},
    "annotations": {"team": "red"},
    "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d8f7c9b6", "uid": "r-1"}]},
  "spec": {"nodeName": "node-4", "hostNetwork": true,
    "initContainers": [{"name": "init", "image": "busybox"}],
    "containers": [{"name": "app", "image": "registry:5000/web:1.2"}]},
  "status": {"podIP": "10.0.0.7",
    "initContainerStatuses": [{"name": "init", "containerID": "docker://bbb"}],
    "containerStatuses": [{"name": "app", "restartCount": 3, "containerID": "containerd://aaa",
      "imageID": "registry:5000/web@sha256:1234", "lastState": {"terminated": {"containerID": "containerd://old"}}},
      {"name": "nobody"}]}})";

TEST_CASE("what logs need is read of a pod") {
  Arena arena;
  Value object;
  REQUIRE(text::read_json_object(pod_json, text::NumberForm::integer_where_exact, arena, object));
  const Pod pod = pod_from(object);
  CHECK(pod.uid == "u-1");
  CHECK(pod.name == "web-5d8f7c9b6-x2x2x");
  CHECK(pod.namespace_name == "shop");
  CHECK(pod.node_name == "node-4");
  CHECK(pod.hostname == pod.name);
  CHECK(pod.created == "2026-01-02T03:04:05Z");
  CHECK(pod.ip == "10.0.0.7");
  CHECK(pod.is_host_network);
  REQUIRE(pod.owners.size() == 1);
  CHECK(pod.owners[0].kind == "ReplicaSet");
  CHECK(deployment_of(pod.owners[0].name, pod.labels) == "web");
  REQUIRE(pod.containers.size() == 2);
  CHECK(pod.containers[0].name == "app");
  CHECK(pod.containers[0].id == "aaa");
  CHECK(pod.containers[0].previous_id == "old");
  CHECK(pod.containers[0].restart_count == 3);
  CHECK(pod.containers[1].id == "bbb");
}

TEST_CASE("a pod of other types than Kubernetes gives is empty where they are") {
  Arena arena;
  Value object;
  const std::string_view odd =
      R"({"metadata":{"name":7,"labels":[1],"ownerReferences":{"kind":1}},"spec":{"containers":[3,{}]},"status":[]})";
  REQUIRE(text::read_json_object(odd, text::NumberForm::integer_where_exact, arena, object));
  const Pod pod = pod_from(object);
  CHECK(pod.uid.empty());
  CHECK(pod.labels.empty());
  CHECK(pod.owners.empty());
  CHECK(pod.containers.size() == 2);
}

TEST_CASE("an image is a name, a tag and a digest") {
  CHECK(parse_image("registry:5000/web:1.2").name == "registry:5000/web");
  CHECK(parse_image("registry:5000/web:1.2").tag == "1.2");
  CHECK(parse_image("registry:5000/web").name == "registry:5000/web");
  CHECK(parse_image("web").tag == "latest");
  const ImageName pinned = parse_image("docker-pullable://web:1@sha256:12");
  CHECK(pinned.name == "web");
  CHECK(pinned.tag == "1");
  CHECK(pinned.digest == "sha256:12");
  CHECK(parse_image("web@sha256:12").tag.empty());
}

TEST_CASE("a deployment is told by the hash in its pods' labels, a cron job by the time in its jobs' names") {
  KeyValue hash[] = {{"pod-template-hash", Value::of("5d8f7c9b6")}};
  const Attributes labels = Attributes::shared(hash, 1);
  CHECK(deployment_of("web-5d8f7c9b6", labels) == "web");
  CHECK(deployment_of("web-55555", labels).empty());
  CHECK(deployment_of("5d8f7c9b6", labels).empty());
  CHECK(deployment_of("web-5d8f7c9b6", {}).empty());
  CHECK(deployment_by_name("my-web-5d8f7c9b6") == "my-web");
  CHECK(deployment_by_name("web").empty());
  CHECK(deployment_by_name("web-").empty());
  CHECK(cron_job_of("backup-28374650") == "backup");
  CHECK(cron_job_of("backup-now").empty());
  CHECK(cron_job_of("28374650").empty());
}

}  // namespace
