"""What docs/guides/security.md says is enforced, tried on the running binary."""

import json
import os
import re
import resource
import shutil
import signal
import stat
import socket
import struct
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import harness
import namespaces
import pytest
from test_command_line import make_certificates, rankwire


def post_logs(port, *groups):
    """One request; a group is (resource attributes, body). Returns the status and the answer."""
    resources = [
        {
            "resource": {"attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()]},
            "scopeLogs": [{"logRecords": [{"body": {"stringValue": body}}]}],
        }
        for attributes, body in groups
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/logs",
        json.dumps({"resourceLogs": resources}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def receiver(port):
    return f"receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}}}\n"


def telemetry(port):
    """The section under `service` that serves the agent's own metrics."""
    exporter = f"{{prometheus: {{host: 127.0.0.1, port: {port}}}}}"
    return f"telemetry: {{logs: {{level: debug}}, metrics: {{readers: [{{pull: {{exporter: {exporter}}}}}]}}}}"


# Where it listens


def listening_addresses(pid):
    """Of the sockets in the process's network namespace, as {(address, port)}."""
    found = set()
    for name, size in [("tcp", 8), ("tcp6", 32)]:
        with open(f"/proc/{pid}/net/{name}") as file:
            for line in list(file)[1:]:
                local, state = line.split()[1], line.split()[3]
                if state == "0A":
                    address, port = local.split(":")
                    assert len(address) == size
                    found.add((address, int(port, 16)))
    return found


LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


# In a namespace of its own the default ports are free, and nothing is up: SIOCSIFFLAGS, IFF_UP.
LOOPBACK_UP = """import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))
os.execv(sys.argv[1], sys.argv[1:])"""


def test_listeners_are_on_localhost_unless_told_otherwise(tmp_path):
    unshared = namespaces.unshared("--net")
    config = tmp_path / "config.yaml"
    config.write_text("""extensions: {health_check: }
receivers: {otlp: {protocols: {grpc: , http: }}}
exporters: {debug: }
service:
  extensions: [health_check]
  telemetry: {metrics: {level: normal}}
  pipelines: {logs: {receivers: [otlp], exporters: [debug]}}
""")
    run = [harness.RANKWIRE, "run", "--config", str(config)]
    agent = harness.Agent(
        None, directory=str(tmp_path), command=[*unshared, sys.executable, "-c", LOOPBACK_UP, *run]
    ).start()
    try:
        ports = {4317, 4318, 13133}
        harness.wait_until(
            lambda: ports <= {port for _, port in listening_addresses(agent.process.pid)},
            10,
            f"it does not listen: {agent.log_text()}",
        )
        addresses = listening_addresses(agent.process.pid)
        assert {address for address, _ in addresses} <= LOOPBACK, addresses
    finally:
        agent.clean()


# TLS


def client_hello(version):
    """The first message of a client that speaks TLS up to this minor version; by hand, because libraries refuse to."""
    ciphers = struct.pack("!3H", 0xC02B, 0xC009, 0xC00A)  # ECDHE-ECDSA: AES-GCM, and those that TLS 1.0 has.
    groups = struct.pack("!HHHH", 10, 4, 2, 23)  # P-256
    signatures = struct.pack("!HHHHH", 13, 6, 4, 0x0403, 0x0203)  # ECDSA with SHA-256, with SHA-1
    extensions = groups + signatures
    body = bytes([3, version]) + bytes(32) + b"\0" + struct.pack("!H", len(ciphers)) + ciphers + b"\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    message = b"\1" + struct.pack("!I", len(body))[1:] + body
    return bytes([22, 3, 1]) + struct.pack("!H", len(message)) + message


def answer_to(hello, port):
    """The content of the first record: (its type, its bytes)."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(hello)
        with connection.makefile("rb") as stream:
            kind, _, length = struct.unpack("!BHH", stream.read(5))
            return kind, stream.read(length)


def test_tls_older_than_1_2_is_refused(tmp_path, start_agent):
    make_certificates(tmp_path / "tls")
    port = harness.free_port()
    start_agent(
        f"""receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:{port}
        tls: {{cert_file: {tmp_path}/tls/tls.crt, key_file: {tmp_path}/tls/tls.key}}
exporters: {{debug: }}
service: {{pipelines: {{logs: {{receivers: [otlp], exporters: [debug]}}}}}}
""",
        port,
    )

    def handshake(version):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version]
        done = subprocess.run(command, input="", capture_output=True, text=True, timeout=30)
        return done.stdout + done.stderr

    for minor in [1, 2]:  # TLS 1.0 and 1.1
        assert answer_to(client_hello(minor), port) == (21, bytes([2, 70])), "not a fatal alert: protocol_version"
    kind, message = answer_to(client_hello(3), port)  # The same in a version that is spoken.
    assert (kind, message[0]) == (22, 2), "not a ServerHello"
    assert "Protocol  : TLSv1.2" in handshake("-tls1_2")
    assert "TLSv1.3" in handshake("-tls1_3")


# Paths made from data


def test_a_group_by_value_cannot_leave_its_directory(tmp_path, start_agent):
    port, own = harness.free_port(), harness.free_port()
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir()
    outside.mkdir()
    (outside / "victim.json").write_text("untouched")
    (data / "link").symlink_to(outside)
    (data / "file.json").symlink_to(outside / "victim.json")
    agent = start_agent(
        receiver(port)
        + f"""exporters:
  file: {{path: '{data}/*.json', create_directory: true, group_by: {{enabled: true, resource_attribute: tenant}}}}
service: {{{telemetry(own)}, pipelines: {{logs: {{receivers: [otlp], exporters: [file]}}}}}}
""",
        port,
    )
    bad = [
        "../outside/new",
        "..",
        "a/../../outside/new",
        str(outside / "new"),
        "nul\0byte",
        "link/new",
        "link/deeper/new",
        "file",
        "line\nbreak",
        "x" * 300,
    ]
    for value in bad:
        post_logs(port, ({"tenant": value}, "evil"))
    assert post_logs(port, ({"tenant": "good"}, "fine"))[0] == 200
    harness.wait_until(lambda: (data / "good.json").exists(), 5, agent.log_text())
    assert os.listdir(outside) == ["victim.json"]
    assert (outside / "victim.json").read_text() == "untouched"
    assert harness.total(harness.metrics(own), "otelcol_exporter_send_failed_log_records") == len(bad)
    written = {os.path.join(root, name) for root, _, names in os.walk(data) for name in names}
    assert written == {str(data / "good.json"), str(data / "file.json")}


# Storage


def durable(tmp_path, port, storage):
    return (
        f"extensions: {{file_storage: {{directory: {storage}, create_directory: true, "
        + "directory_permissions: '0700'}}\n"
        + receiver(port)
        + """exporters:
  otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {storage: file_storage}}
service: {extensions: [file_storage], pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}
"""
    )


def test_storage_is_private_whatever_the_umask(tmp_path):
    port, storage = harness.free_port(), tmp_path / "storage"
    config = tmp_path / "config.yaml"
    config.write_text(durable(tmp_path, port, storage))
    agent = harness.Agent(
        None,
        directory=str(tmp_path),
        command=["sh", "-c", 'umask 0 && exec "$0" run --config "$1"', harness.RANKWIRE, str(config)],
    ).start()
    try:
        agent.wait_ready(port)
        assert post_logs(port, ({}, "kept"))[0] == 200
        seen = 0
        for root, directories, files in os.walk(storage):
            for name, mode in [(d, 0o700) for d in directories] + [(f, 0o600) for f in files]:
                assert stat.S_IMODE(os.lstat(os.path.join(root, name)).st_mode) == mode, os.path.join(root, name)
                seen += 1
        assert seen >= 3, "no queue was made"
    finally:
        agent.clean()


def test_a_link_or_an_open_directory_in_the_place_of_storage_is_refused(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    for kind in ["link", "open to others"]:
        storage = tmp_path / kind.replace(" ", "-")
        place = storage / "exporter_otlp_http_"
        storage.mkdir()
        if kind == "link":
            elsewhere.mkdir()
            place.symlink_to(elsewhere)
        else:
            place.mkdir()
            place.chmod(0o777)
        config = tmp_path / "config.yaml"
        config.write_text(durable(tmp_path, harness.free_port(), storage))
        result = rankwire("run", "--config", str(config))
        assert result.returncode == 1, result.stderr
        assert str(place) in result.stderr
    assert os.listdir(elsewhere) == []


# Memory


def ended_with_a_core(tmp_path, **environment):
    port = harness.free_port()
    directory = tmp_path / ("allowed" if environment else "default")
    directory.mkdir()
    config = receiver(port) + "exporters: {debug: }\n"
    config += "service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n"
    (directory / "config.yaml").write_text(config)

    def allow_cores():
        os.chdir(directory)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # A shell starts its background jobs with it ignored.
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))

    process = subprocess.Popen(
        [harness.RANKWIRE, "run", "--config", "config.yaml"],
        preexec_fn=allow_cores,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    probe = harness.Agent(None, directory=str(directory))
    probe.process = process
    harness.wait_until(lambda: port in {p for _, p in listening_addresses(process.pid)}, 10, "it does not listen")
    process.send_signal(signal.SIGQUIT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -1
    shutil.rmtree(directory)
    assert os.WIFSIGNALED(status)
    return os.WCOREDUMP(status)


def test_there_is_no_core_dump_unless_asked_for(tmp_path):
    assert not ended_with_a_core(tmp_path)
    if not ended_with_a_core(tmp_path, RANKWIRE_CORE_DUMPS="1"):
        pytest.skip(
            "their absence shows nothing where there are none: needs a hard limit (ulimit -Hc) above 0, and a "
            "kernel.core_pattern that is a program or a file that can be written"
        )


# Rights


PROBE = """mount -t tmpfs tmpfs /tmp && mount -o remount,bind,ro / && ! touch /probe 2>/dev/null &&
exec setpriv --reuid 65532 true"""


def test_it_runs_without_rights_on_a_read_only_root(sink):
    """As examples/kubernetes/node-agent.yaml: its own uid, no capabilities, one writable directory, logs by group."""
    probe = subprocess.run(["unshare", "--mount", "sh", "-c", PROBE], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(
            "needs a mount namespace, to make the root read-only, and another user's number in it: run as root with "
            f"CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID: {probe.stderr.strip()}"
        )
    log_group, port = 4321, harness.free_port()
    home = tempfile.mkdtemp(prefix="rankwire-rights-")
    try:
        os.chmod(home, 0o755)
        shutil.copy(harness.RANKWIRE, home)
        for name, mode, group in [("logs", 0o750, log_group), ("storage", 0o700, 0)]:
            os.mkdir(f"{home}/{name}")
            os.chown(f"{home}/{name}", 0, group)
            os.chmod(f"{home}/{name}", mode)
        with open(f"{home}/logs/a.log", "w") as file:
            file.write("".join(f"line {i}\n" for i in range(1000)))
        os.chown(file.name, 0, log_group)
        os.chmod(file.name, 0o640)
        with open(f"{home}/config.yaml", "w") as file:
            file.write(f"""extensions: {{file_storage: {{directory: {home}/storage/x, create_directory: true}}}}
receivers:
  file_log: {{include: [{home}/logs/*.log], start_at: beginning, storage: file_storage}}
exporters:
  otlp_http: {{endpoint: '{sink.url}', sending_queue: {{storage: file_storage}}}}
service:
  extensions: [file_storage]
  {telemetry(port)}
  pipelines: {{logs: {{receivers: [file_log], exporters: [otlp_http]}}}}
""")
        script = f"""mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs {home}/storage &&
mount -o remount,bind,ro / &&
exec setpriv --reuid 65532 --regid 65532 --groups {log_group} --bounding-set=-all --inh-caps=-all --no-new-privs \
  {home}/rankwire run --config {home}/config.yaml"""
        agent = harness.Agent(None, home, ["unshare", "--mount", "sh", "-c", script])
        agent.log_path = tempfile.mktemp(prefix="rankwire-rights-log-")
        agent.start()
        try:
            agent.wait_ready(port)
            delivered = "rankwire_delivered_records_total"
            harness.wait_until(
                lambda: harness.total(harness.metrics(port), delivered) == 1000, 15, "not every line arrived"
            )
            assert sink.report()["requests"] >= 1
            with open(f"/proc/{agent.process.pid}/status") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            assert status["Uid"].split() == ["65532"] * 4
            assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
            assert status["NoNewPrivs"] == "1"
            # Where another process of the same user is, it reads neither the memory nor the environment.
            for name in ["environ", "maps"]:
                peek = ["setpriv", "--reuid", "65532", "--clear-groups", "cat", f"/proc/{agent.process.pid}/{name}"]
                assert subprocess.run(peek, capture_output=True).returncode != 0
            agent.stop()
            assert agent.process.returncode == 0, agent.log_text()
        finally:
            agent.clean()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_the_example_for_kubernetes_gives_no_rights_and_its_configuration_is_valid(tmp_path):
    path = os.path.join(harness.ROOT, "examples", "kubernetes", "node-agent.yaml")
    with open(path) as file:
        text = file.read()
    config_text = re.search(r"config\.yaml: \|\n((?:    .*\n)+)", text).group(1)
    (tmp_path / "token").write_text("x")
    config = tmp_path / "config.yaml"
    config.write_text(config_text.replace("/etc/rankwire/secret", str(tmp_path)))
    result = rankwire("validate", "--config", str(config))
    assert result.returncode == 0, result.stdout + result.stderr
    agent = text.split("- name: rankwire\n")[1].split("readinessProbe:")[0]
    for line in ["readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "capabilities: {drop: [ALL]}"]:
        assert line in agent
    assert "runAsNonRoot: true" in text and "privileged: true" not in text and "hostNetwork" not in text
    # Every other document in it is YAML too.
    for document in text.split("\n---\n"):
        (tmp_path / "part.yaml").write_text(document)
        part = str(tmp_path / "part.yaml")
        parsed = rankwire("print-config", "--validate=false", "--mode", "unredacted", "--config", part)
        assert "apiVersion" in parsed.stdout, parsed.stderr
