"""What a configuration that is gone has made of the data stays as it was."""

import http.client
import json

import harness

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


def post(port, text):
    records = [{"body": {"stringValue": text}}] * 3
    request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    connection.request("POST", "/v1/logs", request, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


def test_what_waits_in_a_queue_outlives_the_statements_that_wrote_it(destination, start_agent):
    port = harness.free_port()
    destination.is_refusing = True
    agent = start_agent(CONFIG.format(port=port, url=destination.url, processors="transform"), port)
    post(port, "x")
    with open(agent.config_path, "w") as file:
        file.write(CONFIG.format(port=port, url=destination.url, processors=""))
    agent.wait_logged("reloaded", timeout=30)
    post(port, "as it came")
    destination.is_refusing = False
    harness.wait_until(lambda: len(destination.records()) >= 6, 20, "not everything came")
    written = "a constant of a statement, long enough for an allocation of its own"
    assert destination.bodies() == [written] * 3 + ["as it came"] * 3
    texts = [str(record) for _, record in destination.records() if record.body.string_value == written]
    assert all("key that is constant" in text and "a constant item in a list" in text for text in texts)
