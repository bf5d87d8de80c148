"""kubernetes_sd_configs before a stand-in for the API server: the targets, each with all its labels, that Prometheus'
own discovery finds at the same server."""

import copy
import json
import os
import subprocess

import harness
import pytest
import scraping
import yaml
from api_server import ApiServer

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.path.join(HERE, "..", "..", "build", "discovery_reference")
IS_RECORDING = "RANKWIRE_RECORD" in os.environ  # By ./dev discovery_reference.
RECORDED = os.path.join(HERE, "discovery_reference", "recorded.json")  # What it finds in `world`.
PREFIX = "__meta_kubernetes_"
ODD = {"app.kubernetes.io/name": "web", "a-b": "1", "a.b/c_d": "x y", "empty": "", "é": "ü"}


def named(kind, name, namespace="shop", **more):
    metadata = {"name": name, "uid": f"{kind}-{namespace}-{name}", **more.pop("metadata", {})}
    if namespace:
        metadata["namespace"] = namespace
    return {"kind": kind, "metadata": metadata, **more}


def container(name, *ports):
    """(name, number) each."""
    return {"name": name, "image": f"registry/{name}:1", "env": [{"name": "a", "value": "b"}],
            "ports": [{"name": n, "containerPort": p, "protocol": "TCP"} for n, p in ports]}  # fmt: skip


def pod(name, ip, *containers, namespace="shop", node="node-1", init=(), ready="True", **metadata):
    running = {"hostIP": "192.168.0.1", "podIP": ip} if ip else {}
    return named("Pod", name, namespace, metadata=metadata, spec={
        "nodeName": node, "containers": list(containers), "initContainers": list(init)}, status={
        "phase": "Running" if ip else "Pending", **running,
        "conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": ready}],
        "containerStatuses": [
            {"name": c["name"], "containerID": f"containerd://{name}-{c['name']}", "ready": True, "restartCount": 0,
             "image": c["image"], "imageID": "i"} for c in containers],
    })  # fmt: skip


def owner(kind, name, is_controller):
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": is_controller}


def reference_to(target):
    metadata = target["metadata"]
    return {"kind": target["kind"], "name": metadata["name"], "namespace": metadata.get("namespace", "")}


