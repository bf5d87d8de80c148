"""Every name, type and label that dashboards made for the Collector ask for, from a running agent."""

import json
import urllib.request

import harness
import pytest

RECORD_NOUNS = {"logs": "log_records", "metrics": "metric_points", "traces": "spans"}
RECEIVER = {"receiver", "transport"}
EXPORTER = {"exporter"}
PROCESSOR = {"processor"}
COMPONENT = {"otelcol_component_kind", "otelcol_component_id", "otelcol_signal", "otelcol_component_outcome"}


def expected():
    """name -> (type, labels)"""
    names = {
        "otelcol_receiver_requests": ("counter", RECEIVER | {"outcome"}),
        "otelcol_processor_incoming_items": ("counter", PROCESSOR | {"otel_signal"}),
        "otelcol_processor_outgoing_items": ("counter", PROCESSOR | {"otel_signal"}),
        "otelcol_processor_internal_duration": ("histogram", PROCESSOR | {"otel_signal"}),
        "otelcol_processor_batch_batch_send_size": ("histogram", PROCESSOR),
        "otelcol_processor_batch_batch_send_size_bytes": ("histogram", PROCESSOR),
        "otelcol_processor_batch_batch_size_trigger_send": ("counter", PROCESSOR),
        "otelcol_processor_batch_timeout_trigger_send": ("counter", PROCESSOR),
        "otelcol_processor_batch_metadata_cardinality": ("gauge", PROCESSOR),
        "otelcol_exporter_queue_size": ("gauge", EXPORTER | {"data_type"}),
        "otelcol_exporter_queue_capacity": ("gauge", EXPORTER | {"data_type"}),
        "otelcol_exporter_in_flight_requests": ("gauge", EXPORTER),
        "otelcol_exporter_enqueue_size": ("histogram", EXPORTER),
        "otelcol_exporter_enqueue_size_bytes": ("histogram", EXPORTER),
        "otelcol_exporter_queue_batch_send_size": ("histogram", EXPORTER),
        "otelcol_exporter_queue_batch_send_size_bytes": ("histogram", EXPORTER),
        "otelcol_process_uptime": ("counter", set()),
        "otelcol_process_cpu_seconds": ("counter", set()),
        "otelcol_process_memory_rss": ("gauge", set()),
        "otelcol_process_runtime_heap_alloc_bytes": ("gauge", set()),
        "otelcol_process_runtime_total_alloc_bytes": ("counter", set()),
        "otelcol_process_runtime_total_sys_memory_bytes": ("gauge", set()),
        "otelcol_receiver_produced_items": ("counter", COMPONENT),
        "otelcol_processor_consumed_items": ("counter", COMPONENT | {"otelcol_pipeline_id"}),
        "otelcol_processor_produced_items": ("counter", COMPONENT | {"otelcol_pipeline_id"}),
        "otelcol_connector_consumed_items": ("counter", COMPONENT),
        "otelcol_connector_produced_items": ("counter", COMPONENT),
        "otelcol_exporter_consumed_items": ("counter", COMPONENT),
        "rankwire_accepted_records_total": ("counter", {"signal"}),
        "rankwire_delivered_records_total": ("counter", {"signal"}),
        "rankwire_queued_records": ("gauge", {"signal"}),
        "rankwire_in_flight_records": ("gauge", {"signal"}),
    }
    for noun in RECORD_NOUNS.values():
        for outcome in ("accepted", "refused", "failed"):
            names[f"otelcol_receiver_{outcome}_{noun}"] = ("counter", RECEIVER)
        for outcome in ("sent", "send_failed", "enqueue_failed"):
            names[f"otelcol_exporter_{outcome}_{noun}"] = ("counter", EXPORTER)
        for outcome in ("accepted", "refused"):
            names[f"otelcol_processor_memory_limiter_{outcome}_{noun}"] = ("counter", PROCESSOR)
    return names


