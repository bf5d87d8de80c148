"""Bounds that hold: memory, refusal, draining, reload."""

import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import bench
import configs
import grpc
import harness
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest


def logs_request(records, size):
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for i in range(records):
        scope.log_records.add().body.string_value = "x" * size
    return request.SerializeToString()


def post(port, body, headers=None, path="/v1/logs"):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/x-protobuf", **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers)
    except (urllib.error.URLError, ConnectionError):
        return 0, {}


def test_memory_stays_below_the_limit_under_an_attack_of_large_requests(start_agent, tmp_path):
    down, http, grpc_port = harness.Sink(refusing=True), harness.free_port(), harness.free_port()
    agent = start_agent(configs.otlp_through(grpc_port, http, down.url, limit_mib=64), http)
    body, statuses = logs_request(1000, 10_000), []

    def attack():
        for _ in range(15):
            statuses.append(post(http, body))

    threads = [threading.Thread(target=attack) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agent.peak_rss_mb() <= 64 * 1.048576  # The kernel's high-water mark: nothing slips between two looks.
    refused = [headers for status, headers in statuses if status in (429, 503)]
    assert refused and all(int(headers["Retry-After"]) >= 1 for headers in refused)
    assert any(status == 200 for status, _ in statuses)
    down.kill()


def field(number, content):
    """A length-delimited field of protobuf."""
    size, length = b"", len(content)
    while length >= 0x80:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


# Small on the wire, up to a hundred times as large in memory.
EMPTY_RECORDS = field(1, field(2, field(2, b"") * 1_000_000))
EMPTY_ATTRIBUTES = field(1, field(2, field(2, field(6, b"") * 1_000_000)))
EMPTY_RESOURCES = field(1, b"") * 1_000_000 + field(1, field(2, field(2, b"")))
ATTACKS = {"records": EMPTY_RECORDS, "attributes": EMPTY_ATTRIBUTES, "resources": EMPTY_RESOURCES}
JSON_ATTACKS = {
    "json records": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * 1_000_000 + b"{}]}]}]}",
    "json nothing": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"arrayValue":{"values":['
    + b"{}," * 1_000_000
    + b"{}]}}}]}]}]}",
}
INSERT = "  attributes: {actions: [{key: a, value: b, action: insert}]}\n"


def refusals_over_http(port, rounds):
    statuses = []
    for _ in range(rounds):
        for body in ATTACKS.values():
            statuses.append(post(port, body))
        for body in JSON_ATTACKS.values():
            statuses.append(post(port, body, {"Content-Type": "application/json"}))
    return statuses


def refusals_over_grpc(port, rounds):
    codes = []
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        for _ in range(rounds):
            for body in ATTACKS.values():
                try:
                    export(body, timeout=20)
                    codes.append(grpc.StatusCode.OK)
                except grpc.RpcError as error:
                    codes.append(error.code())
    return codes


def test_requests_that_are_small_on_the_wire_and_huge_in_memory_are_refused(start_agent, sink):
    http, grpc_port = harness.free_port(), harness.free_port()
    agent = start_agent(configs.otlp_through(grpc_port, http, sink.url, INSERT, "[attributes]", limit_mib=64), http)
    over_http, over_grpc = [], []
    threads = [threading.Thread(target=lambda: over_http.extend(refusals_over_http(http, 2))) for _ in range(4)]
    threads += [threading.Thread(target=lambda: over_grpc.extend(refusals_over_grpc(grpc_port, 4))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agent.peak_rss_mb() <= 64 * 1.048576
    statuses = {status for status, _ in over_http}
    assert statuses <= {200, 413, 429} and statuses & {413, 429}
    assert not any("Retry-After" in headers for status, headers in over_http if status == 413)
    assert all(int(headers["Retry-After"]) >= 1 for status, headers in over_http if status == 429)
    assert set(over_grpc) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert grpc.StatusCode.RESOURCE_EXHAUSTED in set(over_grpc)
    # And it still works.
    harness.wait_until(lambda: post(http, logs_request(10, 10))[0] == 200, 10, "nothing is taken after the attack")


@pytest.mark.parametrize("megabytes", [0.5, 4, 6, 10, 15])
def test_what_an_idle_agent_refuses_it_refuses_for_good(start_agent, sink, megabytes):
    http, metrics = harness.free_port(), harness.free_port()
    config = configs.otlp_through(harness.free_port(), http, sink.url, metrics_port=metrics, limit_mib=64)
    agent = start_agent(config, http)
    head, _, tail = JSON_ATTACKS["json nothing"].partition(b"{}," * 1_000_000)
    body = head + b"{}," * int(megabytes * 1_000_000 / 3) + tail
    as_json = {"Content-Type": "application/json"}
    status, headers = post(http, body, as_json)
    assert status == (413 if megabytes > 1 else 200) and "Retry-After" not in headers
    assert post(http, logs_request(10, 10))[0] == 200
    refused = harness.total(harness.metrics(metrics), "rankwire_otlp_error_answers_total", status="413")
    assert refused == (megabytes > 1)
    assert agent.peak_rss_mb() <= 64 * 1.048576


def test_an_exporter_that_wants_records_gets_huge_requests_in_pieces(start_agent, tmp_path):
    http, metrics = harness.free_port(), harness.free_port()
    agent = start_agent(
        f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:{http}}}}}}}}}
