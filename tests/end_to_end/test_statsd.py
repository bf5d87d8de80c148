"""The datadog Python client sends metrics, events and service checks through the agent, over each transport it has."""

import json
import os

import harness
import pytest
from datadog.dogstatsd import DogStatsd

CONFIG = """
receivers:
  statsd:
    endpoint: '{endpoint}'
    transport: {transport}
    enable_simple_tags: true
    enable_ip_only_aggregation: true
    timer_histogram_mapping:
      - {{statsd_type: timer, observer_type: summary}}
      - {{statsd_type: histogram, observer_type: histogram}}
      - statsd_type: distribution
        observer_type: histogram
        histogram: {{explicit_buckets: [{{matcher_pattern: '.', buckets: [1, 10]}}]}}
exporters:
  file/metrics: {{path: {out}/metrics.json}}
  file/logs: {{path: {out}/logs.json}}
service:
  pipelines:
    metrics: {{receivers: [statsd], exporters: [file/metrics]}}
    logs: {{receivers: [statsd], exporters: [file/logs]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""

ROUNDS = 300


def lines(path):
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []


def client_of(transport, endpoint):
    options = {"disable_telemetry": True, "constant_tags": ["env:test"], "origin_detection_enabled": False}
    options["disable_buffering"] = False  # A datagram for each line is more than a Unix socket holds.
    if transport == "udp":
        return DogStatsd(host="127.0.0.1", port=int(endpoint.rpartition(":")[2]), **options)
    scheme = "unixstream://" if transport == "unix" else "unix://"
    return DogStatsd(socket_path=scheme + endpoint, **options)


def send(client):
    for step in range(ROUNDS):
        client.increment("steps", 2, tags=["rank:3"])
        client.gauge("loss", 3.5 - step / 1000)
        client.set("users", step % 7)
        client.timing("step.time", step)
        client.histogram("batch.size", step)
        client.distribution("payload", step % 20)
    client.event("checkpoint", "written\nto disk", alert_type="warning", tags=["job:llm"])
    client.service_check("nccl.ready", client.CRITICAL, message="rank 3 is gone")
    client.flush()
    client.close_socket()


@pytest.mark.parametrize("transport", ["udp", "unixgram", "unix"])
def test_everything_that_the_datadog_client_sends_arrives(transport, start_agent, tmp_path):
    metrics = harness.free_port()
    endpoint = f"127.0.0.1:{harness.free_port()}" if transport == "udp" else f"{tmp_path}/statsd.sock"
    agent = start_agent(CONFIG.format(endpoint=endpoint, transport=transport, out=tmp_path, metrics=metrics), metrics)
    send(client_of(transport, endpoint))
    harness.wait_until(
        lambda: harness.total(harness.metrics(metrics), "rankwire_statsd_lines_total") == 6 * ROUNDS + 2,
        10,
        "not every line was taken",
    )
    agent.stop()
    points = {
        m["name"]: m
        for line in lines(tmp_path / "metrics.json")
        for r in line["resourceMetrics"]
        for c in r["scopeMetrics"]
        for m in c["metrics"]
    }
    steps = points["steps"]["sum"]["dataPoints"][0]
    assert steps["asInt"] == str(2 * ROUNDS)
    tags = {a["key"]: a["value"]["stringValue"] for a in steps["attributes"]}
    assert {"rank": "3", "env": "test"}.items() <= tags.items()
    assert points["loss"]["gauge"]["dataPoints"][0]["asDouble"] == pytest.approx(3.5 - (ROUNDS - 1) / 1000)
    assert points["users"]["gauge"]["dataPoints"][0]["asInt"] == "7"
    assert points["step.time"]["summary"]["dataPoints"][0]["count"] == str(ROUNDS)
    assert points["batch.size"]["exponentialHistogram"]["dataPoints"][0]["sum"] == sum(range(ROUNDS))
    assert points["payload"]["histogram"]["dataPoints"][0]["bucketCounts"] == ["30", "135", "135"]
    records = [
        x
        for line in lines(tmp_path / "logs.json")
        for r in line["resourceLogs"]
        for c in r["scopeLogs"]
        for x in c["logRecords"]
    ]
    assert [(r["body"]["stringValue"], r["severityNumber"]) for r in records] == [
        ("written\nto disk", 13),
        ("rank 3 is gone", 17),
    ]
