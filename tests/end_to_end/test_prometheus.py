"""Targets of a real client library are scraped, found, lost and found again."""

import base64
import json
import math
import os

import harness
import prometheus_client
import pytest
import scraping

CONFIG = """
receivers:
  prometheus:
    config:
      global: {{scrape_interval: 200ms, scrape_timeout: 200ms, external_labels: {{cluster: east}}}}
      scrape_configs:
{jobs}
exporters:
  file: {{path: '{out}'}}
service:
  pipelines:
    metrics: {{receivers: [prometheus], exporters: [file]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


@pytest.fixture
def pages():
    running = scraping.Pages()
    yield running
    running.close()


class Scraped:
    def __init__(self, start_agent, directory, jobs):
        self.out, self.metrics = str(directory / "metrics.json"), harness.free_port()
        indented = "".join("        " + line + "\n" for line in jobs.strip().splitlines())
        self.agent = start_agent(CONFIG.format(jobs=indented, out=self.out, metrics=self.metrics), self.metrics)

    def points(self, **wanted):
        return [
            (labels, value, point)
            for labels, value, point, _ in scraping.otlp_points(self.out)
            if all(labels.get(k) == v for k, v in wanted.items())
        ]

    def wait_for(self, condition, what, **wanted):
        return harness.wait_until(
            lambda: next((p for p in self.points(**wanted) if condition(p)), None),
            10,
            f"{what}\n{self.agent.log_text()}",
        )


def test_what_a_client_library_shows_arrives_with_its_types(start_agent, tmp_path):
    registry = prometheus_client.CollectorRegistry()
    steps = prometheus_client.Counter("steps", "Steps done.", ["rank"], registry=registry)
    loss = prometheus_client.Gauge("loss", "Of the last step.", registry=registry)
    took = prometheus_client.Histogram("step_seconds", "Of a step.", buckets=(0.1, 1), registry=registry)
    size = prometheus_client.Summary("batch_size", "Of a batch.", registry=registry)
    prometheus_client.Info("build", "What runs.", registry=registry).info({"version": 'a "b" \\ c\nd'})
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry=registry)
    for rank in range(3):
        steps.labels(str(rank)).inc(rank + 0.5)
    loss.set(math.nan)
    for value in (0.05, 0.5, 5):
        took.observe(value)
    size.observe(12)
    target = f"127.0.0.1:{server.server_port}"
    static = f"{{targets: ['{target}'], labels: {{zone: a}}}}"
    scraped = Scraped(start_agent, tmp_path, f"- {{job_name: training, static_configs: [{static}]}}")
    scraped.wait_for(lambda p: p[1] == 1, "it is not up", __name__="up")
    labels, value, point = scraped.points(__name__="steps_total", rank="2")[0]
    assert value == 2.5 and labels["zone"] == "a" and labels["cluster"] == "east"
    assert labels["job"] == "training" and labels["instance"] == target
    assert math.isnan(scraped.points(__name__="loss")[0][1])
    assert scraped.points(__name__="build")[0][0]["version"] == 'a "b" \\ c\nd'
    histogram = scraped.points(__name__="step_seconds_bucket", le="+Inf")[0][2]
    assert [int(c) for c in histogram["bucketCounts"]] == [1, 1, 1] and histogram["sum"] == 5.55
    assert scraped.points(__name__="batch_size_sum")[0][1] == 12
    metrics = {metric["name"]: metric for metric in scraping.otlp_metrics(scraped.out)}
    assert metrics["steps_total"]["sum"]["isMonotonic"] and metrics["steps_total"]["description"] == "Steps done."
    assert metrics["steps_total"]["sum"]["aggregationTemporality"] == 2
    # It goes: its series end, once, and it comes back.
    server.shutdown()
    server.server_close()
    thread.join()
    scraped.wait_for(lambda p: p[1] == 0, "it is not down", __name__="up")
    scraped.wait_for(lambda p: scraping.is_stale(p[2]), "its series have not ended", __name__="steps_total", rank="2")
    assert "a target cannot be scraped" in scraped.agent.log_text()
    figures = harness.metrics(scraped.metrics)
    assert harness.total(figures, "rankwire_prometheus_targets", job="training", state="down") == 1


def test_targets_come_and_go_with_files_and_with_a_server(start_agent, tmp_path, pages):
    pages.put("/metrics", "a 1\n")
    pages.put("/list", json.dumps([{"targets": [pages.address], "labels": {"from": "server"}}]), "application/json")
    path = tmp_path / "targets.yml"
    path.write_text(f"- {{targets: ['{pages.address}'], labels: {{from: file}}}}\n")
    scraped = Scraped(
        start_agent,
        tmp_path,
        f"""
