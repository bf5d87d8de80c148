"""OTLP metrics through prometheus_remote_write into a real Prometheus, and what its API then says."""

import json
import random
import time
import urllib.request

import harness
import pytest
import scraping

FLAGS = [
    "--web.enable-remote-write-receiver",
    "--enable-feature=native-histograms,exemplar-storage",
]

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}
exporters:
  {exporter}:
    endpoint: http://127.0.0.1:{prometheus}/api/v1/write
    external_labels: {{cluster: east, zone: outer}}
    retry_on_failure: {{initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 0}}
{more}
extensions:
  file_storage: {{directory: {directory}, create_directory: true}}
service:
  extensions: [file_storage]
  pipelines:
    metrics: {{receivers: [otlp], exporters: [{exporter}]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


def attributes(labels):
    return [{"key": k, "value": {"stringValue": v}} for k, v in labels.items()]


def request_of(metrics, resource=None, scope=None):
    resource = {"service.name": "trainer", "service.namespace": "llm", "service.instance.id": "pod-1", "region": "eu",
                **(resource or {})}  # fmt: skip
    group = {"scope": scope or {}, "metrics": metrics}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": [group]}]}


def millis(time_nanos):
    return time_nanos // 1_000_000


class Path:
    """An agent between a sender and a Prometheus."""

    def __init__(self, start_agent, directory, exporter="prometheus_remote_write", more=""):
        self.prometheus = scraping.Prometheus(str(directory / "prometheus"), "global: {}\n", FLAGS)
        self.port, self.metrics = harness.free_port(), harness.free_port()
        config = CONFIG.format(
            port=self.port, metrics=self.metrics, prometheus=self.prometheus.port, exporter=exporter,
            directory=directory / "storage", more="".join(f"    {line}\n" for line in more.splitlines()))  # fmt: skip
        self.agent = start_agent(config, self.port)
        harness.wait_until(lambda: self.query("1") is not None, 20, "Prometheus answers")

    def send(self, metrics, **options):
        body = json.dumps(request_of(metrics, **options)).encode()
        url = f"http://127.0.0.1:{self.port}/v1/metrics"
        urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=5)

    def query(self, text):
        data = self.prometheus.query("query", query=text)
        return None if data is None else data["result"]

    def rows(self, selector):
        """Samples of the last hour, by labels: (milliseconds, value as text)."""
        result = self.query(f"{selector}[1h]") or []
        return {scraping.key_of(row["metric"]): [(round(t * 1000), v) for t, v in row["values"]]
                for row in result if "values" in row}  # fmt: skip

    def wait_for(self, selector, count=1):
        def found():
            rows = self.rows(selector)
            return rows if sum(len(samples) for samples in rows.values()) >= count else None

        return harness.wait_until(found, 15, f"{count} samples of {selector}\n{self.agent.log_text()[-2000:]}")

    def check_order(self):
        log = self.prometheus.log_text()
        wrong = [line for line in log.splitlines() if "rder" in line or "uplicate" in line or "out of bounds" in line]
        assert not wrong, "\n".join(wrong[:5])
        figures = harness.metrics(self.prometheus.port)
        assert harness.total(figures, "prometheus_tsdb_out_of_order_samples_total") == 0
        assert harness.total(figures, "prometheus_tsdb_too_old_samples_total") == 0

    def close(self):
        self.prometheus.close()


@pytest.fixture
def start_path(start_agent, tmp_path):
    paths = []

    def start(**options):
        paths.append(Path(start_agent, tmp_path, **options))
        return paths[-1]

    yield start
    for path in paths:
        path.close()


BASE = {"job": "llm/trainer", "instance": "pod-1", "cluster": "east"}


def key(name, **labels):
    return scraping.key_of({"__name__": name, "zone": "outer", **BASE, **labels})


def test_every_kind_of_metric_has_the_right_values(start_path):
    path = start_path(exporter="prometheusremotewrite", more="send_metadata: true")
    now = time.time_ns() // 1_000_000 * 1_000_000
    at = {"timeUnixNano": str(now), "startTimeUnixNano": str(now - 10**9)}
    trace = "0102030405060708090a0b0c0d0e0f10"
    exemplar = {"timeUnixNano": str(now), "asDouble": 1.5, "traceId": trace, "spanId": "0102030405060708"}
    exemplar["filteredAttributes"] = attributes({"rank": "3"})
    path.send(
        [
            {"name": "gpu.temperature", "unit": "Cel", "description": "Of the die.",
             "gauge": {"dataPoints": [
                 {**at, "asDouble": 61.5, "attributes": attributes({"gpu.id": "3", "zone": "x"})}]}},
            {"name": "steps", "sum": {"aggregationTemporality": 2, "isMonotonic": True,
                                      "dataPoints": [{**at, "asInt": "42", "exemplars": [exemplar]}]}},
            {"name": "queue.depth", "unit": "{items}", "sum": {"aggregationTemporality": 2,
                                                              "dataPoints": [{**at, "asInt": "-7"}]}},
            {"name": "step.time", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
                {**at, "count": "6", "sum": 9.25, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 2],
                 "exemplars": [exemplar]}]}},
            {"name": "payload", "unit": "By", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [
                {**at, "count": "9", "sum": 30, "scale": 0, "zeroCount": "1",
                 "positive": {"offset": 0, "bucketCounts": ["2", "0", "0", "0", "3"]},
                 "negative": {"offset": -1, "bucketCounts": ["3"]}}]}},
            {"name": "latency", "summary": {"dataPoints": [
                {**at, "count": "4", "sum": 8, "quantileValues": [{"quantile": 0.5, "value": 1.25}]}]}},
        ],
        scope={"name": "lib", "version": "1.2", "attributes": attributes({"team": "infra"})},
    )  # fmt: skip
    rows = path.wait_for('{job="llm/trainer"}', 12)
    scope = {"otel_scope_name": "lib", "otel_scope_version": "1.2", "otel_scope_team": "infra"}
    bucket = "step_time_seconds_bucket"
    expected = {
        key("gpu_temperature_celsius", gpu_id="3", **{**scope, "zone": "x"}): "61.5",
        key("steps_total", **scope): "42",
        key("queue_depth", **scope): "-7",
        key(bucket, le="0.5", **scope): "1",
        key(bucket, le="2", **scope): "3",
        key(bucket, le="+Inf", **scope): "6",
        key("step_time_seconds_sum", **scope): "9.25",
        key("step_time_seconds_count", **scope): "6",
        key("latency", quantile="0.5", **scope): "1.25",
        key("latency_sum", **scope): "8",
        key("latency_count", **scope): "4",
        key("target_info", region="eu"): "1",
    }
    assert {k: v for k, v in rows.items() if "payload" not in str(k)} == {
        k: [(millis(now), v)] for k, v in expected.items()
    }
    histogram = path.query("payload_bytes")[0]["histogram"][1]
    assert (histogram["count"], histogram["sum"]) == ("9", "30")
    buckets = [(float(low), float(high), count) for _, low, high, count in histogram["buckets"]]
    assert [b for b in buckets if b[0] != -b[1]] == [(-1, -0.5, "3"), (1, 2, "2"), (16, 32, "3")]
    assert [b[2] for b in buckets if b[0] == -b[1]] == ["1"]
    found = path.prometheus.query("query_exemplars", query=bucket, start=time.time() - 60, end=time.time() + 60)
    assert [(e["labels"]["trace_id"], e["labels"]["rank"], e["value"]) for row in found for e in row["exemplars"]] == [
        (trace, "3", "1.5")
    ]
    path.check_order()


