"""The OpenTelemetry Python SDK exports logs, metrics and traces through the agent."""

import json
import logging
import os

import harness
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from test_command_line import make_certificates

CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: 'localhost:{grpc}'{tls}}}
      http: {{endpoint: 'localhost:{http}'{tls}}}
exporters:
  file/logs: {{path: {out}/logs.json}}
  file/metrics: {{path: {out}/metrics.json}}
  file/traces: {{path: {out}/traces.json}}
service:
  pipelines:
    logs: {{receivers: [otlp], exporters: [file/logs]}}
    metrics: {{receivers: [otlp], exporters: [file/metrics]}}
    traces: {{receivers: [otlp], exporters: [file/traces]}}
  telemetry: {{metrics: {{level: none}}}}
"""


def exporters(protocol, secure, grpc, http, certificates):
    certificate = str(certificates / "ca.crt") if secure else None
    if protocol == "grpc":
        if secure:
            from grpc import ssl_channel_credentials

            options = {"credentials": ssl_channel_credentials(open(certificate, "rb").read())}
        else:
            options = {"insecure": True}
        endpoint = f"localhost:{grpc}"
        return (
            GrpcLogs(endpoint=endpoint, **options),
            GrpcMetrics(endpoint=endpoint, **options),
            GrpcSpans(endpoint=endpoint, **options),
        )
    base = f"{'https' if secure else 'http'}://localhost:{http}/v1/"
    options = {"certificate_file": certificate} if secure else {}
    return (
        HttpLogs(endpoint=base + "logs", compression=Compression.Gzip, **options),
        HttpMetrics(endpoint=base + "metrics", compression=Compression.Gzip, **options),
        HttpSpans(endpoint=base + "traces", **options),
    )


def send(logs, metrics, spans):
    resource = Resource.create({"service.name": "trainer", "host.id": "node-4"})
    log_provider = LoggerProvider(resource=resource)
    log_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
    logger = logging.getLogger("trainer")
    handler = LoggingHandler(logger_provider=log_provider)
    logger.addHandler(handler)
    tracer_provider = TracerProvider(resource=resource)
    tracer_provider.add_span_processor(BatchSpanProcessor(spans))
    tracer = tracer_provider.get_tracer("training", "1.2")
    meter_provider = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(metrics, 60_000)])
    meter = meter_provider.get_meter("training")
    for step in range(200):
        with tracer.start_as_current_span(
            "step", attributes={"step": step, "ratio": 0.5, "tags": ["a", "b"]}
        ) as span:
            span.add_event("allreduce", {"bytes": 2**40})
            logger.error("step %d failed", step)
    meter.create_counter("steps").add(200, {"rank": 3})
    meter.create_histogram("step_time").record(1.5, {"rank": 3})
    for provider in (log_provider, tracer_provider, meter_provider):
        provider.force_flush()
        provider.shutdown()
    logger.removeHandler(handler)


def lines(path):
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_everything_that_the_sdk_sends_arrives(protocol, secure, start_agent, tmp_path, monkeypatch):
    for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]:  # Python's requests prefers these to what the exporter says.
        monkeypatch.delenv(name, raising=False)
    certificates = tmp_path / "tls"
    make_certificates(certificates)
    grpc, http = harness.free_port(), harness.free_port()
    tls = f", tls: {{cert_file: {certificates}/tls.crt, key_file: {certificates}/tls.key}}" if secure else ""
    agent = start_agent(CONFIG.format(grpc=grpc, http=http, tls=tls, out=tmp_path), http)
    send(*exporters(protocol, secure, grpc, http, certificates))
    agent.stop()
    spans = [
        s
        for line in lines(tmp_path / "traces.json")
        for r in line["resourceSpans"]
        for c in r["scopeSpans"]
        for s in c["spans"]
    ]
    assert sorted(
        int(next(a for a in s["attributes"] if a["key"] == "step")["value"]["intValue"]) for s in spans
    ) == list(range(200))
    assert all(s["events"][0]["attributes"][0]["value"]["intValue"] == str(2**40) for s in spans)
    records = [
        x
        for line in lines(tmp_path / "logs.json")
        for r in line["resourceLogs"]
        for c in r["scopeLogs"]
        for x in c["logRecords"]
    ]
    assert sorted(r["body"]["stringValue"] for r in records) == sorted(f"step {i} failed" for i in range(200))
    assert {r["traceId"] for r in records} == {s["traceId"] for s in spans}
    names = {
        m["name"]
        for line in lines(tmp_path / "metrics.json")
        for r in line["resourceMetrics"]
        for c in r["scopeMetrics"]
        for m in c["metrics"]
    }
    assert {"steps", "step_time"} <= names
