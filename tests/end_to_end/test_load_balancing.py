"""load_balancing in front of gateways: every trace at the one that the original's ring gives it, through crashes."""

import json
import urllib.request
import zlib

import harness

GATEWAY = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{port}'}}}}}}}}
exporters: {{file: {{path: '{path}', append: true}}}}
service:
  pipelines: {{traces: {{receivers: [otlp], exporters: [file]}}}}
  telemetry: {{metrics: {{level: none}}}}
"""
FRONT = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}}}
extensions: {{file_storage: {{directory: '{storage}', create_directory: true}}}}
exporters:
  loadbalancing:
    protocol: {{otlp: {{tls: {{insecure: true}}}}}}
    resolver: {{static: {{hostnames: {hostnames}}}}}
    sending_queue: {{storage: file_storage}}
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}}
service:
  extensions: [file_storage]
  pipelines: {{traces: {{receivers: [otlp], exporters: [loadbalancing]}}}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


def ring(endpoints):
    """As the documentation of the original describes it."""
    places = {}
    for endpoint in sorted(endpoints):
        for i in range(100):
            places.setdefault(zlib.crc32(endpoint.encode() + bytes([i])) % 36000, endpoint)
    return sorted(places.items())


def endpoint_of(places, key):
    position = zlib.crc32(key) % 36000
    return next((endpoint for place, endpoint in places if place >= position), places[0][1])


def send(port, traces, spans=3):
    made = [
        {"traceId": trace, "spanId": f"{i + 1:016x}", "name": "step", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
        for i in range(spans)
        for trace in traces
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": made}]}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/traces", body, {"Content-Type": "application/json"}
    )
    assert urllib.request.urlopen(request).status == 200


def spans_in(path):
    if not path.exists():
        return []
    return [
        (span["traceId"], span["spanId"])
        for line in path.read_text().splitlines()
        if line.endswith("}")
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


class Gateways:
    def __init__(self, start_agent, tmp_path, count=3):
        self.start_agent = start_agent
        self.ports = [harness.free_port() for _ in range(count)]
        self.paths = [tmp_path / f"gateway-{i}.json" for i in range(count)]
        self.agents = [self.start(i) for i in range(count)]

    def start(self, i):
        return self.start_agent(GATEWAY.format(port=self.ports[i], path=self.paths[i]), self.ports[i])

    def names(self):
        return [f"127.0.0.1:{port}" for port in self.ports]


def start_front(start_agent, tmp_path, gateways):
    port, metrics = harness.free_port(), harness.free_port()
    config = FRONT.format(port=port, metrics=metrics, storage=tmp_path / "storage", hostnames=gateways.names())
    return start_agent(config, metrics), port


def traces_of(numbers):
    return [f"{n * 0x9E3779B97F4A7C15 % 2**128:032x}" for n in numbers]


def test_every_trace_is_where_the_ring_says(start_agent, tmp_path):
    gateways = Gateways(start_agent, tmp_path)
    _, port = start_front(start_agent, tmp_path, gateways)
    traces = traces_of(range(1, 501))
    for first in range(0, 500, 100):
        send(port, traces[first : first + 100])
    harness.wait_until(lambda: sum(len(spans_in(path)) for path in gateways.paths) >= 1500, 20, "all spans")
    places = ring(gateways.names())
    for name, path in zip(gateways.names(), gateways.paths):
        expected = {trace for trace in traces if endpoint_of(places, bytes.fromhex(trace)) == name}
        assert {trace for trace, _ in spans_in(path)} == expected
    assert sum(len(spans_in(path)) for path in gateways.paths) == 1500


def test_nothing_is_lost_while_gateways_and_the_agent_are_killed(start_agent, tmp_path):
    gateways = Gateways(start_agent, tmp_path)
    front, port = start_front(start_agent, tmp_path, gateways)
    sent = []
    for turn in range(9):
        traces = traces_of(range(1000 + turn * 50, 1050 + turn * 50))
        send(port, traces)
        sent += traces
        victim = turn % 3
        if turn % 4 == 3:
            front.kill()
            front, port = start_front(start_agent, tmp_path, gateways)
        else:
            # Not killed: what it has answered for waits in its memory for the file.
            gateways.agents[victim].stop()
            gateways.agents[victim] = gateways.start(victim)
    expected = {(trace, f"{i + 1:016x}") for trace in sent for i in range(3)}
    arrived = lambda: {span for path in gateways.paths for span in spans_in(path)}  # noqa: E731
    harness.wait_until(lambda: arrived() >= expected, 30, "every span")