def world():
    web = pod("web-1", "10.0.0.1", container("app", ("http", 80), ("metrics", 9090)), container("side"),
              init=[container("setup", ("init", 81))], labels={**ODD, "app": "web"}, annotations=ODD,
              ownerReferences=[owner("Node", "no", False), owner("ReplicaSet", "web-5d", True)])  # fmt: skip
    six = pod("six", "fd00::1", container("app", ("http", 8080)), container("bare"), node="node-2", ready="False")
    waiting = pod("waiting", "", container("app", ("http", 80)))
    other = pod("web-1", "10.0.1.1", container("app", ("", 80)), namespace="other", node="gone")
    nodes = [
        named("Node", f"node-{i}", "", metadata={"labels": {"zone": f"z{i}"}, "annotations": {"a/b": "c"}},
              spec={"providerID": f"cloud:///{i}"}, status={
                  "addresses": addresses, "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}})
        for i, addresses in enumerate([
            [],
            [{"type": "Hostname", "address": "h1"}, {"type": "InternalIP", "address": "192.168.0.1"},
             {"type": "InternalIP", "address": "192.168.0.9"}],
            [{"type": "ExternalDNS", "address": "n2.example"}, {"type": "Hostname", "address": "h2"}],
            [{"type": "InternalIP", "address": "fd00::9"}],
        ])]  # fmt: skip
    port = {"name": "http", "port": 80, "protocol": "TCP"}
    services = [
        named("Service", "web", metadata={"labels": {"app": "web"}, "annotations": ODD},
              spec={"type": "ClusterIP", "clusterIP": "10.96.0.1", "ports": [port, {**port, "port": 81, "name": ""}]}),
        named("Service", "outside", spec={"type": "ExternalName", "externalName": "ex.example", "ports": [port]}),
        named("Service", "lb", "other", spec={
            "type": "LoadBalancer", "clusterIP": "10.96.0.2", "loadBalancerIP": "1.2.3.4", "ports": [port]}),
        named("Service", "none", spec={"type": "ClusterIP", "clusterIP": "None"}),
    ]  # fmt: skip
    addresses = [
        {"ip": "10.0.0.1", "nodeName": "node-1", "hostname": "web-1", "targetRef": reference_to(web)},
        {"ip": "9.9.9.9"},
    ]
    not_ready = [{"ip": "fd00::1", "nodeName": "node-2", "targetRef": reference_to(six)},
                 {"ip": "192.168.0.1", "targetRef": reference_to(nodes[1])},
                 {"ip": "7.7.7.7", "targetRef": {"kind": "Pod", "name": "unknown", "namespace": "shop"}}]  # fmt: skip
    endpoints = [
        named("Endpoints", "web", metadata={"labels": {"e": "1"}, "annotations": {"e": "2"}}, subsets=[
            {"addresses": addresses, "notReadyAddresses": not_ready, "ports": [port, {**port, "port": 82}]}]),
        named("Endpoints", "web", "other", subsets=[
            {"addresses": [{"ip": "10.0.1.1", "targetRef": reference_to(other)}], "ports": [port]}]),
        named("Endpoints", "empty"),
    ]  # fmt: skip
    of_web = {"kubernetes.io/service-name": "web"}
    slices = [
        named("EndpointSlice", "web-abc", metadata={"labels": of_web}, addressType="IPv4",
              ports=[{**port, "appProtocol": "http"}, {"name": "", "protocol": "TCP"}],
              endpoints=[
                  {"addresses": ["10.0.0.1", "10.0.0.2"], "conditions": {"ready": True, "serving": True,
                                                                       "terminating": False},
                   "hostname": "web-1", "nodeName": "node-1", "zone": "z1", "targetRef": reference_to(web),
                   "deprecatedTopology": {"kubernetes.io/hostname": "h1"}},
                  {"addresses": ["192.168.0.1"], "conditions": {}, "targetRef": reference_to(nodes[1])},
              ]),
        named("EndpointSlice", "six", addressType="IPv6", ports=[port], endpoints=[
            {"addresses": ["fd00::1"], "nodeName": "node-2", "conditions": {"ready": False},
             "targetRef": reference_to(six)}]),
    ]  # fmt: skip

    def paths(*all):
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        return {"http": {"paths": [{"path": p, "pathType": "Prefix", "backend": backend} for p in all]}}

    ingress = named("Ingress", "web", metadata={"labels": {"i": "1"}, "annotations": ODD}, spec={
        "ingressClassName": "nginx", "tls": [{"hosts": ["a.example", "*.wild.example"]}],
        "rules": [{"host": "a.example", **paths("/", "/x")}, {"host": "b.wild.example", **paths("")},
                  {"host": "c.d.wild.example"}, {**paths("/y")}]})  # fmt: skip
    namespaces = [named("Namespace", n, "", metadata={"labels": {"n": n}, "annotations": ODD}) for n in ("shop",)]
    return [web, six, waiting, other, *nodes, *services, *endpoints, *slices, ingress, *namespaces]


CASES = {
    **{role: {"role": role} for role in ("pod", "service", "endpoints", "endpointslice", "node", "ingress")},
    **{
        f"{role}-attached": {"role": role, "attach_metadata": {"node": True, "namespace": True}}
        for role in ("pod", "service", "endpoints", "endpointslice", "ingress")
    },
    "one-namespace": {"role": "endpoints", "namespaces": {"names": ["other"]}},
    "two-namespaces": {"role": "pod", "namespaces": {"names": ["other", "shop"]}},
}


class Reference:
    """Prometheus' discovery of one configuration."""

    def __init__(self, directory, name, config):
        path = directory / f"{name}.yml"
        path.write_text(yaml.safe_dump(config))
        self.path = directory / f"{name}.found"
        self.out = open(self.path, "w")
        self.log = open(directory / f"{name}.log", "w")
        self.process = subprocess.Popen([REFERENCE, str(path)], stdout=self.out, stderr=self.log)

    def targets(self):
        lines = [line for line in self.path.read_text().splitlines() if line.endswith("}")]
        found = json.loads(lines[-1]) if lines else {}
        return {key_of(labels) for group in found.values() for labels in group or []}

    def close(self):
        self.process.kill()
        self.process.wait()


class Recorded:
    def __init__(self, targets):
        self.found = {key_of(labels) for labels in targets}

    def targets(self):
        return self.found


def targets_by_case(references):
    return {name: [dict(key) for key in sorted(one.targets())] for name, one in references.items()}


def write_recorded(moments):
    def text(cases):
        return ",\n".join(f"{json.dumps(n)}: [\n" + ",\n".join(map(json.dumps, t)) + "\n]" for n, t in cases.items())

    with open(RECORDED, "w") as file:
        written = [f"{json.dumps(moment)}: {{\n{text(cases)}\n}}" for moment, cases in moments.items()]
        file.write("{\n" + ",\n".join(written) + "\n}\n")


def key_of(labels):
    plain = {name.removeprefix(PREFIX): value for name, value in labels.items() if value}
    return tuple(sorted(plain.items()))


def ours_of(path, job):
    """Targets of a job by what their last `up` says: all labels that discovery gave them."""
    known = {}
    for labels, _, point, _ in scraping.otlp_points(path):
        if labels["__name__"] == "up" and labels["job"] == job:
            found = {n.removeprefix("k_"): v for n, v in labels.items() if n.startswith("k_")}
            known[key_of(found)] = scraping.is_stale(point)
    return {key for key, is_gone in known.items() if not is_gone}


RULES = [
    {"action": "labelmap", "regex": PREFIX + "(.+)", "replacement": "k_$1"},
    {"source_labels": ["__address__"], "target_label": "k___address__"},
    {"source_labels": ["instance"], "target_label": "k_instance"},
]


@pytest.fixture
def api(tmp_path):
    running = ApiServer(tmp_path / "account")
    for value in world():
        running.put(value)
    yield running
    running.close()


@pytest.fixture
def pages():
    running = scraping.Pages()
    running.put("/metrics", "a 1\n")
    yield running
    running.close()


@pytest.fixture
def start(start_agent, api, pages, tmp_path):
    """start({job: discovery}): the agent; where its points are."""

    def start(cases):
        here = {"source_labels": [], "target_label": "__address__", "replacement": pages.address}
        jobs = [
            {"job_name": name, "kubernetes_sd_configs": [{**access(api), **config}], "relabel_configs": [*RULES, here]}
            for name, config in cases.items()
        ]
        prometheus = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
        port, out = harness.free_port(), str(tmp_path / "metrics.json")
        reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": port}}}}
        text = yaml.safe_dump(
            {
                "receivers": {"prometheus": {"config": prometheus}},
                "exporters": {"file": {"path": out}},
                "service": {
                    "pipelines": {"metrics": {"receivers": ["prometheus"], "exporters": ["file"]}},
                    "telemetry": {"metrics": {"readers": [reader]}},
                },
            }
        )
        start_agent(text.replace("$1", "$$1"), port)
        return out

    return start


def access(api):
    return {
        "api_server": f"https://127.0.0.1:{api.port}",
        "authorization": {"credentials_file": str(api.directory / "token")},
        "tls_config": {"ca_file": str(api.directory / "ca.crt")},
    }


@pytest.fixture
def references(api, tmp_path):
    """references(moment): what Prometheus finds then, by case: as recorded, or while it is recorded anew."""
    if not IS_RECORDING:
        with open(RECORDED) as file:
            moments = json.load(file)
        yield lambda moment: {name: Recorded(found) for name, found in moments[moment].items()}
        return
    running = {name: Reference(tmp_path, name, {**access(api), **config}) for name, config in CASES.items()}
    yield lambda moment: running
    for one in running.values():
        one.close()


def difference(ours, theirs):
    """Of targets of one address only the labels that differ."""
    by_address = {}
    for side, keys in (("ours", ours - theirs), ("theirs", theirs - ours)):
        for key in keys:
            by_address.setdefault(dict(key).get("__address__"), {}).setdefault(side, set()).update(key)
    return {
        address: {side: sorted(found - of.get(other, set())) for side, other in (("ours", "theirs"), ("theirs", "ours"))
                  if (found := of.get(side)) is not None}
        for address, of in by_address.items()
    }  # fmt: skip


def check(out, references, moment, nudge=lambda: None):
    last = {}

    def is_same():
        nudge()
        last.clear()
        for name, reference in references.items():
            ours, theirs = ours_of(out, name), reference.targets()
            if ours != theirs or not ours:
                last[name] = difference(ours, theirs) or "none"
        return not last

    try:
        harness.wait_until(is_same, 30, "the same", interval=0.5)
    except AssertionError:
        raise AssertionError(f"{moment}: {last}") from None


def test_targets_have_the_labels_that_prometheus_gives_them_through_changes(api, start, references):
    out = start(CASES)
    check(out, references("at first"), "at first")
    moments = {"at first": targets_by_case(references("at first"))}

    changed = world()
    named_so = {(v["kind"], v["metadata"]["name"], v["metadata"].get("namespace")): v for v in changed}
    web = copy.deepcopy(named_so["Pod", "web-1", "shop"])
    web["metadata"]["labels"] = {"app": "changed"}
    web["status"]["conditions"][1]["status"] = "False"
    api.put(web)
    service = copy.deepcopy(named_so["Service", "web", "shop"])
    service["metadata"]["labels"] = {"more": "labels"}
    api.put(service)
    node = copy.deepcopy(named_so["Node", "node-1", None])
    node["metadata"]["labels"] = {"zone": "elsewhere"}
    api.put(node)
    api.remove("Service-other-lb")
    api.remove("Pod-shop-six")
    api.put(pod("new", "10.0.0.77", container("app", ("http", 80))))

    def touch_endpoints():
        """Prometheus does not look at them again for all that their targets' labels are of."""
        for value in changed:
            if value["kind"] in ("Endpoints", "EndpointSlice"):
                api.put(value)

    check(out, references("after changes"), "after changes", touch_endpoints)
    moments["after changes"] = targets_by_case(references("after changes"))
    if IS_RECORDING:
        write_recorded(moments)


def test_one_watch_serves_every_job_and_goes_on_after_breaks(api, start):
    out = start({"a": {"role": "pod"}, "b": {"role": "pod"}, "c": {"role": "endpoints"}})
    harness.wait_until(lambda: all(len(ours_of(out, job)) == 7 for job in "ab"), 30, "targets of both")
    harness.wait_until(lambda: api.watches == 3, 10, "one watch for each kind")
    asked = [path for path, query, _ in api.requests if "limit" in query]
    assert sorted(set(asked)) == ["/api/v1/endpoints", "/api/v1/pods", "/api/v1/services"]
    assert len(asked) == 3

    api.bookmark()
    api.break_watches()
    api.put(pod("new", "10.0.0.77", container("app", ("http", 80))))
    harness.wait_until(lambda: any("10.0.0.77:80" in str(t) for t in ours_of(out, "a")), 20, "the new pod")
    with api.changed:
        del api.pods["Pod-shop-web-1"]
    api.forget_history()
    api.break_watches()
    harness.wait_until(lambda: not any("Pod-shop-web-1" in str(t) for t in ours_of(out, "b")), 20, "its end")
    assert any("10.0.0.77:80" in str(t) for t in ours_of(out, "b"))


def test_selectors_are_the_servers_business(api, start):
    selectors = [{"role": "pod", "field": "spec.nodeName=node-2", "label": "app in (web, x)"}]
    out = start({"a": {"role": "pod", "selectors": selectors}})
    harness.wait_until(lambda: ours_of(out, "a"), 20, "targets")
    assert {dict(key)["pod_node_name"] for key in ours_of(out, "a")} == {"node-2"}
    assert all(query["labelSelector"] == "app in (web, x)" for _, query, _ in api.requests)
