"""The OpenTelemetry Collector, built by its own builder from the Go module proxy, in two configurations."""

import os
import subprocess

from peers.peer import CONFIGURATIONS, INSTALLED, Peer, first_line, go_install, installed

VERSION = "v0.149.0"
BINARY = "otelcol"


class Collector(Peer):
    def is_installed(self):
        return os.path.exists(installed(BINARY))

    def install(self):
        if self.is_installed():
            return
        go_install("go.opentelemetry.io/collector/cmd/builder", VERSION)
        manifest = os.path.join(CONFIGURATIONS, "collector.build.yaml")
        environment = {**os.environ, "CGO_ENABLED": "0"}
        subprocess.run(
            [installed("builder"), "--config", manifest, "--skip-compilation"],
            check=True,
            cwd=INSTALLED,
            env=environment,
        )
        build = ["nice", "go", "build", "-p", "1", "-trimpath", "-ldflags=-s", "-o", installed(BINARY), "."]
        subprocess.run(build, check=True, cwd=installed("collector"), env=environment)

    def version(self):
        return first_line([installed(BINARY), "--version"])

    def command(self, configuration, place):
        return [installed(BINARY), "--config", configuration]


class Durable(Collector):
    name = "collector-durable"
    title = "Collector, durable"
    configurations = {"logs": "collector-durable.yaml", "otlp-disk": "collector-durable.otlp-disk.yaml"}


class Common(Collector):
    name = "collector-common"
    title = "Collector, common"
    configurations = {"logs": "collector-common.yaml", "otlp-memory": "collector-common.otlp-memory.yaml"}
