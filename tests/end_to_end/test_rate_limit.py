"""rate_limit: what is beyond the limit of its pod is held back at its source, and nothing is lost or comes twice."""

import time
import urllib.error
import urllib.request

import harness
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from test_log_path import write_lines

NOISY = "shop_noisy_6f1c0b4e-0000-4000-8000-000000000001"
QUIET = "shop_quiet_6f1c0b4e-0000-4000-8000-000000000002"

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:{http}}}}}}}
  file_log:
    include: [{logs}/*/*/*.log]
    start_at: beginning
    poll_interval: 50ms
    operators: [{{type: container}}]
processors:
  rate_limit: {{records_per_second: 100, burst: 1s, excess: {excess}}}
exporters:
  otlp_http: {{endpoint: {destination}, compression: none}}
service:
  pipelines:
    logs: {{receivers: [otlp, file_log], processors: [rate_limit], exporters: [otlp_http]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


def start(start_agent, destination, tmp_path, excess="hold_back"):
    http, metrics = harness.free_port(), harness.free_port()
    (tmp_path / "pods").mkdir()
    config = CONFIG.format(
        http=http, metrics=metrics, logs=tmp_path / "pods", destination=destination.url, excess=excess
    )
    start_agent(config, metrics).wait_ready(http)
    return http, metrics


def bodies(destination):
    return [record.body.string_value for _, record in destination.records()]


def test_a_file_beyond_its_limit_is_read_on_later_and_once(start_agent, destination, tmp_path):
    start(start_agent, destination, tmp_path)
    directory = tmp_path / "pods" / NOISY / "app"
    started = time.monotonic()
    for part in range(4):
        write_lines(directory, *(f"stdout F {part}-{line}" for line in range(100)))
        if part == 0:
            harness.wait_until(lambda: len(bodies(destination)) >= 100, 10, "the burst")
    harness.wait_until(lambda: len(bodies(destination)) >= 400, 20, "everything")
    # 100 at once, at least one batch more on credit, and the last only when that is paid for.
    write_lines(directory, "stdout F last")
    harness.wait_until(lambda: "last" in bodies(destination), 20, "the line after the debt")
    assert time.monotonic() - started > 2.5
    assert bodies(destination) == [f"{part}-{line}" for part in range(4) for line in range(100)] + ["last"]


def test_a_noisy_pod_does_not_keep_a_quiet_one_back(start_agent, destination, tmp_path):
    start(start_agent, destination, tmp_path)
    noisy, quiet = tmp_path / "pods" / NOISY / "app", tmp_path / "pods" / QUIET / "app"
    write_lines(noisy, *(f"stdout F {line}" for line in range(1000)))
    harness.wait_until(lambda: len(bodies(destination)) >= 1000, 10, "a large first batch, on credit")
    for turn in range(5):
        write_lines(noisy, f"stdout F waits {turn}")
        write_lines(quiet, f"stdout F quiet {turn}")
        harness.wait_until(lambda: f"quiet {turn}" in bodies(destination), 1, "the quiet pod's line, at once")
    assert not any(body.startswith("waits") for body in bodies(destination))
    harness.wait_until(lambda: "waits 4" in bodies(destination), 20, "the noisy pod's lines, when the debt is paid")
    assert len(bodies(destination)) == 1010


def test_a_sender_beyond_its_limit_hears_when_to_come_again(start_agent, destination, tmp_path):
    http, _ = start(start_agent, destination, tmp_path)

    def post(count):
        request = ExportLogsServiceRequest()
        records = request.resource_logs.add().scope_logs.add().log_records
        for _ in range(count):
            records.add().body.string_value = "x"
        headers = {"Content-Type": "application/x-protobuf"}
        wanted = urllib.request.Request(f"http://127.0.0.1:{http}/v1/logs", request.SerializeToString(), headers)
        try:
            with urllib.request.urlopen(wanted, timeout=10) as answer:
                return answer.status, None
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Retry-After"]

    assert post(400)[0] == 200
    status, delay = post(1)
    assert status == 429 and 1 <= int(delay) <= 3, "the debt of 300 takes three seconds"
    harness.wait_until(lambda: len(bodies(destination)) >= 400, 10, "what was taken")
    assert len(bodies(destination)) == 400


def test_what_is_dropped_is_counted_by_pod(start_agent, destination, tmp_path):
    _, port = start(start_agent, destination, tmp_path, "drop")
    directory = tmp_path / "pods" / NOISY / "app"
    write_lines(directory, *(f"stdout F {line}" for line in range(5000)))

    def dropped():
        return harness.total(harness.metrics(port), "rankwire_dropped_records_total", reason="rate_limited")

    harness.wait_until(lambda: len(bodies(destination)) + dropped() >= 5000, 10, "every line sent or dropped")
    assert 100 <= len(bodies(destination)) < 2000
    named = harness.total(harness.metrics(port), "rankwire_rate_limit_key_excess_records_total", key="shop/noisy")
    assert named == dropped()
