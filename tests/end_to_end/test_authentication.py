"""Who may send to the agent, and how the agent says who it is: with the OpenTelemetry SDK's exporters as senders and a
second agent, or a server of our own, as the destination."""

import base64
import hashlib
import json
import logging
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import harness
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from test_command_line import rankwire
from test_security import telemetry

CONFIG = """
extensions: {extensions}
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: 'localhost:{grpc}', auth: {{authenticator: {door}}}}}
      http: {{endpoint: 'localhost:{http}', auth: {{authenticator: {door}}}}}
processors:
  resource: {{attributes: [{{key: sender, from_context: auth.username, action: insert}}]}}
exporters:
  otlp_http:
    endpoint: 'http://127.0.0.1:{sink}'
    compression: none
    {auth}
    retry_on_failure: {{initial_interval: 50ms, max_interval: 100ms}}
service:
  extensions: [{names}]
  pipelines:
    logs: {{receivers: [otlp], processors: [resource], exporters: [otlp_http]}}
  {own}
"""


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def sha(password):
    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


class Agent:
    """An agent with a door; `door` is the id of the extension that keeps it."""

    def __init__(self, start_agent, extensions, door, sink, auth="", names=None):
        self.http, self.grpc, self.own = harness.free_port(), harness.free_port(), harness.free_port()
        ports = {"grpc": self.grpc, "http": self.http, "own": telemetry(self.own), "sink": sink}
        config = CONFIG.format(extensions=extensions, door=door, auth=auth, names=names or door, **ports)
        self.running = start_agent(config, self.http)

    def send(self, body, headers):
        """By the SDK's exporters, over both protocols."""
        lower = tuple((name.lower(), value) for name, value in headers.items())
        for exporter in (
            HttpLogs(endpoint=f"http://localhost:{self.http}/v1/logs", headers=headers),
            GrpcLogs(endpoint=f"localhost:{self.grpc}", insecure=True, headers=lower),
        ):
            provider = LoggerProvider()
            provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
            logger = logging.getLogger(f"auth.{body}")
            logger.propagate = False
            handler = LoggingHandler(logger_provider=provider)
            logger.addHandler(handler)
            logger.error(body)
            provider.shutdown()
            logger.removeHandler(handler)

    def status(self, headers):
        request = ExportLogsServiceRequest()
        request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "by hand"
        headers = {"Content-Type": "application/x-protobuf", **headers}
        wanted = urllib.request.Request(f"http://localhost:{self.http}/v1/logs", request.SerializeToString(), headers)
        try:
            with urllib.request.urlopen(wanted, timeout=10) as answer:
                return answer.status, dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers)

    def code(self, headers):
        with grpc.insecure_channel(f"localhost:{self.grpc}") as channel:
            call = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
            try:
                call(b"", metadata=[(name.lower(), value) for name, value in headers.items()], timeout=10)
                return grpc.StatusCode.OK
            except grpc.RpcError as error:
                return error.code()

    def metric(self, line):
        with urllib.request.urlopen(f"http://localhost:{self.own}/metrics", timeout=5) as answer:
            values = [each.split()[-1] for each in answer.read().decode().splitlines() if each.startswith(line)]
        return float(values[0]) if values else 0


def test_only_those_with_a_name_and_password_may_send(start_agent, destination):
    extensions = "{basicauth/door: {htpasswd: {inline: 'ann:" + sha("s3cr3t") + "'}}}"
    agent = Agent(start_agent, extensions, "basicauth/door", destination.port)
    agent.send("of ann", {"Authorization": basic("ann", "s3cr3t")})
    agent.send("of eve", {"Authorization": basic("ann", "guess")})
    agent.send("of nobody", {})
    harness.wait_until(lambda: len(destination.bodies()) == 2, 20, "both records arrive")
    status, headers = agent.status({"Authorization": basic("ann", "guess")})
    assert status == 401 and headers["WWW-Authenticate"].startswith("Basic ")
    assert agent.code({}) == grpc.StatusCode.UNAUTHENTICATED
    assert agent.metric('rankwire_auth_refused_total{extension="basic_auth/door",reason="wrong"') >= 2
    assert agent.metric('rankwire_auth_refused_total{extension="basic_auth/door",reason="missing"') >= 3
    agent.running.stop()
    assert destination.bodies() == ["of ann", "of ann"]
    assert {attributes["sender"] for attributes, _ in destination.records()} == {"ann"}
    assert "s3cr3t" not in agent.running.log_text()


