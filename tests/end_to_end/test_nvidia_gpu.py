"""nvidia_gpu in the real agent: without NVIDIA's library a status, with a stand-in for it metrics and an Xid."""

import json
import os

import harness

CONFIG = """
receivers:
  nvidia_gpu: {{collection_interval: 500ms, initial_delay: 0s, library: '{library}'}}
exporters:
  file/metrics: {{path: {out}/metrics.json}}
  file/logs: {{path: {out}/logs.json}}
service:
  pipelines:
    metrics: {{receivers: [nvidia_gpu], exporters: [file/metrics]}}
    logs: {{receivers: [nvidia_gpu], exporters: [file/logs]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""
STAND_IN = os.path.join(os.path.dirname(os.path.abspath(harness.RANKWIRE)), "libnvml_stand_in.so")


def lines(path):
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []


def attributes(of):
    return {a["key"]: next(iter(a["value"].values())) for a in of.get("attributes", [])}


def test_gpus_are_read_and_an_xid_is_a_log_record(start_agent, tmp_path, monkeypatch):
    monkeypatch.setenv("RANKWIRE_STAND_IN_XID", "79")
    port = harness.free_port()
    agent = start_agent(CONFIG.format(out=tmp_path, metrics=port, library=STAND_IN), port)
    harness.wait_until(lambda: lines(tmp_path / "metrics.json") and lines(tmp_path / "logs.json"), 10, "nothing came")
    agent.stop()
    scope = lines(tmp_path / "metrics.json")[0]["resourceMetrics"][0]["scopeMetrics"][0]
    (utilization,) = [m for m in scope["metrics"] if m["name"] == "DCGM_FI_DEV_GPU_UTIL"]
    points = utilization["gauge"]["dataPoints"]
    assert [(attributes(p)["gpu"], int(p["asInt"])) for p in points] == [("0", 90), ("1", 91), ("2", 92)]
    record = lines(tmp_path / "logs.json")[0]["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    assert record["eventName"] == "hw.gpu.xid"
    assert attributes(record)["hw.gpu.xid.code"] == "79"


def test_no_library_is_a_status(start_agent, tmp_path):
    port = harness.free_port()
    agent = start_agent(CONFIG.format(out=tmp_path, metrics=port, library="/nowhere/libnvidia-ml.so.1"), port)
    harness.wait_until(lambda: "nvidia_gpu finds no GPUs here" in agent.log_text(), 10, "nothing was said")
    assert harness.total(harness.metrics(port), "rankwire_nvidia_gpu_devices") == 0
    agent.stop()
    assert lines(tmp_path / "metrics.json") == []
