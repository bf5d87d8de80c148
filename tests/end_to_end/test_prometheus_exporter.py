"""OTLP metrics through the prometheus exporter: what a real Prometheus that scrapes the page then says, in each form of
the page, and what our own prometheus receiver makes of it."""

import json
import time
import urllib.request

import harness
import pytest
import scraping

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}
  prometheus:
    config:
      scrape_configs:
      - job_name: itself
        scrape_interval: 200ms
        honor_labels: true
        scrape_native_histograms: true
        static_configs: [{{targets: ['127.0.0.1:{page}']}}]
exporters:
  prometheus:
    endpoint: 127.0.0.1:{page}
    const_labels: {{cluster: east}}
    enable_open_metrics: {open_metrics}
  file: {{path: {out}, flush_interval: 100ms}}
service:
  pipelines:
    metrics/in: {{receivers: [otlp], exporters: [prometheus]}}
    metrics/back: {{receivers: [prometheus], exporters: [file]}}
"""
SCRAPING = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
- {{job_name: agent, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{page}']}}]}}
"""
FORMS = {
    "text": (False, []),
    "open_metrics": (True, ["--enable-feature=exemplar-storage"]),
    "protobuf": (True, ["--enable-feature=exemplar-storage,native-histograms"]),
}
TRACE = "0102030405060708090a0b0c0d0e0f10"


def attributes(labels):
    return [{"key": k, "value": {"stringValue": v}} for k, v in labels.items()]


def send(port, metrics):
    resource = {"service.name": "trainer", "service.namespace": "llm", "service.instance.id": "pod-1", "region": "eu"}
    group = {"scope": {"name": "lib", "version": "1.2"}, "metrics": metrics}
    body = {"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": [group]}]}
    url = f"http://127.0.0.1:{port}/v1/metrics"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer) in ({}, {"partialSuccess": {}})


def metrics_of_every_kind(now):
    at = {"timeUnixNano": str(now), "startTimeUnixNano": str(now - 10**9)}
    exemplar = {"timeUnixNano": str(now), "asDouble": 1.5, "traceId": TRACE, "spanId": "0102030405060708"}
    cumulative = {"aggregationTemporality": 2}
    return [
        {"name": "gpu.temperature", "unit": "Cel", "description": "Of the \"die\".\n",
         "gauge": {"dataPoints": [{**at, "asDouble": 61.5, "attributes": attributes({"gpu.id": "3"})}]}},
        {"name": "steps", "sum": {**cumulative, "isMonotonic": True,
                                  "dataPoints": [{**at, "asInt": "42", "exemplars": [exemplar]}]}},
        {"name": "queue.depth", "sum": {**cumulative, "dataPoints": [{**at, "asInt": "-7"}]}},
        {"name": "step.time", "unit": "s", "histogram": {**cumulative, "dataPoints": [
            {**at, "count": "6", "sum": 9.25, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 2.5],
             "exemplars": [exemplar]}]}},
        {"name": "payload", "unit": "By", "exponentialHistogram": {**cumulative, "dataPoints": [
            {**at, "count": "9", "sum": 30, "scale": 0, "zeroCount": "1",
             "positive": {"offset": 0, "bucketCounts": ["2", "0", "0", "0", "3"]},
             "negative": {"offset": -1, "bucketCounts": ["3"]}}]}},
        {"name": "latency", "summary": {"dataPoints": [
            {**at, "count": "4", "sum": 8, "quantileValues": [{"quantile": 0.5, "value": 1.25}]}]}},
    ]  # fmt: skip


BASE = {"job": "llm/trainer", "instance": "pod-1", "cluster": "east"}
SCOPE = {"otel_scope_name": "lib", "otel_scope_version": "1.2"}


def key(name, **labels):
    return scraping.key_of({"__name__": name, **BASE, **labels})


EXPECTED = {
    key("gpu_temperature_celsius", gpu_id="3", **SCOPE): 61.5,
    key("steps_total", **SCOPE): 42,
    key("queue_depth", **SCOPE): -7,
    key("step_time_seconds_bucket", le="0.5", **SCOPE): 1,
    key("step_time_seconds_bucket", le="2.5", **SCOPE): 3,
    key("step_time_seconds_bucket", le="+Inf", **SCOPE): 6,
    key("step_time_seconds_sum", **SCOPE): 9.25,
    key("step_time_seconds_count", **SCOPE): 6,
    key("latency", quantile="0.5", **SCOPE): 1.25,
    key("latency_sum", **SCOPE): 8,
    key("latency_count", **SCOPE): 4,
    key("target_info", region="eu"): 1,
}


