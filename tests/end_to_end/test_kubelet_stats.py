"""kubelet_stats before a stand-in for a kubelet: TLS, tokens, pages that break off, silence, restarts."""

import json

import harness
import pytest
from kubelet import Kubelet

CONFIG = """
receivers:
  kubeletstats:
    auth_type: serviceAccount
    service_account_directory: {account}
    endpoint: 127.0.0.1:{port}
    collection_interval: 200ms
    initial_delay: 0s
    {more}
exporters:
  file: {{path: {out}, flush_interval: 50ms}}
service:
  pipelines:
    metrics: {{receivers: [kubeletstats], exporters: [file]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


@pytest.fixture
def kubelet(tmp_path):
    running = Kubelet(tmp_path / "account")
    yield running
    running.stop()


class Given:
    """What the agent has written."""

    def __init__(self, path):
        self.path = path

    def resources(self):
        """(attributes, {metric: value of its first point}) of each resource so far."""
        text = self.path.read_text() if self.path.exists() else ""
        for line in text.splitlines(keepends=True):
            if not line.endswith("\n"):
                return
            for resource in json.loads(line)["resourceMetrics"]:
                attributes = {a["key"]: a["value"].get("stringValue") for a in resource["resource"]["attributes"]}
                yield attributes, {m["name"]: first_of(m) for s in resource["scopeMetrics"] for m in s["metrics"]}

    def of(self, **wanted):
        names = {key.replace("_", "."): value for key, value in wanted.items()}
        return [m for a, m in self.resources() if all(a.get(k) == v for k, v in names.items())]

    def wait_for_more(self, **wanted):
        before = len(self.of(**wanted))
        harness.wait_until(lambda: len(self.of(**wanted)) > before, 20, f"more of {wanted}")
        return self.of(**wanted)[-1]


def first_of(metric):
    point = (metric.get("gauge") or metric.get("sum"))["dataPoints"][0]
    return float(point.get("asDouble", point.get("asInt")))


@pytest.fixture
def start(start_agent, kubelet, tmp_path):
    def start(more=""):
        metrics, out = harness.free_port(), tmp_path / "out.json"
        start.failures = lambda: harness.total(harness.metrics(metrics), "rankwire_kubelet_stats_failures_total")
        config = CONFIG.format(account=kubelet.directory, port=kubelet.port, out=out, metrics=metrics, more=more)
        # A proxy is not for the kubelet.
        start.agent = start_agent(config, metrics, environment={"HTTPS_PROXY": "http://127.0.0.1:1"})
        return Given(out)

    return start


def wait_for_failure(start):
    before = start.failures()
    harness.wait_until(lambda: start.failures() > before, 20, "a failure that is counted")


def test_the_node_pods_and_containers_are_told_of(kubelet, start):
    given = start()
    assert given.wait_for_more(k8s_node_name="node-4")["k8s.node.filesystem.usage"] == 40
    assert given.wait_for_more(k8s_container_name="app")["container.cpu.usage"] == 0.25
    kubelet.pods = 3
    assert given.wait_for_more(k8s_pod_uid="u-3", k8s_pod_name="web-3")
    assert {path for path, _ in kubelet.requests} == {"/stats/summary"}


def test_pods_tell_ids_and_limits(kubelet, start):
    given = start(
        "extra_metadata_labels: [container.id]\n    metrics: {k8s.pod.memory_limit_utilization: {enabled: true}}"
    )
    assert given.wait_for_more(container_id="c-1")["container.memory.usage"] == 512
    assert any(m.get("k8s.pod.memory_limit_utilization") == 0.5 for m in given.of(k8s_pod_uid="u-1"))


def test_a_token_that_is_replaced_is_read_again_when_the_old_one_is_refused(kubelet, start):
    given = start()
    given.wait_for_more(k8s_pod_uid="u-1")
    kubelet.change_token("second")
    kubelet.pods = 2
    given.wait_for_more(k8s_pod_uid="u-2")
    assert kubelet.requests[-1][1] == "second"
    assert start.failures() == 0


def test_a_kubelet_with_another_authority_is_not_believed(kubelet, start, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = Kubelet(tmp_path / "elsewhere" / "account")
    other.stop()
    (kubelet.directory / "ca.crt").write_bytes((other.directory / "ca.crt").read_bytes())
    given = start()
    wait_for_failure(start)
    assert kubelet.requests == [] and not list(given.resources())


def test_any_certificate_is_taken_where_that_is_asked_for(kubelet, start):
    (kubelet.directory / "ca.crt").unlink()
    start("insecure_skip_verify: true").wait_for_more(k8s_pod_uid="u-1")


def test_nothing_is_given_of_a_page_that_breaks_off(kubelet, start):
    kubelet.breaks_off = True
    given = start()
    wait_for_failure(start)
    assert not list(given.resources())
    kubelet.breaks_off = False
    given.wait_for_more(k8s_pod_uid="u-1")


def test_a_kubelet_that_is_silent_is_not_waited_for_longer_than_the_timeout(kubelet, start):
    kubelet.is_silent.set()
    given = start("timeout: 300ms")
    wait_for_failure(start)
    kubelet.is_silent.clear()
    given.wait_for_more(k8s_pod_uid="u-1")


def test_a_stop_does_not_wait_for_a_kubelet_that_is_silent(kubelet, start):
    kubelet.is_silent.set()
    start("timeout: 10m")
    harness.wait_until(lambda: kubelet.requests, 10, "the request")
    start.agent.stop(timeout=20)


def test_a_kubelet_that_restarts_is_asked_again(kubelet, start):
    given = start()
    given.wait_for_more(k8s_pod_uid="u-1")
    kubelet.stop()
    wait_for_failure(start)
    kubelet.has_spoken.clear()
    kubelet.start()
    given.wait_for_more(k8s_pod_uid="u-1")