- job_name: found
  file_sd_configs: [{{files: ['{tmp_path}/*.yml']}}]
  http_sd_configs: [{{url: 'http://{pages.address}/list', refresh_interval: 100ms}}]
  relabel_configs: [{{source_labels: [__meta_filepath, __meta_url], target_label: meta}}]
""",
    )
    of_file = scraped.wait_for(lambda p: True, "the file's", __name__="a", **{"from": "file"})
    assert of_file[0]["meta"] == f"{path};"
    of_server = scraped.wait_for(lambda p: True, "the server's", __name__="a", **{"from": "server"})
    assert of_server[0]["meta"] == f";http://{pages.address}/list"
    path.write_text("[]")
    scraped.wait_for(lambda p: scraping.is_stale(p[2]), "its end", __name__="a", **{"from": "file"})
    pages.put("/list", "no JSON", "application/json")
    harness.wait_until(
        lambda: harness.total(harness.metrics(scraped.metrics), "rankwire_prometheus_discovery_failures_total") > 2,
        10,
        "a failure",
    )
    assert not any(scraping.is_stale(p[2]) for p in scraped.points(__name__="a", **{"from": "server"}))
    path.write_text(f"- {{targets: ['{pages.address}'], labels: {{from: again}}}}\n")
    scraped.wait_for(lambda p: True, "the file's again", __name__="a", **{"from": "again"})


def test_credentials_and_headers_are_sent_and_files_are_read_again(start_agent, tmp_path, pages):
    pages.put("/metrics", "a 1\n")
    token = tmp_path / "token"
    token.write_text("first\n")
    scraped = Scraped(
        start_agent,
        tmp_path,
        f"""
- job_name: basic
  metrics_path: /metrics
  params: {{who: [basic]}}
  basic_auth: {{username: u, password: 'p:w'}}
  static_configs: [{{targets: ['{pages.address}']}}]
- job_name: bearer
  params: {{who: [bearer]}}
  authorization: {{credentials_file: '{token}'}}
  http_headers: {{X-Tenant: {{values: [blue]}}}}
  static_configs: [{{targets: ['{pages.address}']}}]
""",
    )

    def sent(who):
        return [headers for path, headers in list(pages.requests) if path == f"/metrics?who={who}"]

    harness.wait_until(lambda: sent("basic") and sent("bearer"), 10, "requests")
    assert sent("basic")[0]["Authorization"] == "Basic " + base64.b64encode(b"u:p:w").decode()
    headers = sent("bearer")[0]
    assert headers["Authorization"] == "Bearer first" and headers["X-Tenant"] == "blue"
    assert headers["X-Prometheus-Scrape-Timeout-Seconds"] == "0.2" and headers["Accept-Encoding"] == "gzip"
    assert headers["Accept"].startswith("application/openmetrics-text;version=1.0.0")
    token.write_text("second")
    harness.wait_until(lambda: sent("bearer")[-1]["Authorization"] == "Bearer second", 10, "the new token")
    token.unlink()
    scraped.wait_for(lambda p: p[1] == 0, "failure without credentials", __name__="up", job="bearer")
    assert "reading credentials" in scraped.agent.log_text()


def test_a_page_that_is_wrong_or_too_large_fails_as_a_whole(start_agent, tmp_path, pages):
    pages.put("/metrics", "a 1\nb{ 2\n")
    pages.put("/many", "".join(f'a{{i="{i}"}} 1\n' for i in range(11)))
    pages.put("/large", "a 1\n" * 1000)
    scraped = Scraped(
        start_agent,
        tmp_path,
        "".join(
            f"- {{job_name: {job}, metrics_path: {path}, {limit} static_configs: [{{targets: ['{pages.address}']}}]}}\n"
            for job, path, limit in [
                ("wrong", "/metrics", ""),
                ("many", "/many", "sample_limit: 10,"),
                ("large", "/large", "body_size_limit: 1KB,"),
            ]
        ),
    )
    for job in ("wrong", "many", "large"):
        scraped.wait_for(lambda p: p[1] == 0, "failure", __name__="up", job=job)
    assert not scraped.points(__name__="a")
    log = scraped.agent.log_text()
    assert "line 2" in log or ":2:" in log
    assert "sample_limit" in log


ALLOCATED = """
receivers:
  prometheus:
    config: {{global: {{scrape_interval: 200ms}}}}
    target_allocator:
      endpoint: http://{allocator}
      interval: 100ms
      collector_id: {agent}
      http_sd_config: {{refresh_interval: 100ms}}