@pytest.fixture
def start_page(start_agent, tmp_path):
    running = []

    def start(form):
        has_open_metrics, flags = FORMS[form]
        port, page = harness.free_port(), harness.free_port()
        config = CONFIG.format(port=port, page=page, open_metrics=str(has_open_metrics).lower(),
                               out=tmp_path / "out.json")
        start_agent(config, port)
        prometheus = scraping.Prometheus(str(tmp_path / "prometheus"), SCRAPING.format(page=page), flags)
        running.append(prometheus)
        return port, prometheus

    yield start
    for prometheus in running:
        prometheus.close()


@pytest.mark.parametrize("form", FORMS)
def test_prometheus_reads_every_kind_of_metric(start_page, form):
    port, prometheus = start_page(form)
    send(port, metrics_of_every_kind(time.time_ns()))
    selector = '{job="llm/trainer",__name__!~"payload.*"}'
    try:
        harness.wait_until(lambda: prometheus.series(selector) == EXPECTED, 30, "Prometheus has the series")
    except AssertionError:
        assert prometheus.series(selector) == EXPECTED, prometheus.log_text()[-2000:]
    payload = prometheus.query("query", query='{__name__=~"payload.*"}')["result"]
    if form == "protobuf":
        histogram = payload[0]["histogram"][1]
        assert (histogram["count"], histogram["sum"]) == ("9", "30")
        buckets = [(float(low), float(high), count) for _, low, high, count in histogram["buckets"]]
        assert [b for b in buckets if b[0] != -b[1]] == [(-1, -0.5, "3"), (1, 2, "2"), (16, 32, "3")]
    else:
        values = {row["metric"]["__name__"]: row["value"][1] for row in payload}
        assert values == {"payload_bytes_bucket": "9", "payload_bytes_sum": "30", "payload_bytes_count": "9"}
    metadata = prometheus.query("metadata", metric="gpu_temperature_celsius")["gpu_temperature_celsius"]
    assert [(m["type"], m["help"]) for m in metadata] == [("gauge", 'Of the "die".\n')]
    if form != "text":
        names = {"steps_total", "step_time_seconds_bucket"}
        now = time.time()
        for name in names:
            found = prometheus.query("query_exemplars", query=name, start=now - 600, end=now + 60)
            exemplars = [(e["labels"]["trace_id"], e["value"]) for row in found for e in row["exemplars"]]
            assert exemplars == [(TRACE, "1.5")], name
    assert prometheus.series('up{job="agent"}') and list(prometheus.series('up{job="agent"}').values()) == [1]


def test_deltas_are_totals_and_series_end(start_page):
    port, prometheus = start_page("text")
    now = time.time_ns() - 10**10

    def values(name):
        return list((prometheus.series(name) or {}).values())

    for step in range(1, 5):
        at = {"timeUnixNano": str(now + step * 10**9), "startTimeUnixNano": str(now + (step - 1) * 10**9)}
        data = {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [{**at, "asInt": str(step)}]}
        gauge = {"dataPoints": [{**at, **({"asInt": str(step)} if step < 4 else {"flags": 1})}]}
        if step == 4:
            harness.wait_until(lambda: values("alive") == [3], 30, "the gauge is there")
        send(port, [{"name": "tokens", "sum": data}, {"name": "alive", "gauge": gauge}])
    harness.wait_until(lambda: values("tokens_total") == [10], 30, "the total is there")
    harness.wait_until(lambda: prometheus.series("alive") == {}, 30, "the series has ended")


def test_our_own_receiver_reads_the_page_back(start_page, tmp_path):
    port, _ = start_page("protobuf")
    send(port, metrics_of_every_kind(time.time_ns()))

    def metrics():
        return {metric["name"]: metric for metric in scraping.otlp_metrics(str(tmp_path / "out.json"))}

    names = {"gpu_temperature_celsius", "steps_total", "queue_depth", "step_time_seconds", "payload_bytes", "latency"}
    harness.wait_until(lambda: names <= metrics().keys(), 30, "the metrics have come back")
    found = metrics()
    point = found["payload_bytes"]["exponentialHistogram"]["dataPoints"][0]
    assert (point["count"], point["sum"], point["zeroCount"], point.get("scale", 0)) == ("9", 30, "1", 0)
    assert point["positive"]["bucketCounts"] == ["2", "0", "0", "0", "3"]
    assert point["negative"] == {"offset": -1, "bucketCounts": ["3"]}
    assert found["steps_total"]["sum"]["dataPoints"][0]["asDouble"] == 42
    assert found["steps_total"]["sum"]["dataPoints"][0]["exemplars"][0]["asDouble"] == 1.5
    point = found["step_time_seconds"]["histogram"]["dataPoints"][0]
    assert (point["bucketCounts"], point["explicitBounds"], point["sum"]) == (["1", "2", "3"], [0.5, 2.5], 9.25)
