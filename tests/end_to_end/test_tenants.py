"""Clients that say who they are in a header: their records are batched, and never with those of others."""

import logging
import urllib.error
import urllib.request

import harness
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

CONFIG = """
extensions: {{file_storage: {{directory: {out}/queue, create_directory: true}}}}
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: 'localhost:{grpc}', include_metadata: true}}
      http: {{endpoint: 'localhost:{http}', include_metadata: true}}
processors:
  batch: {{timeout: 300ms, send_batch_size: 50, metadata_keys: [X-Tenant], metadata_cardinality_limit: 2}}
exporters:
  otlp_http:
    endpoint: 'http://127.0.0.1:{sink}'
    compression: none
    retry_on_failure: {{initial_interval: 50ms, max_interval: 100ms}}
    sending_queue: {queue}
service:
  extensions: [file_storage]
  pipelines:
    logs: {{receivers: [otlp], processors: [{processors}], exporters: [otlp_http]}}
  telemetry: {{metrics: {{level: none}}}}
"""
PARTITION = "batch: {flush_timeout: 300ms, min_size: 50, partition: {metadata_keys: [x-tenant]}}"


def is_apart(batches):
    return all(len({record.body.string_value.split()[0] for _, record in batch}) == 1 for batch in batches)


def send_by_turns(grpc, http, count):
    """Two tenants, each over both protocols, a request for each record. What was sent."""
    clients = []
    for tenant in ("acme", "globex"):
        for protocol, exporter in {
            "grpc": GrpcLogs(endpoint=f"localhost:{grpc}", insecure=True, headers=(("x-tenant", tenant),)),
            "http": HttpLogs(endpoint=f"http://localhost:{http}/v1/logs", headers={"X-Tenant": tenant}),
        }.items():
            provider = LoggerProvider()
            provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
            logger = logging.getLogger(f"{tenant}.{protocol}")
            logger.propagate = False
            handler = LoggingHandler(logger_provider=provider)
            logger.addHandler(handler)
            clients.append((f"{tenant} {protocol}", logger, provider, handler))
    sent = []
    for number in range(count):
        for name, logger, _, _ in clients:
            sent.append(f"{name} {number:03}")
            logger.error(sent[-1])
    for _, logger, provider, handler in clients:
        provider.shutdown()
        logger.removeHandler(handler)
    return sorted(sent)


@pytest.mark.parametrize(
    "processors, queue",
    [("batch", "{}"), ("", "{" + PARTITION + "}"), ("", "{storage: file_storage, " + PARTITION + "}")],
    ids=["batch", "queue", "queue_on_disk"],
)
def test_batches_never_mix_tenants(processors, queue, start_agent, destination, tmp_path):
    grpc, http = harness.free_port(), harness.free_port()
    config = CONFIG.format(
        grpc=grpc, http=http, sink=destination.port, processors=processors, queue=queue, out=tmp_path
    )
    agent = start_agent(config, http)
    sent = send_by_turns(grpc, http, 40)
    harness.wait_until(lambda: len(destination.bodies()) >= len(sent), 20, "everything arrives")
    agent.stop()
    assert destination.bodies() == sent
    assert is_apart(destination.batches())
    assert max(map(len, destination.batches())) > 10, "the requests of one tenant share batches"


def test_one_tenant_too_many_is_refused_and_the_others_go_on(start_agent, destination, tmp_path):
    grpc, http = harness.free_port(), harness.free_port()
    config = CONFIG.format(grpc=grpc, http=http, sink=destination.port, processors="batch", queue="{}", out=tmp_path)
    agent = start_agent(config, http)

    def post(tenant):
        request = ExportLogsServiceRequest()
        request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = f"{tenant} http"
        headers = {"Content-Type": "application/x-protobuf", "X-Tenant": tenant}
        wanted = urllib.request.Request(f"http://localhost:{http}/v1/logs", request.SerializeToString(), headers)
        try:
            with urllib.request.urlopen(wanted, timeout=10) as answer:
                return answer.status, b""
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    assert [post(tenant)[0] for tenant in ("acme", "globex")] == [200, 200]
    status, body = post("initech")
    assert status == 500 and b"metadata_cardinality_limit" in body, (status, body)
    assert post("acme")[0] == 200
    agent.stop()
    assert destination.bodies() == ["acme http", "acme http", "globex http"]


SETTER = "headers_setter: {headers: [{key: X-Scope-OrgID, from_context: X-Tenant, default_value: nobody}]}"


@pytest.mark.parametrize(
    "processors, queue",
    [("", "{}"), ("", "{enabled: false}"), ("batch", "{}"), ("", "{storage: file_storage}")],
    ids=["queue", "no_queue", "batch", "queue_on_disk"],
)
def test_each_tenants_records_go_on_with_its_own_header(processors, queue, start_agent, destination, tmp_path):
    grpc, http = harness.free_port(), harness.free_port()
    config = CONFIG.format(
        grpc=grpc, http=http, sink=destination.port, processors=processors, queue=queue, out=tmp_path
    )
    config = config.replace("extensions: {file_storage", "extensions: {" + SETTER + ", file_storage")
    config = config.replace("extensions: [", "extensions: [headers_setter, ")
    config = config.replace("compression: none", "compression: none\n    auth: {authenticator: headers_setter}")
    agent = start_agent(config, http)
    sent = send_by_turns(grpc, http, 20)
    harness.wait_until(lambda: len(destination.bodies()) >= len(sent), 20, "everything arrives")
    agent.stop()
    assert destination.bodies() == sent
    for batch, headers in zip(destination.batches(), destination.headers, strict=True):
        assert {record.body.string_value.split()[0] for _, record in batch} == {headers["X-Scope-OrgID"]}


def test_what_a_killed_agent_kept_on_disk_is_not_mixed_afterwards(start_agent, destination, tmp_path):
    grpc, http = harness.free_port(), harness.free_port()
    queue = "{storage: file_storage, " + PARTITION + "}"
    config = CONFIG.format(grpc=grpc, http=http, sink=destination.port, processors="", queue=queue, out=tmp_path)
    destination.is_refusing = True
    agent = start_agent(config, http)
    sent = send_by_turns(grpc, http, 10)
    agent.kill()
    destination.is_refusing = False
    second = start_agent(config, http)
    harness.wait_until(lambda: destination.bodies() == sent, 20, "everything arrives after the restart")
    second.stop()
    assert destination.bodies() == sent
    assert is_apart(destination.batches())
