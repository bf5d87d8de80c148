"""What a configuration that is gone has made of the data stays as it was."""

import http.client
import json

import harness
import pytest

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: 'localhost:{port}'}}}}}}
processors:
  transform:
    log_statements:
    - set(log.body, "a constant of a statement, long enough for an allocation of its own")
    - 'set(log.attributes["key that is constant"], {{"inner": ["a constant item in a list"]}})'
exporters:
  otlp_http:
    endpoint: {url}
    compression: none
    retry_on_failure: {{initial_interval: 100ms, max_interval: 100ms}}
    sending_queue: {{queue_size: 1000}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    logs: {{receivers: [otlp], processors: [{processors}], exporters: [otlp_http]}}
"""


def reload(agent, config):
    reloads = agent.log_text().count("reloaded")
    with open(agent.config_path, "w") as file:
        file.write(config)
    harness.wait_until(lambda: agent.log_text().count("reloaded") > reloads, 60, "it was not reloaded")


def post(port, text):
    records = [{"body": {"stringValue": text}}] * 3
    request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    connection.request("POST", "/v1/logs", request, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


SAMPLED = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: 'localhost:{port}'}}}}}}
extensions:
  file_storage: {{directory: '{directory}'}}
processors:
  tail_sampling: {{storage: file_storage, decision_wait: 1h, policies: [{{name: all, type: always_sample}}]}}
exporters:
  otlp_http:
    endpoint: {url}
    compression: none
    retry_on_failure: {{initial_interval: 100ms, max_interval: 100ms}}
service:
  telemetry: {{metrics: {{level: none}}}}
  extensions: [file_storage]
  pipelines:
    traces: {{receivers: [otlp], processors: [{processors}], exporters: [otlp_http]}}
"""


def post_span(port, trace):
    span = {"traceId": f"{trace:032x}", "spanId": f"{trace:016x}", "name": f"span {trace}"}
    request = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    connection.request("POST", "/v1/traces", request, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("destination_works", [True, False])
def test_spans_on_disk_go_on_when_what_holds_them_is_taken_out(destination, start_agent, tmp_path, destination_works):
    port = harness.free_port()
    values = {"port": port, "url": destination.url, "directory": tmp_path}
    destination.is_refusing = not destination_works
    agent = start_agent(SAMPLED.format(processors="tail_sampling", **values), port)
    for trace in range(1, 101):
        post_span(port, trace)
    assert not destination.spans()
    reload(agent, SAMPLED.format(processors="", **values))
    if not destination_works:
        agent.wait_logged("go on when it is configured again", timeout=60)
        agent.kill()
        destination.is_refusing = False
        agent = start_agent(SAMPLED.format(processors="tail_sampling", **values), port)
        assert not destination.spans()
        reload(agent, SAMPLED.format(processors="", **values))
    harness.wait_until(lambda: len({span.span_id for span in destination.spans()}) == 100, 20, "not everything came")


def test_what_waits_in_a_queue_outlives_the_statements_that_wrote_it(destination, start_agent):
    port = harness.free_port()
    destination.is_refusing = True
    agent = start_agent(CONFIG.format(port=port, url=destination.url, processors="transform"), port)
    post(port, "x")
    reload(agent, CONFIG.format(port=port, url=destination.url, processors=""))
    post(port, "as it came")
    destination.is_refusing = False
    harness.wait_until(lambda: len(destination.records()) >= 6, 20, "not everything came")
    written = "a constant of a statement, long enough for an allocation of its own"
    assert destination.bodies() == [written] * 3 + ["as it came"] * 3
    texts = [str(record) for _, record in destination.records() if record.body.string_value == written]
    assert all("key that is constant" in text and "a constant item in a list" in text for text in texts)
