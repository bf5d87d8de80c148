"""No secret of a configuration leaves by output, logs, metrics, files or error messages."""

import json
import os
import re
import urllib.request

import harness
import pytest
from test_command_line import make_certificates, rankwire
from test_security import post_logs, receiver, telemetry

CANARY = "c4n4ry-5f1d-s3cr3t"


def secret_settings(tmp_path):
    """Every kind of field that holds a secret, with the canary in it."""
    key = (tmp_path / "tls" / "tls.key").read_text().strip().splitlines()
    certificate = (tmp_path / "tls" / "tls.crt").read_text()
    # A canary inside a key that still works: what precedes the armour is ignored.
    pem = json.dumps("\n".join([CANARY, *key, ""]))
    authority = json.dumps(f"{CANARY}\n{certificate}")
    return f"""extensions:
  file_storage: {{directory: {tmp_path}/storage, create_directory: true}}
  basic_auth/door: {{htpasswd: {{inline: 'ann:{CANARY}'}}}}
  basic_auth: {{client_auth: {{username: ann, password: '{CANARY}'}}}}
  oauth2_client: {{client_id: a, client_secret: '{CANARY}', token_url: 'http://127.0.0.1:9/token'}}
  headers_setter: {{headers: [{{key: x, value: '{CANARY}'}}]}}
  bearer_token_auth: {{tokens: ['{CANARY}', 'x-{CANARY}']}}
exporters:
  otlp_http:
    endpoint: https://127.0.0.1:9/x
    proxy_url: http://user:{CANARY}@127.0.0.1:9
    headers: {{authorization: 'Bearer {CANARY}', x-key: '{CANARY}'}}
    tls: {{ca_pem: {authority}, cert_pem: {json.dumps(certificate)}, key_pem: {pem}}}
    sending_queue: {{storage: file_storage}}
    retry_on_failure: {{initial_interval: 100ms, max_elapsed_time: 0}}
  otlp_grpc:
    endpoint: 127.0.0.1:9
    auth: {{authenticator: bearer_token_auth}}
    headers: {{authorization: 'Bearer {CANARY}'}}
    tls: {{ca_pem: {authority}, cert_pem: {json.dumps(certificate)}, key_pem: {pem}}}
    retry_on_failure: {{initial_interval: 100ms}}
processors:
  redaction: {{allow_all_keys: true, blocked_values: [x], hash_function: hmac-sha256, hmac_key: '{CANARY}{CANARY}'}}
"""


def test_a_secret_never_leaves_by_output_logs_or_metrics(tmp_path):
    make_certificates(tmp_path / "tls")
    port, own = harness.free_port(), harness.free_port()
    config = tmp_path / "config.yaml"
    http = f"{{endpoint: '127.0.0.1:{port}', response_headers: {{x-key: '{CANARY}'}}}}"
    config.write_text(
        f"receivers: {{otlp: {{protocols: {{http: {http}}}}}}}\n"
        + secret_settings(tmp_path)
        + f"service: {{{telemetry(own)}, extensions: [file_storage, basic_auth, basic_auth/door, bearer_token_auth, "
        + "oauth2_client, headers_setter], "
        + "pipelines: {logs: "
        + "{receivers: [otlp], processors: [redaction], exporters: [otlp_http, otlp_grpc]}}}\n"
    )
    name = str(config)
    for command in [
        ["validate", "--config", name],
        ["print-config", "--config", name],
        ["print-config", "--config", name, "--format", "json"],
        ["components"],
        ["version", "--verbose"],
        ["completion", "bash"],
        ["featuregate"],
        ["demo", "--duration", "1s", "--directory", str(tmp_path / "demo")],
    ]:
        result = rankwire(*command, env={**os.environ, "SECRET": CANARY})
        assert result.returncode == 0, result.stderr
        assert CANARY not in result.stdout + result.stderr, command
    agent = harness.Agent(None, str(tmp_path / "agent"), [harness.RANKWIRE, "run", "--config", name])
    os.makedirs(agent.directory)
    agent.start()
    try:
        agent.wait_ready(port)
        assert post_logs(port, ({}, "hello"))[0] == 200
        agent.wait_logged("127.0.0.1:9")
        with urllib.request.urlopen(f"http://127.0.0.1:{own}/metrics", timeout=5) as answer:
            assert CANARY not in answer.read().decode()
        # A reload that fails is told of, without the values.
        config.write_text(config.read_text().replace("retry_on_failure", "retry_on_falure"))
        agent.wait_logged("retry_on_falure")
        assert CANARY not in agent.log_text()
        for action in ["inspect", "verify", "replay"]:
            result = rankwire("queue", action, str(tmp_path / "storage"))
            assert "hello" in result.stdout or action != "replay", result.stderr
            assert CANARY not in result.stdout + result.stderr, action
        for root, _, names in os.walk(tmp_path / "storage"):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    assert CANARY.encode() not in file.read(), name
    finally:
        agent.clean()