def request_of(signal):
    record = {
        "logs": ("resourceLogs", "scopeLogs", {"logRecords": [{"body": {"stringValue": "hello"}}]}),
        "metrics": (
            "resourceMetrics",
            "scopeMetrics",
            {"metrics": [{"name": "steps", "gauge": {"dataPoints": [{"asInt": "1"}]}}]},
        ),
        "traces": (
            "resourceSpans",
            "scopeSpans",
            {"spans": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "step"}]},
        ),
    }
    resource, scope, content = record[signal]
    return json.dumps({resource: [{scope: [content]}]}).encode()


def send(port, signal):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/{signal}", request_of(signal), headers)
    assert urllib.request.urlopen(request, timeout=5).status == 200


def families(port):
    """(types by name, label names by name), labels as written on every series of the family."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    types, labels = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            types[name] = kind
        elif not line.startswith("#"):
            series = line.rsplit(" ", 1)[0]
            name, _, inside = series.partition("{")
            for suffix in ("_bucket", "_sum", "_count"):
                if types.get(name.removesuffix(suffix)) == "histogram":
                    name = name.removesuffix(suffix)
            found = {part.split("=")[0] for part in inside.rstrip("}").split(",") if part} - {"le"}
            labels.setdefault(name, found)
            labels[name] &= found
    return types, labels


def agent_config(http, metrics, destination):
    signals = "\n".join(
        f"    {signal}: {{receivers: [otlp], processors: [memory_limiter, attributes, batch], exporters: [forward]}}\n"
        f"    {signal}/out: {{receivers: [forward], processors: [batch], exporters: [otlp_http/back]}}"
        for signal in RECORD_NOUNS
    )
    return f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:{http}}}}}}}}}
processors:
  memory_limiter: {{check_interval: 1s, limit_mib: 200}}
  attributes: {{actions: [{{key: node, value: n1, action: insert}}]}}
  batch: {{timeout: 10ms}}
connectors: {{forward: }}
exporters: {{otlp_http/back: {{endpoint: {destination}}}}}
service:
  telemetry:
    metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}
  pipelines:
{signals}
"""


@pytest.fixture
def scraped(start_agent, sink):
    http, metrics = harness.free_port(), harness.free_port()
    start_agent(agent_config(http, metrics, sink.url), http)
    for signal in RECORD_NOUNS:
        send(http, signal)
    harness.wait_until(
        lambda: harness.total(harness.metrics(metrics), "otelcol_exporter_sent_spans") == 1
        and harness.total(harness.metrics(metrics), "rankwire_delivered_records_total") == 6,
        10,
        "what was sent did not arrive",
    )
    return metrics


def test_every_documented_name_is_there_with_its_type_and_labels(scraped):
    types, labels = families(scraped)
    wrong = [
        f"{name}: {types.get(name)} {sorted(labels.get(name, []))}, wanted {kind} {sorted(wanted)}"
        for name, (kind, wanted) in expected().items()
        if types.get(name) != kind or labels.get(name) != wanted
    ]
    assert not wrong, "\n".join(wrong)


def test_the_figures_are_those_of_what_was_sent(scraped):
    values = harness.metrics(scraped)
    for noun in RECORD_NOUNS.values():
        assert harness.total(values, f"otelcol_receiver_accepted_{noun}", receiver="otlp", transport="http") == 1
        assert harness.total(values, f"otelcol_processor_memory_limiter_accepted_{noun}") == 1
        assert harness.total(values, f"otelcol_exporter_sent_{noun}", exporter="otlp_http/back") == 1
    assert harness.total(values, "otelcol_receiver_requests", outcome="success", transport="http") == 3
    assert harness.total(values, "otelcol_receiver_requests", outcome="failure") == 0
    assert harness.total(values, "otelcol_processor_internal_duration_count", processor="attributes") == 3
    assert harness.total(values, "otelcol_processor_batch_timeout_trigger_send", processor="batch") == 3
    assert harness.total(values, "otelcol_processor_batch_batch_send_size_sum", processor="batch") == 3
    assert harness.total(values, "otelcol_exporter_enqueue_size_count", exporter="otlp_http/back") == 3
    assert harness.total(values, "otelcol_exporter_queue_batch_send_size_sum") == 3
    for kind in ("receiver_produced", "connector_consumed", "connector_produced", "exporter_consumed"):
        assert harness.total(values, f"otelcol_{kind}_items", otelcol_component_outcome="success") == 3