def test_an_old_and_a_new_token_let_in_and_the_file_may_change(start_agent, destination, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("old\nnew\n")
    agent = Agent(start_agent, f"{{bearertokenauth: {{filename: {tokens}}}}}", "bearertokenauth", destination.port)
    agent.send("by old", {"Authorization": "Bearer old"})
    agent.send("by new", {"Authorization": "Bearer new"})
    harness.wait_until(lambda: len(destination.bodies()) == 4, 20, "all records arrive")
    replacement = tmp_path / "next"
    replacement.write_text("new\nnewer\n")
    os.replace(replacement, tokens)
    harness.wait_until(lambda: agent.status({"Authorization": "Bearer newer"})[0] == 200, 20, "the new file counts")
    assert agent.status({"Authorization": "Bearer old"})[0] == 401
    assert agent.code({"Authorization": "Bearer old"}) == grpc.StatusCode.UNAUTHENTICATED
    agent.running.stop()


@pytest.mark.parametrize("spelling", ["bearertokenauth/own", "bearer_token_auth/own"])
def test_one_agent_authenticates_to_another_and_nothing_is_lost_when_the_token_changes(
    spelling, start_agent, destination, tmp_path
):
    token = tmp_path / "token"
    token.write_text("first\n")
    door = "{bearer_token_auth: {tokens: [second]}}"
    second = Agent(start_agent, door, "bearer_token_auth", destination.port)
    extensions = f"{{bearer_token_auth: {{token: t}}, bearer_token_auth/own: {{filename: {token}}}}}"
    auth = f"auth: {{authenticator: {spelling}}}"
    names = "bearer_token_auth, bearer_token_auth/own"
    first = Agent(start_agent, extensions, "bearer_token_auth", second.http, auth, names)
    first.send("kept", {"Authorization": "Bearer t"})
    harness.wait_until(
        lambda: second.metric('rankwire_auth_refused_total{extension="bearer_token_auth",reason="wrong"') >= 2,
        20,
        "the second agent turns the first away",
    )
    assert destination.bodies() == []
    token.write_text("second\n")
    harness.wait_until(lambda: len(destination.bodies()) == 2, 20, "both records arrive with the new token")
    first.running.stop()
    second.running.stop()
    assert destination.bodies() == ["kept", "kept"]


class TokenServer:
    """An authorization server, whose tokens are t1, t2, … and live for `lifetime` seconds."""

    def __init__(self, lifetime):
        self.asked, self.is_down = [], False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append((self.headers["Authorization"], urllib.parse.parse_qs(body)))
                answer = {"access_token": f"t{len(outer.asked)}", "token_type": "bearer", "expires_in": lifetime}
                self.send_response(503 if outer.is_down else 200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def token_server():
    running = TokenServer(lifetime=4)
    yield running
    running.close()


def test_tokens_of_an_authorization_server_are_sent_and_replaced(start_agent, destination, token_server, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t\n")
    extensions = f"""{{bearer_token_auth: {{token: t}}, oauth2client: {{client_id: me, client_secret_file: {secret},
      token_url: '{token_server.url}', scopes: [logs.write], endpoint_params: {{audience: sink}}}}}}"""
    auth = "auth: {authenticator: oauth2client}"
    names = "bearer_token_auth, oauth2client"
    token_server.is_down = True
    agent = Agent(start_agent, extensions, "bearer_token_auth", destination.port, auth, names)
    agent.send("early", {"Authorization": "Bearer t"})
    harness.wait_until(lambda: token_server.asked, 20, "a token is asked for")
    assert destination.bodies() == []
    token_server.is_down = False
    harness.wait_until(lambda: len(destination.bodies()) == 2, 20, "what came before the token arrives")
    authorization, form = token_server.asked[0]
    assert authorization == basic("me", "s3cr3t")
    assert form == {"grant_type": ["client_credentials"], "scope": ["logs.write"], "audience": ["sink"]}
    used = {headers["Authorization"] for headers in destination.headers}
    assert len(used) == 1 and used.pop().startswith("Bearer t")
    harness.wait_until(lambda: agent.metric("rankwire_oauth2_client_tokens_total") >= 2, 20, "it is replaced")
    agent.send("late", {"Authorization": "Bearer t"})
    harness.wait_until(lambda: len(destination.bodies()) == 4, 20, "what came later arrives")
    agent.running.stop()
    assert len({headers["Authorization"] for headers in destination.headers}) == 2
    assert "s3cr3t" not in agent.running.log_text()


def test_an_authenticator_that_is_not_there_is_told_with_its_place(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "receivers: {otlp: {protocols: {http: {auth: {authenticator: basicauth}}}}}\n"
        "exporters: {otlp_http: {endpoint: 'https://h', auth: {authenticator: bearertokenauth/x}}}\n"
        "extensions: {bearertokenauth/x: {token: a}}\n"
        "service: {pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}\n"
    )
    result = rankwire("validate", "--config", str(config))
    told = result.stdout + result.stderr
    assert result.returncode != 0
    assert ":1:" in told and 'receivers::otlp::protocols::http::auth::authenticator: names "basicauth"' in told
    assert ":2:" in told and 'exporters::otlp_http::auth::authenticator: names "bearertokenauth/x"' in told