exporters:
  file: {{path: '{out}'}}
service:
  pipelines:
    metrics: {{receivers: [prometheus], exporters: [file]}}
  telemetry: {{metrics: {{level: none}}}}
"""


def test_a_target_allocator_moves_a_target_from_one_agent_to_another(start_agent, tmp_path, pages):
    pages.put("/metrics", "a 1\n")
    job = {
        "job_name": "pods/all",
        "metrics_path": "/metrics",
        "enable_http2": True,
        "kubernetes_sd_configs": [{"role": "pod"}],
        "relabel_configs": [{"source_labels": ["__meta_pod"], "target_label": "pod", "action": "replace"}],
    }
    pages.put("/scrape_configs", json.dumps({"pods/all": job, "broken": {"job_name": ""}}), "application/json")
    listed = json.dumps([{"targets": [pages.address], "labels": {"__meta_pod": "trainer-3"}}])
    where = "/jobs/pods%2Fall/targets"

    def allocate(to):
        # Whoever asks is told apart by the query.
        for agent in ("one", "two"):
            text = listed if agent == to else "[]"
            pages.put(f"{where}?collector_id={agent}", text, "application/json")

    def points(agent):
        return [p for p in scraping.otlp_points(str(tmp_path / f"{agent}.json")) if p[0]["__name__"] == "a"]

    allocate("one")
    agents = [
        start_agent(ALLOCATED.format(allocator=pages.address, agent=agent, out=tmp_path / f"{agent}.json"))
        for agent in ("one", "two")
    ]
    harness.wait_until(lambda: points("one"), 20, "a point")
    labels = points("one")[0][0]
    assert labels["job"] == "pods/all" and labels["pod"] == "trainer-3"
    allocate("two")
    harness.wait_until(lambda: points("two"), 20, "a point of the other")
    count = len(points("one"))
    harness.wait_until(lambda: len(points("two")) > 5, 20, "more of the other")
    assert len(points("one")) <= count + 1
    assert not any(scraping.is_stale(p[2]) for agent in ("one", "two") for p in points(agent))
    assert "a job of the target allocator cannot be used" in agents[0].log_text()
    # The allocator fails: nothing changes.
    pages.pages.pop("/scrape_configs")
    before = len(points("two"))
    harness.wait_until(lambda: "404" in agents[1].log_text(), 20, "its failure")
    harness.wait_until(lambda: len(points("two")) > before + 2, 20, "more points")


def test_it_stops_without_ending_series(start_agent, tmp_path, pages):
    pages.put("/metrics", "a 1\n")
    scraped = Scraped(start_agent, tmp_path, f"- {{job_name: j, static_configs: [{{targets: ['{pages.address}']}}]}}")
    scraped.wait_for(lambda p: True, "a point", __name__="a")
    scraped.agent.stop()
    assert not any(scraping.is_stale(p[2]) for p in scraped.points())
    assert os.path.getsize(scraped.out) > 0
