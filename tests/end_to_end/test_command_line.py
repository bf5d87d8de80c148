"""What a user types, and what comes back."""

import json
import os
import re
import shutil
import subprocess

import harness
import pytest

EXAMPLES = os.path.join(harness.ROOT, "examples")
CONFIGURATIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "configurations")
ALL = sorted([os.path.join(d, f) for d in (EXAMPLES, CONFIGURATIONS) for f in os.listdir(d) if f.endswith(".yaml")])


def rankwire(*arguments, **options):
    return subprocess.run([harness.RANKWIRE, *arguments], capture_output=True, text=True, timeout=60, **options)


def environment(tmp_path):
    return {
        **os.environ,
        "RANKWIRE_DATA": str(tmp_path / "data"),
        "TLS_DIR": str(tmp_path / "tls"),
        "API_TOKEN": "t0ps3cret",
        "HOSTNAME": "node-4",
        "K8S_NODE_NAME": "node-4",
    }


def private_copy(path, tmp_path):
    """The configuration with ports and folders of its own."""
    with open(path) as file:
        text = re.sub(r"(?<!_)DATA\b", str(tmp_path / "data"), file.read())
    ports = {}
    text = re.sub(
        r"\b(4317|4318|13133|8888)\b", lambda m: str(ports.setdefault(m.group(0), harness.free_port())), text
    )
    if (
        "127.0.0.1" not in text.split("protocols")[-1][:60]
        and "grpc:\n      http:" in text
        or "{grpc: , http: }" in text
    ):
        grpc, http = harness.free_port(), harness.free_port()
        text = text.replace(
            "grpc:\n      http:",
            f"grpc: {{endpoint: '127.0.0.1:{grpc}'}}\n      http: {{endpoint: '127.0.0.1:{http}'}}",
        )
        text = text.replace(
            "{grpc: , http: }", f"{{grpc: {{endpoint: '127.0.0.1:{grpc}'}}, http: {{endpoint: '127.0.0.1:{http}'}}}}"
        )
    copy = tmp_path / "config.yaml"
    copy.write_text(text.replace("/etc/rankwire/tls", str(tmp_path / "tls")))
    return str(copy)


def make_certificates(directory):
    directory.mkdir(exist_ok=True)
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout",
            str(directory / "tls.key"),
            "-out",
            str(directory / "tls.crt"),
        ],
        check=True,
        capture_output=True,
    )
    shutil.copy(directory / "tls.crt", directory / "ca.crt")


def test_a_queue_on_disk_that_is_given_up_by_default_is_pointed_out(tmp_path):
    example = os.path.join(EXAMPLES, "two-destinations.yaml")
    assert rankwire("validate", "--config", example).stderr == ""
    with open(example) as file:
        text = file.read()
    config = tmp_path / "config.yaml"
    config.write_text(text.replace("    retry_on_failure: {max_elapsed_time: 0s}\n", ""))
    result = rankwire("validate", "--config", str(config))
    assert result.returncode == 0
    assert f"{config}:17:" in result.stderr and "dropped although it is on disk" in result.stderr


@pytest.mark.parametrize("path", ALL, ids=os.path.basename)
def test_a_real_configuration_validates_and_runs(path, tmp_path):
    make_certificates(tmp_path / "tls")
    config = private_copy(path, tmp_path)
    result = rankwire("validate", "--config", config, env=environment(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    port = harness.free_port()
    telemetry = f"{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {port}}}}}}}}}"
    agent = harness.Agent(
        None,
        directory=str(tmp_path / "agent"),
        environment=environment(tmp_path),
        command=[
            harness.RANKWIRE,
            "run",
            "--config",
            config,
            "--set",
            f"service::telemetry::metrics::readers=[{telemetry}]",
        ],
    )
    os.makedirs(agent.directory)
    agent.start()
    try:
        agent.wait_ready(port)
        assert (
            harness.metrics(port)["otelcol_process_uptime"] >= 0
            if "otelcol_process_uptime" in harness.metrics(port)
            else True
        )
        agent.stop()
        assert agent.process.returncode == 0, agent.log_text()
    finally:
        agent.clean()


def test_every_error_is_reported_at_once_with_its_place_and_a_suggestion(tmp_path):
    config = tmp_path / "bad.yaml"
    config.write_text("""receivers:
  file_log: {include: [/x], poll_intervall: 1s}
  oltp: {protocols: {grpc: }}
exporters:
  otlp_http: {endpoint: 'http://x', timeout: soon}
service:
  pipelines:
    logs: {receivers: [file_log, absent], exporters: [otlp_http]}
""")
    result = rankwire("validate", "--config", str(config))
    text = result.stdout + result.stderr
    assert result.returncode == 3, text
    assert re.search(r"bad\.yaml:2:\d+.*poll_intervall", text) and "poll_interval" in text
    assert re.search(r"bad\.yaml:3:\d+.*oltp", text) and '"otlp"' in text
    assert re.search(r"bad\.yaml:5:\d+", text) and "timeout" in text
    assert re.search(r"bad\.yaml:8:\d+", text) and "absent" in text


def test_secrets_never_print(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("""receivers: {otlp: {protocols: {http: }}}
exporters: {otlp_http: {endpoint: 'http://x', headers: {authorization: 'Bearer ${env:API_TOKEN}'}}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}
""")
    result = rankwire("print-config", "--config", str(config), env=environment(tmp_path))
    assert result.returncode == 0 and "REDACTED" in result.stdout and "t0ps3cret" not in result.stdout
    as_json = rankwire("print-config", "--config", str(config), "--format", "json", env=environment(tmp_path))
    assert json.loads(as_json.stdout)["exporters"]["otlp_http"]["endpoint"] == "http://x"


def test_help_version_and_wrong_usage():
    assert rankwire("--help").returncode == 0
    assert "rankwire" in rankwire("version").stdout
    for command in ["run", "validate", "components", "print-config", "queue", "demo", "version", "completion"]:
        result = rankwire(command, "--help")
        assert result.returncode == 0 and len(result.stdout.splitlines()) < 60, command
    assert rankwire("no-such-command").returncode == 2
    assert rankwire("validate", "--config", "/nonexistent.yaml").returncode == 3
    assert "file_log" in rankwire("components").stdout


def test_the_demo_proves_its_counts(tmp_path):
    result = rankwire("demo", "--duration", "3s", "--directory", str(tmp_path / "demo"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "FAIL" not in result.stdout and "0 lines arrived twice" in result.stdout