def test_a_series_that_ends_is_stale_at_once(start_path):
    path = start_path()
    now = time.time_ns()
    for age, point in ((2, {"asInt": "1"}), (1, {"flags": 1})):
        points = [{"timeUnixNano": str(now - age * 10**9), **point}]
        path.send([{"name": "alive", "gauge": {"dataPoints": points}}])
        histogram = {"timeUnixNano": str(now - age * 10**9), "count": "1", "sum": 1, "scale": 0, **point}
        histogram["positive"] = {"offset": 0, "bucketCounts": ["1"]}
        data = {"aggregationTemporality": 2, "dataPoints": [histogram]}
        path.send([{"name": "size", "exponentialHistogram": data}])
    path.wait_for("target_info", 2)
    harness.wait_until(lambda: path.query("alive") == [] and path.query("size") == [], 10, "both are stale")
    assert [v for _, v in path.rows("alive")[key("alive")]] == ["1"]
    path.check_order()


def test_deltas_are_added_up(start_path):
    path = start_path()
    now = time.time_ns() - 10**10
    for step in range(1, 6):
        at = {"timeUnixNano": str(now + step * 10**9), "startTimeUnixNano": str(now + (step - 1) * 10**9)}
        histogram = {**at, "count": "3", "sum": 2.5, "bucketCounts": ["1", "2"], "explicitBounds": [1]}
        exponential = {**at, "count": "2", "sum": 3, "scale": 2, "positive": {"offset": step, "bucketCounts": ["2"]}}
        path.send(
            [
                {"name": "tokens", "sum": {"aggregationTemporality": 1, "isMonotonic": True,
                                           "dataPoints": [{**at, "asInt": str(step)}]}},
                {"name": "wait", "histogram": {"aggregationTemporality": 1, "dataPoints": [histogram]}},
                {"name": "size", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [exponential]}},
            ]
        )  # fmt: skip
    rows = path.wait_for("tokens_total", 5)
    assert [v for _, v in rows[key("tokens_total")]] == ["1", "3", "6", "10", "15"]
    assert [v for _, v in path.wait_for("wait_sum", 5)[key("wait_sum")]] == ["2.5", "5", "7.5", "10", "12.5"]
    assert [v for _, v in path.rows("wait_bucket")[key("wait_bucket", le="1")]] == ["1", "2", "3", "4", "5"]
    histogram = path.query("size")[0]["histogram"][1]
    assert (histogram["count"], histogram["sum"], len(histogram["buckets"])) == ("10", "15", 5)
    path.check_order()


