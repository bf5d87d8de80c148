"""Configurations as deployments have them, unchanged, each a process of its own: they validate, start, take what comes
in and send on what they should. Only addresses and directories are set from outside.

A configuration's second line says what is expected: how many records of each signal, how many `at` which exporter, what
the output `contains` and what it `lacks`."""

import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
import uuid

import deployments
import harness
import pytest
import yaml

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deployments")
NAMES = sorted(name[: -len(".yaml")] for name in os.listdir(FOLDER))
AT_ONCE = 16  # Processes.
NETWORK = random.SystemRandom().randrange(2, 250)  # Each has a loopback address of its own, where no port is taken.
SETTLE, PATIENCE = 1, 20  # Seconds. What is late but for lines of files comes when the agent stops.


class Deployment:
    def __init__(self, name, directory, back):
        self.name, self.directory, self.back = name, directory, back
        self.host = f"127.{NETWORK}.{NAMES.index(name)}.1"
        self.path = os.path.join(FOLDER, f"{name}.yaml")
        with open(self.path) as file:
            text = file.read()
        self.expected = yaml.safe_load(text.splitlines()[1].removeprefix("# "))["expects"]
        self.config = yaml.safe_load(text)
        self.receiving, self.reads_files = None, False
        self.settings = ["service::telemetry::logs::level=info"]
        os.makedirs(directory)
        for kind in ("receivers", "exporters", "extensions"):
            for component, settings in (self.config.get(kind) or {}).items():
                getattr(self, kind[:-1])(component, settings or {})

    def set(self, component, key, value):
        self.settings.append(f"{component}::{key}={json.dumps(value)}")

    def under(self, path):
        return os.path.join(self.directory, path.lstrip("/"))

    def receiver(self, component, settings):
        if component.split("/")[0] == "otlp":
            for protocol in settings["protocols"]:
                port = 4318 if protocol == "http" else 4317
                self.set(f"receivers::{component}", f"protocols::{protocol}::endpoint", f"{self.host}:{port}")
                if protocol == "http":
                    self.receiving = component
        self.reads_files |= "include" in settings
        for key in {"include", "exclude"} & set(settings):
            self.set(f"receivers::{component}", key, [self.under(path) for path in settings[key]])

    def exporter(self, component, settings):
        kind, where = component.split("/")[0], f"{self.name}/{component.replace('/', '.')}"
        if kind in ("otlp", "otlp_grpc"):
            self.set(f"exporters::{component}", "endpoint", f"127.0.0.1:{self.back.grpc_port}")
            self.set(f"exporters::{component}", "headers::x-deployment", where)
        if kind in ("otlphttp", "otlp_http"):
            port = self.back.http.server_port
            self.set(f"exporters::{component}", "endpoint", f"http://127.0.0.1:{port}/{where}")
        if kind == "file":
            self.set(f"exporters::{component}", "path", self.under(settings["path"]))

    def extension(self, component, settings):
        if "directory" in settings:
            self.set(f"extensions::{component}", "directory", self.under(settings["directory"]))
        if component == "health_check":
            self.set("extensions::health_check", "endpoint", f"{self.host}:13133")

    def start(self):
        environment = {"K8S_NODE_NAME": "node-4", "API_TOKEN": "t0ps3cret"}
        options = [option for setting in self.settings for option in ("--set", setting)]
        level = ["--set", "service::telemetry::metrics={level: none}"]
        command = [harness.RANKWIRE, "run", "--config", self.path, *options, *level]
        self.agent = harness.Agent(None, directory=self.directory, command=command, environment=environment).start()

    def is_running(self):
        assert not self.agent.died(), f"{self.name} ended:\n{self.agent.log_text()}"
        return "everything is running" in self.agent.log_text()

    def is_reading(self):
        """Whether lines of its files are still to come."""
        return self.reads_files and list(self.problems()) != []

    def send(self):
        """To its receiver, what its pipelines take."""
        if not self.receiving:
            return
        pipelines = self.config["service"]["pipelines"].items()
        signals = {name.split("/")[0] for name, members in pipelines if self.receiving in members["receivers"]}
        connection = http.client.HTTPConnection(self.host, 4318, timeout=20)
        for kind, body in deployments.requests():
            if kind in signals:
                headers = {"Content-Type": "application/json", "X-Tenant": "blue"}
                connection.request("POST", f"/v1/{kind}", body, headers)
                answer = connection.getresponse()
                assert answer.status == 200, f"{self.name}: {answer.status} {answer.read()}"
                answer.read()
        connection.close()

    def received(self):
        """{exporter: [(signal, OTLP/JSON text)]}"""
        found = {name.replace(".", "/"): kept for name, kept in self.back.of(self.name).items()}
        for component, settings in self.config["exporters"].items():
            path = self.under((settings or {}).get("path", ""))
            if component.split("/")[0] == "file" and os.path.exists(path):
                with open(path) as file:
                    found[component] = [("logs", line) for line in file]
        return found

    def problems(self):
        """What is not as expected, in words."""
        received = self.received()
        everything = [entry for kept in received.values() for entry in kept]
        texts = "\n".join(text for _, text in everything)
        for kind in deployments.REQUESTS:
            found = sum(deployments.count(kind, text) for of, text in everything if of == kind)
            if found != self.expected.get(kind, found):
                yield f"{found} {kind} instead of {self.expected[kind]}"
        for exporter, wanted in self.expected.get("at", {}).items():
            found = sum(deployments.count(kind, text) for kind, text in received.get(exporter, []))
            if found != wanted:
                yield f"{found} records at {exporter} instead of {wanted}"
        yield from (f"without {text!r}" for text in self.expected.get("contains", []) if text not in texts)
        yield from (f"with {text!r}" for text in self.expected.get("lacks", []) if text in texts)


def run(some):
    """{name: [problem]}"""
    try:
        for one in some:
            one.start()
        for one in some:
            harness.wait_until(one.is_running, 60, f"{one.name} does not run")
        for one in some:  # Now: `start_at: end` is about what was there before.
            deployments.write_files(one.under("var/log"))
            one.send()
        begin = time.monotonic()
        while time.monotonic() - begin < SETTLE or any(one.is_reading() for one in some):
            if time.monotonic() - begin > PATIENCE or any(one.agent.died() for one in some):
                break
            threading.Event().wait(0.1)
        for one in some:  # All at once; `stop` would send it again, to one that may have just ended.
            os.kill(one.agent.process.pid, signal.SIGTERM)
        for one in some:
            harness.wait_until(one.agent.died, 40, f"{one.name} did not stop")
            one.agent.stop()
        return {one.name: list(one.problems()) for one in some}
    finally:
        for one in some:
            if hasattr(one, "agent"):
                one.agent.clean()


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    back, root, found = deployments.Back(), tmp_path_factory.mktemp("deployments"), {}
    for first in range(0, len(NAMES), AT_ONCE):
        found.update(run([Deployment(name, str(root / name), back) for name in NAMES[first : first + AT_ONCE]]))
    back.close()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_it_validates_and_does_what_it_should(name, problems):
    path = os.path.join(FOLDER, f"{name}.yaml")
    environment = {**os.environ, "K8S_NODE_NAME": "node-4", "API_TOKEN": str(uuid.uuid4())}
    command = [harness.RANKWIRE, "validate", "--config", path]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert problems[name] == []


def test_there_are_forty():
    assert len(NAMES) >= 40
