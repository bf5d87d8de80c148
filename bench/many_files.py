"""Ten thousand small files, and thousands of compressed generations: does everything arrive, and what does it cost?"""

import gzip
import os
import random
import shutil
import tempfile
import time

import configs
from harness import RANKWIRE, Agent, Sink, free_port, metrics, total, wait_until

FILLER = "iteration 41220 | lm loss: 2.0313 | grad norm: 0.412 | tokens/s 4377"


def line(number):
    return f"2026-11-22T10:00:00.000000000Z stdout F #n={number:010d}# customer_id={number} {FILLER}\n"


def pod(logs, index):
    directory = os.path.join(logs, f"training_worker-{index}_6f1c0b4e-0000-4000-8000-{index:012d}", "main")
    os.makedirs(directory, exist_ok=True)
    return directory


def wait_sent(port, records, timeout=120):
    wait_until(
        lambda: total(metrics(port), "otelcol_exporter_sent_log_records") >= records, timeout, "lines are missing", 0.1
    )


def config_for(logs, sink, state, port, open_files=None):
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    if open_files:
        config = config.replace("    start_at:", f"    max_concurrent_files: {open_files}\n    start_at:")
    return config


def idle_percent(agent, seconds):
    """CPU of an agent with nothing to do. A thread that ends takes its count with it: then it is measured again."""
    for _ in range(5):
        threads = os.listdir(f"/proc/{agent.process.pid}/task")
        before, begin = agent.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        used, passed = agent.cpu_seconds() - before, time.monotonic() - begin
        if os.listdir(f"/proc/{agent.process.pid}/task") == threads:
            break
    return used / max(passed, 1e-9) * 100


def small_files(files=10_000, appended=1_000, open_files=None, descriptors=None, idle_seconds=10):
    """Files that are there at the start, then one more line to some of them, then nothing at all."""
    logs, state = tempfile.mkdtemp(prefix="rankwire-files-"), tempfile.mkdtemp(prefix="rankwire-files-")
    sink, port, draw = Sink(), free_port(), random.Random(1)
    paths = []
    for i in range(files):
        paths.append(os.path.join(pod(logs, i), "0.log"))
        with open(paths[-1], "w") as file:
            file.write(line(2 * i) + line(2 * i + 1))
    command, open_seen = None, 0
    try:
        agent = Agent(config_for(logs, sink, state, port, open_files))
        if descriptors:
            command = ["prlimit", f"--nofile={descriptors}:{descriptors}", RANKWIRE, "run", "--config"]
            agent.command = [*command, agent.config_path]
        agent.start().wait_ready(port)
        wait_sent(port, 2 * files)
        started = agent.cpu_seconds()
        open_seen = total(metrics(port), "otelcol_fileconsumer_open_files")
        number = 2 * files
        for path in draw.sample(paths, appended):
            with open(path, "a") as file:
                file.write(line(number))
            number += 1
        wait_sent(port, number)
        open_seen = max(open_seen, total(metrics(port), "otelcol_fileconsumer_open_files"))
        idle = idle_percent(agent, idle_seconds)
        usage, totals = agent.stop(), sink.totals()
        return {
            "written": number,
            "lost": number - totals["numbered"],
            "twice": totals["repeated"],
            "start_cpu": started,
            "idle_percent": idle,
            "open": int(open_seen),
            "peak": usage.peak_rss_mb,
            "cpu": usage.cpu,
        }
    finally:
        agent.clean()
        sink.kill()
        shutil.rmtree(logs, ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def compressed_generations(pods=10, kept=200, lines=1_000):
    """Generations that were rotated and compressed while the agent was down, read after its start; then it is killed
    twice, and must know all of them."""
    logs, state = tempfile.mkdtemp(prefix="rankwire-files-"), tempfile.mkdtemp(prefix="rankwire-files-")
    sink, port, number, peaks = Sink(), free_port(), 0, []
    for i in range(pods):
        with open(os.path.join(pod(logs, i), "0.log"), "w") as file:
            file.write(line(number))
        number += 1
    agent = Agent(config_for(logs, sink, state, port))
    try:
        agent.start().wait_ready(port)
        wait_sent(port, number)
        agent.stop()
        for i in range(pods):
            for generation in range(kept):
                path = os.path.join(pod(logs, i), f"0.log.20261122-{100_000 + generation}.gz")
                with gzip.open(path, "wt", 1) as file:
                    file.write("".join(line(n) for n in range(number, number + lines)))
                number += lines
        for _ in range(2):
            agent.start().wait_ready(port)
            wait_until(lambda: sink.report()["numbered"] >= number, 120, "lines are missing", 0.1)
            peaks.append(agent.kill().peak_rss_mb)
        agent.start().wait_ready(port)
        with open(os.path.join(pod(logs, 0), "0.log"), "a") as file:
            file.write(line(number))
        number += 1
        wait_until(lambda: sink.report()["numbered"] >= number, 60, "the last line is missing", 0.1)
        usage = agent.stop()
        peaks.append(usage.peak_rss_mb)
        totals = sink.totals()
        return {
            "written": number,
            "lost": number - totals["numbered"],
            "twice": totals["repeated"],
            "peak": max(peaks),
            "cpu": usage.cpu,
        }
    finally:
        agent.clean()
        sink.kill()
        shutil.rmtree(logs, ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def main(table):
    rows = []
    for title, arguments in [
        ("10,000 files, 1,024 open", {}),
        ("10,000 files, 100 open", {"open_files": 100}),
        ("10,000 files, 128 descriptors", {"descriptors": 128}),
    ]:
        seen = small_files(**arguments)
        figures = [f"{seen['start_cpu']:.2f}", f"{seen['idle_percent']:.3f}", f"{seen['peak']:.1f}"]
        rows.append([title, seen["written"], seen["lost"], seen["twice"], seen["open"], *figures])
    seen = compressed_generations()
    rows.append(
        [
            "2,000 compressed generations, 2 kills",
            seen["written"],
            seen["lost"],
            seen["twice"],
            "",
            "",
            "",
            f"{seen['peak']:.1f}",
        ]
    )
    table(
        "Many files",
        ["case", "written", "lost", "twice", "open", "CPU-s at start", "idle CPU %", "peak MB"],
        rows,
    )
