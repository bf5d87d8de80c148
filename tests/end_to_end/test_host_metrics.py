"""host_metrics on this machine: what it gives is what the kernel and the C library say here."""

import json
import os
import time

import harness

CONFIG = """
receivers:
  host_metrics:
    collection_interval: 500ms
    initial_delay: 0s
    scrapers:
      cpu: {{metrics: {{system.cpu.logical.count: {{enabled: true}}}}}}
      disk:
      filesystem: {{include_virtual_filesystems: true, include_mount_points: {{mount_points: [/], match_type: strict}}}}
      load:
      memory: {{metrics: {{system.memory.limit: {{enabled: true}}}}}}
      network: {{include: {{interfaces: [lo], match_type: strict}}}}
      paging:
      processes:
      process:
        mute_process_all_errors: true
        metrics: {{process.open_file_descriptors: {{enabled: true}}}}
      system:
exporters:
  file: {{path: {out}/metrics.json}}
service:
  pipelines:
    metrics: {{receivers: [host_metrics], exporters: [file]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


def points(path):
    """[(resource attributes, metric's name, point's attributes, value)] of all batches."""
    found = []
    for line in open(path):
        for resource in json.loads(line)["resourceMetrics"]:
            of = attributes(resource.get("resource", {}))
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    for point in (metric.get("sum") or metric["gauge"])["dataPoints"]:
                        value = float(point["asInt"] if "asInt" in point else point["asDouble"])
                        found.append((of, metric["name"], attributes(point), value))
    return found


def attributes(of):
    return {a["key"]: next(iter(a["value"].values())) for a in of.get("attributes", [])}


def test_the_figures_are_those_of_this_machine(start_agent, tmp_path):
    port = harness.free_port()
    agent = start_agent(CONFIG.format(out=tmp_path, metrics=port), port)
    path = tmp_path / "metrics.json"
    harness.wait_until(lambda: path.exists() and path.read_text().count("\n") >= 2, 10, "nothing was read")
    agent.stop()
    found = points(path)

    def values(name, **wanted):
        return [v for _, n, a, v in found if n == name and wanted.items() <= a.items()]

    assert values("system.cpu.logical.count")[0] == os.cpu_count()
    busy = sum(v for c in range(os.cpu_count()) for v in values("system.cpu.time", cpu=f"cpu{c}", state="idle")[:1])
    assert 0 < busy <= os.cpu_count() * time.clock_gettime(time.CLOCK_BOOTTIME)
    assert values("system.uptime")[0] <= time.clock_gettime(time.CLOCK_BOOTTIME)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert abs(values("system.memory.limit")[0] - memory) < memory / 100
    root = os.statvfs("/")
    size = sum(values("system.filesystem.usage", mountpoint="/")[:3])
    assert size == root.f_blocks * root.f_frsize
    assert values("system.network.io", device="lo", direction="receive")[0] > 0
    assert values("system.network.connections", state="LISTEN")[0] >= 1
    assert values("system.processes.created")[0] > 0
    assert values("system.paging.faults", type="minor")[0] > 0

    mine = [(of, n, v) for of, n, a, v in found if of.get("process.pid") == str(os.getpid())]
    of = mine[0][0]
    assert of["process.parent_pid"] == str(os.getppid())
    assert of["process.executable.path"] == os.path.realpath("/proc/self/exe")
    assert "pytest" in of["process.command_line"]
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert abs(next(v for _, n, v in mine if n == "process.memory.usage") - resident) < resident / 2
    assert next(v for _, n, v in mine if n == "process.open_file_descriptors") >= 3
