"""The pages of zpages and pprof, as a person's browser and curl get them from a running agent."""

import urllib.error
import urllib.request

import harness

CONFIG = """
extensions: {{zpages: {{endpoint: 'localhost:{zpages}'}}, pprof: {{endpoint: 'localhost:{pprof}'}}}}
receivers: {{otlp: {{protocols: {{http: {{endpoint: 'localhost:{http}'}}}}}}}}
exporters: {{otlp_http: {{endpoint: 'http://127.0.0.1:{sink}'}}}}
service:
  extensions: [zpages, pprof]
  pipelines: {{logs: {{receivers: [otlp], exporters: [otlp_http]}}}}
  telemetry: {{metrics: {{level: none}}}}
"""


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_pages_show_what_runs_and_what_it_costs(start_agent, destination):
    ports = {name: harness.free_port() for name in ("zpages", "pprof", "http")}
    agent = start_agent(CONFIG.format(sink=destination.port, **ports), ports["http"])
    status, text = get(ports["zpages"], "/debug/servicez")
    assert status == 200 and "<td>ready</td><td>yes</td>" in text
    status, text = get(ports["zpages"], "/debug/pipelinez")
    assert status == 200 and "<td>exporter</td><td>otlp_http</td><td>healthy</td>" in text
    status, text = get(ports["pprof"], "/debug/pprof/threads")
    assert status == 200 and any(line.endswith("\trankwire") for line in text.splitlines()), text
    status, text = get(ports["pprof"], "/debug/pprof/profile?seconds=1")
    assert status == 501 and f"perf record -g -p {agent.process.pid}" in text
    agent.stop()
