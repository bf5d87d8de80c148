"""k8s_attributes before a stand-in for the API server: TLS, tokens, pages, changes, breaks, versions that are gone."""

import time

import harness
import pytest
from api_server import ApiServer, pod
from test_log_path import write_lines

CONFIG = """
receivers:
  file_log:
    include: [{logs}/*/*/*.log]
    start_at: beginning
    poll_interval: 50ms
    operators: [{{type: container}}]
processors:
  k8sattributes:
    service_account_directory: {account}
    {more}
    extract:
      metadata: [k8s.deployment.name, k8s.node.name, container.image.name, container.image.tag, container.id]
      labels: [{{key: team}}]
exporters:
  otlp_http: {{endpoint: {destination}, compression: none}}
service:
  pipelines:
    logs: {{receivers: [file_log], processors: [k8sattributes], exporters: [otlp_http]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""
UID = "6f1c0b4e-0000-4000-8000-00000000000{}"


@pytest.fixture
def api(tmp_path):
    running = ApiServer(tmp_path / "account")
    yield running
    running.close()


@pytest.fixture
def start(start_agent, api, destination, tmp_path):
    def start(more="filter: {node_from_env_var: NODE_NAME}"):
        metrics = harness.free_port()
        (tmp_path / "pods").mkdir(exist_ok=True)
        config = CONFIG.format(
            logs=tmp_path / "pods", account=api.directory, destination=destination.url, metrics=metrics, more=more
        )
        environment = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(api.port),
            "NODE_NAME": "node-4",
            "HTTPS_PROXY": "http://127.0.0.1:1",  # Not for the API server.
        }
        start.held = lambda: harness.total(harness.metrics(metrics), "rankwire_processor_held_records")
        return start_agent(config, metrics, environment=environment)

    return start


@pytest.fixture
def write(tmp_path, destination):
    """write(number, line): a line of the pod of that number; the attributes with which it arrives."""

    def write(number, line):
        write_lines(tmp_path / "pods" / f"shop_web-{number}_{UID.format(number)}" / "app", f"stdout F {line}")

        def arrived():
            return [attributes for attributes, record in destination.records() if record.body.string_value == line]

        harness.wait_until(arrived, 10, line)
        return arrived()[0]

    return write


def numbered(number, **more):
    return pod(UID.format(number), f"web-{number}", **more)


def test_a_line_carries_what_kubernetes_knows_of_its_pod(api, start, write):
    api.put(numbered(1, labels={"team": "red"}))
    api.put(numbered(2, node="other-node"))
    start()
    found = write(1, "hello")
    assert found == {
        "k8s.pod.uid": UID.format(1),
        "k8s.pod.name": "web-1",
        "k8s.namespace.name": "shop",
        "k8s.container.name": "app",
        "k8s.container.restart_count": "0",
        "k8s.deployment.name": "web",
        "k8s.node.name": "node-4",
        "k8s.pod.labels.team": "red",
        "container.image.name": "registry/web",
        "container.image.tag": "1.2",
        "container.id": "c",
    }
    assert "k8s.node.name" not in write(2, "of another node")
    (path, query, token) = api.requests[0]
    assert path == "/api/v1/pods" and query["fieldSelector"] == "spec.nodeName=node-4" and token == "first"


def test_the_first_line_of_a_new_pod_waits_for_the_pod(api, start, write, destination, tmp_path):
    start("max_hold: 30s\n    filter: {node_from_env_var: NODE_NAME}")
    harness.wait_until(lambda: api.watches == 1, 10, "the watch")
    for number in range(1, 4):
        directory = tmp_path / "pods" / f"shop_web-{number}_{UID.format(number)}" / "app"
        write_lines(directory, f"stdout F first of {number}")
        harness.wait_until(lambda: start.held() == 1, 10, "the line that waits")
        api.put(numbered(number))
        assert write(number, f"second of {number}")["k8s.node.name"] == "node-4"
    lines = [record.body.string_value for _, record in destination.records()]
    assert lines == [f"{line} of {number}" for number in range(1, 4) for line in ("first", "second")]
    assert all(attributes["k8s.node.name"] == "node-4" for attributes, _ in destination.records())


def test_a_line_of_a_pod_that_nobody_knows_goes_on_after_half_a_second(start, write):
    start()
    began = time.monotonic()
    assert "k8s.node.name" not in write(1, "first")
    assert time.monotonic() - began >= 0.45
    began = time.monotonic()
    write(1, "second")
    assert time.monotonic() - began < 0.45


def test_changes_are_followed_through_breaks_and_versions_that_are_gone(api, start, write):
    api.put(numbered(1, labels={"team": "red"}))
    start()
    assert write(1, "1")["k8s.pod.labels.team"] == "red"
    harness.wait_until(lambda: api.watches == 1, 10, "the watch")
    listed = len(api.asked(limit="100"))

    # A break: what happened meanwhile comes from where the bookmark left off.
    api.bookmark()
    marked = str(api.version)
    api.break_watches()
    api.put(numbered(2))
    assert write(2, "2")["k8s.node.name"] == "node-4"
    assert len(api.asked(limit="100")) == listed
    assert api.asked(watch="1", resourceVersion=marked) or api.asked(watch="1")

    # Versions that are gone: all is listed again, and what is no longer there has been deleted.
    with api.changed:
        api.pods[UID.format(3)] = numbered(3)
    api.forget_history()
    api.break_watches()
    assert write(3, "3")["k8s.node.name"] == "node-4"
    assert len(api.asked(limit="100")) == listed + 1

    # A server that does not answer: what is known stays, and once it is back it is asked again.
    api.is_broken = True
    api.break_watches()
    assert write(1, "4")["k8s.pod.labels.team"] == "red"
    api.is_broken = False
    api.put(numbered(1, labels={"team": "blue"}))
    number = 5
    while write(1, str(number))["k8s.pod.labels.team"] != "blue":
        number += 1


def test_a_token_that_is_replaced_is_read_again_when_the_old_one_is_refused(api, start, write):
    api.put(numbered(1))
    start()
    assert write(1, "1")["k8s.node.name"] == "node-4"
    harness.wait_until(lambda: api.watches == 1, 10, "the watch")
    api.change_token("second")
    api.break_watches()
    harness.wait_until(lambda: any(r[2] == "second" for r in list(api.requests)), 10, "the new token")
    api.put(numbered(2))
    harness.wait_until(lambda: api.watches == 1, 10, "the watch")
    assert write(2, "2")["k8s.node.name"] == "node-4"


def test_a_long_list_is_read_page_by_page(api, start, write):
    for number in range(250):
        api.put(pod(f"other-{number}", f"other-{number}"))
    api.put(numbered(1))
    start("wait_for_metadata: true")
    assert write(1, "1")["k8s.node.name"] == "node-4"
    assert [r[1].get("continue") for r in api.asked(limit="100")] == [None, "100", "200"]


def test_a_server_with_another_authority_is_not_believed(api, start, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = ApiServer(tmp_path / "elsewhere" / "account")
    (api.directory / "ca.crt").write_bytes((other.directory / "ca.crt").read_bytes())
    other.close()
    agent = start()
    agent.wait_logged("the Kubernetes API is asked again later")
    assert api.requests == []
