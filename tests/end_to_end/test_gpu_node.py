"""examples/gpu-node.yaml beside a page as DCGM exporter gives it and a real Prometheus: what queries there return."""

import os

import harness
import scraping

EXAMPLE = os.path.join(harness.ROOT, "examples", "gpu-node.yaml")
KEPT = ["GPU_UTIL", "FB_USED", "FB_FREE", "GPU_TEMP", "POWER_USAGE", "SM_CLOCK", "XID_ERRORS"]
KEPT = [f"DCGM_FI_DEV_{name}" for name in KEPT] + [f"DCGM_FI_PROF_{n}_ACTIVE" for n in ("PIPE_TENSOR", "DRAM", "SM")]
GPUS = 8


def dcgm_page():
    """40 names of 8 GPUs; the value says which name and which GPU it is."""
    lines = []
    for number, name in enumerate(KEPT + [f"DCGM_FI_DEV_OTHER_{n}" for n in range(30)]):
        lines += [f"# HELP {name} Of a GPU.", f"# TYPE {name} gauge"]
        for gpu in range(GPUS):
            labels = f'gpu="{gpu}",UUID="GPU-{gpu}",device="nvidia{gpu}",modelName="H100",Hostname="node-4"'
            lines.append(f"{name}{{{labels},pod=\"trainer-{gpu}\",namespace=\"bank\"}} {number * 100 + gpu}")
    return "\n".join(lines) + "\n"


def configuration(pages, prometheus, sink, directory, metrics):
    """The example, at the ports of this test and once a second."""
    with open(EXAMPLE) as file:
        text = file.read()
    changes = {"localhost:9400": pages.address, "localhost:9090": f"127.0.0.1:{prometheus.port}",
               "localhost:4318": f"127.0.0.1:{sink}", "localhost:4317": f"127.0.0.1:{harness.free_port()}",
               "${env:RANKWIRE_DATA:-/var/lib/rankwire}": str(directory), "30s": "1s"}  # fmt: skip
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    reader = f"{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}"
    return f"{text}  telemetry: {{metrics: {{readers: [{reader}]}}}}\n"


def test_ten_names_of_dcgm_exporter_and_the_host_arrive_in_prometheus(start_agent, tmp_path):
    pages = scraping.Pages()
    pages.put("/metrics", dcgm_page())
    prometheus = scraping.Prometheus(
        str(tmp_path / "prometheus"), "global: {}\n", ["--web.enable-remote-write-receiver"]
    )
    try:
        metrics = harness.free_port()
        config = configuration(pages, prometheus, harness.free_port(), tmp_path / "data", metrics)
        agent = start_agent(config, metrics)
        wanted = {(name, str(gpu)): number * 100 + gpu for number, name in enumerate(KEPT) for gpu in range(GPUS)}

        def series():
            found = prometheus.series('{__name__=~"DCGM_.+"}') or {}
            return found if len(found) >= len(wanted) else None

        found = harness.wait_until(series, 20, f"80 series\n{agent.log_text()[-2000:]}")
        by_name = {(dict(key)["__name__"], dict(key)["gpu"]): value for key, value in found.items()}
        assert by_name == wanted
        assert {dict(key)["pod"] for key in found} == {f"trainer-{gpu}" for gpu in range(GPUS)}
        assert {dict(key)["job"] for key in found} == {"dcgm"}
        up = 'up{job="dcgm"}'
        assert list(prometheus.series(up).values()) == [1]
        used = harness.wait_until(lambda: prometheus.series('system_memory_usage_bytes{state="used"}'), 20, "the host")
        assert all(value > 1e6 for value in used.values())
        assert harness.total(harness.metrics(metrics), "rankwire_dropped_records_total") == 0
    finally:
        prometheus.close()
        pages.close()