@pytest.mark.parametrize(
    "settings",
    [
        "headers: {a: [CANARY]}",
        "headers: {a: {b: CANARY}}",
        "headers: [CANARY]",
        "headers: [{name: a, value: CANARY, valu: CANARY}]",
        "headers: {a: \"CANARY\\n\"}",
        "headers: {'bad name': CANARY}",
        "headers: CANARY",
        "proxy_url: 'http://user:CANARY@host:port'",
        "proxy_url: 'ftp://user:CANARY@host'",
        "proxy_url: [CANARY]",
        "tls: {key_pem: CANARY}",
        "tls: {key_pem: CANARY, cert_pem: x}",
        "tls: {key_pem: [CANARY], key_file: x}",
        "tls: {key_pem: {CANARY: 1}}",
        "endpoint: 'http://user:CANARY@host:port'",
        "endpoint: 'ftp://user:CANARY@host'",
        "endpoint: ['http://user:CANARY@host']",
        "timeout: '${env:SECRET}'",
        "compression: '${env:SECRET}'",
        "compression: '${file:SECRET_FILE}'",
        "retry_on_failure: {enabled: '${env:SECRET}'}",
        "headers: '${yaml:{a: [CANARY}'",
        "headers: {a: 'CANARY",
        "headers: {a: CANARY: b}",
        "headers: {a: *CANARY}",
        "headers: {a: x, a: CANARY}",
        "headers: {a: '${env:SECRET:CANARY}'}",
        "headers: {a: '${CANARY'}",
    ],
)
def test_an_error_about_a_secret_does_not_show_it(tmp_path, settings):
    (tmp_path / "secret").write_text(CANARY)
    settings = settings.replace("SECRET_FILE", str(tmp_path / "secret")).replace("CANARY", CANARY)
    config = tmp_path / "config.yaml"
    endpoint = "" if settings.startswith("endpoint") else "    endpoint: http://127.0.0.1:9\n"
    port = harness.free_port()
    config.write_text(
        receiver(port)
        + f"exporters:\n  otlp_http:\n{endpoint}    {settings}\n"
        + "service: {pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}\n"
    )
    environment = {**os.environ, "SECRET": CANARY}
    for command in ["validate", "print-config"]:
        result = rankwire(command, "--config", str(config), env=environment)
        assert CANARY not in result.stdout + result.stderr, command
    command = [harness.RANKWIRE, "run", "--config", str(config)]
    agent = harness.Agent(None, str(tmp_path), command, environment).start()
    try:
        harness.wait_until(
            lambda: agent.process.poll() is not None or "everything is running" in agent.log_text(), 10, "no start"
        )
        if agent.process.poll() is None:
            # Valid so far: what is wrong shows when it is used, or it is only a refused connection.
            assert post_logs(port, ({}, "hello"))[0] == 200
            harness.wait_until(lambda: re.search(r"\t(warn|error)\t", agent.log_text()), 10, agent.log_text())
        assert CANARY not in agent.log_text()
    finally:
        agent.usage = True if agent.process.poll() is not None else None
        agent.clean()