processors: {{memory_limiter: {{check_interval: 1s, limit_mib: 64}}}}
exporters: {{file: {{path: {tmp_path}/out.json}}}}
service:
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
  pipelines: {{logs: {{receivers: [otlp], processors: [memory_limiter], exporters: [file]}}}}
""",
        http,
    )
    assert post(http, EMPTY_RECORDS)[0] == 200
    post(http, EMPTY_ATTRIBUTES)
    assert agent.peak_rss_mb() <= 64 * 1.048576
    values = harness.metrics(metrics)
    assert harness.total(values, "rankwire_delivered_records_total", signal="logs") == 1_000_000
    assert harness.total(values, "rankwire_dropped_records_total", reason="invalid") == 1
    with open(tmp_path / "out.json") as file:
        assert sum(line.count("{}") for line in file) >= 1_000_000


def test_wrong_requests_get_the_documented_statuses(start_agent, sink):
    http, grpc_port = harness.free_port(), harness.free_port()
    start_agent(configs.otlp_through(grpc_port, http, sink.url), http)
    assert post(http, b"")[0] == 200
    assert post(http, b"\xff\xff")[0] == 400
    assert post(http, b"{}", {"Content-Type": "text/plain"})[0] == 415
    assert post(http, b"{", {"Content-Type": "application/json"})[0] == 400
    assert post(http, b"", path="/v1/nothing")[0] == 404
    assert post(http, b"\x1f\x8b garbage", {"Content-Encoding": "gzip"})[0] == 400
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{http}/v1/logs", timeout=5)
        raise AssertionError("GET was answered")
    except urllib.error.HTTPError as error:
        assert error.code == 405


def test_stopping_drains_what_was_accepted(start_agent, sink):
    http, grpc_port = harness.free_port(), harness.free_port()
    agent = start_agent(configs.otlp_through(grpc_port, http, sink.url), http)
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for i in range(5000):
        scope.log_records.add().body.string_value = f"#n={i:010d}#"
    assert post(http, request.SerializeToString())[0] == 200
    agent.stop()
    assert agent.process.returncode == 0
    assert sink.totals()["numbered"] == 5000


def test_a_reload_after_which_nothing_can_start_ends_the_process(start_agent, tmp_path):
    http, state = harness.free_port(), tmp_path / "state"
    config = f"""
extensions: {{file_storage: {{directory: {state}, create_directory: true}}}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{http}"}}}}}}
  file_log: {{include: [{tmp_path}/*.log], storage: file_storage, poll_interval: 1s}}
exporters: {{file: {{path: {tmp_path}/out.jsonl}}}}
service:
  extensions: [file_storage]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{logs: {{receivers: [otlp, file_log], exporters: [file]}}}}
"""
    agent = start_agent(config, http)
    journal = next(state.rglob("positions.journal"))
    journal.unlink()
    journal.mkdir()
    with open(agent.config_path, "w") as file:
        file.write(config.replace("poll_interval: 1s", "poll_interval: 2s"))
    assert agent.process.wait(timeout=20) == 1


def test_a_reload_changes_what_changed_and_an_invalid_file_keeps_the_old(start_agent, sink, tmp_path):
    http, grpc, port = harness.free_port(), harness.free_port(), harness.free_port()
    config = configs.otlp_through(grpc, http, sink.url, metrics_port=port)
    agent = start_agent(config, http)
    with open(agent.config_path, "w") as file:
        file.write(config.replace("receivers:", "recievers:", 1))
    agent.wait_logged("recievers")
    assert post(http, logs_request(1, 10))[0] == 200
    with open(agent.config_path, "w") as file:
        file.write(
            config.replace(
                "exporters:\n",
                "processors: {resource: {attributes: [{key: k, value: '#n=5#', action: insert}]}}\n" "exporters:\n",
                1,
            ).replace("receivers: [otlp], processors: []", "receivers: [otlp], processors: [resource]", 1)
        )
    agent.process.send_signal(signal.SIGHUP)

    def is_changed():
        post(http, logs_request(1, 10))
        return sink.report()["numbered"] == 1

    harness.wait_until(is_changed, 10, f"the new processor to work:\n{agent.log_text()[-1500:]}", 0.2)


@pytest.mark.parametrize("secure, limit_mb", [(False, 10), (True, 12)])
def test_an_idle_agent_is_small(start_agent, tmp_path, secure, limit_mb):
    logs, state = tmp_path / "pods", tmp_path / "state"
    state.mkdir()
    config, port = bench.idle_configurations(str(logs), str(state))[secure]
    agent = start_agent(config, port)
    agent.wait_logged("everything is running")
    assert agent.peak_rss_mb() <= limit_mb