def test_restarts_and_kills_neither_lose_nor_disorder_samples(start_path):
    more = "remote_write_queue: {storage: file_storage}\nmax_batch_size_bytes: 4000"
    path = start_path(more=more)
    dice = random.Random(7)
    start = time.time_ns() // 10**6 - 600_000
    sent, series = 0, 30

    def push(upto):
        nonlocal sent
        deadline = time.monotonic() + 60
        while sent < upto:
            at = {"timeUnixNano": str((start + sent * 10) * 10**6)}
            points = [{**at, "asInt": str(sent), "attributes": attributes({"n": str(n)})} for n in range(series)]
            try:
                path.send([{"name": "work", "gauge": {"dataPoints": points}}])
                sent += 1
            except OSError:  # Of a process that was killed it is not known whether it has them: they are sent again.
                assert time.monotonic() < deadline
                path.agent.wait_ready(path.port)

    for round_number in range(8):
        is_down = round_number % 2 == 1
        if is_down:
            path.prometheus.process.kill()
            path.prometheus.process.wait()
        push(sent + dice.randint(5, 40))
        if is_down:
            path.prometheus.start()
            harness.wait_until(lambda: path.query("1") is not None, 20, "Prometheus answers", interval=0.001)
        if round_number % 4 == 3:
            path.agent.stop()
        else:
            path.agent.kill()
        path.agent.start().wait_ready(path.port)
    push(sent + 5)
    rows = path.wait_for("work", sent * series)
    expected = [(start + i * 10, str(i)) for i in range(sent)]
    for n in range(series):
        assert rows[key("work", n=str(n))] == expected
    path.check_order()
