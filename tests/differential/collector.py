"""The original: two small Collectors, built by the Collector's own builder from the Go module proxy.

The proxy serves no release whole: `main` has all processors at 0.149, `connectors` what only other releases have: count
and spanmetrics at 0.155, failover, roundrobin and servicegraph at 0.145. It has no release of the sum connector.
"""

import os
import subprocess

import cases

ROOT = os.path.normpath(os.path.join(cases.HERE, "..", ".."))
INSTALLED = os.environ.get("RANKWIRE_PEERS", os.path.join(ROOT, "build", "peers"))
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.149.0"
NAMES = {"main": "otelcol-contrib", "connectors": "otelcol-connectors"}
RELEASES = {"main": "v0.149.0", "connectors": "v0.155.0"}
OF_CONNECTORS = {"count", "spanmetrics", "servicegraph", "failover", "roundrobin"}


def path(name):
    return os.path.join(INSTALLED, NAMES[name])


def is_installed():
    return all(os.path.exists(path(name)) for name in NAMES)


def name_for(case):
    types = {type for kind, type in case.components() if kind == "connectors"}
    return "connectors" if types & OF_CONNECTORS else "main"


def binary_for(case):
    return path(name_for(case))


def install():
    """Ten minutes of one core at the lowest priority; what is there already is left alone."""
    os.makedirs(INSTALLED, exist_ok=True)
    for name, release in RELEASES.items():
        if not os.path.exists(path(name)):
            build(name, release)


def build(name, release):
    # Not `go mod tidy`: it wants the modules of the components' tests, which the proxy does not have.
    manifest = os.path.join(cases.HERE, f"{name}.build.yaml")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-p=1 -buildvcs=false -mod=mod"}
    sources = os.path.join(INSTALLED, f"collector-{name}")

    def run(directory, *command):
        subprocess.run(["nice", *command], check=True, cwd=directory, env=environment)

    options = ["--skip-strict-versioning", "--skip-compilation", "--skip-get-modules"]
    run(INSTALLED, "go", "run", BUILDER, "--config", manifest, *options)
    for module in ("otelcol", "service"):  # The builder names its own release of these.
        run(sources, "go", "mod", "edit", f"-require=go.opentelemetry.io/collector/{module}@{release}")
    run(sources, "go", "build", "-trimpath", "-ldflags=-s", "-o", path(name), ".")
