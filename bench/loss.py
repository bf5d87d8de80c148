"""Numbered lines through rotation, kills and dead destinations: how many are lost, how many arrive twice."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import configs
from harness import Agent, Sink, free_port

WRITER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "writer.py")


class Scenario:
    def __init__(
        self,
        name,
        *,
        rotate=0.0,
        how="rename",
        kills=0,
        down=0.0,
        starve=0,
        seconds=60,
        files=10,
        rate=20000,
        may_lose=False,
    ):
        self.name, self.rotate, self.how, self.kills, self.down = name, rotate, how, kills, down
        self.starve, self.seconds, self.files, self.rate, self.may_lose = starve, seconds, files, rate, may_lose


def burn():
    return subprocess.Popen([sys.executable, "-c", "while True: pass"])


def run(scenario, seed):
    """(written, lost, repeated, unmasked, kills, CPU-seconds of the last agent, peak MB)"""
    draw = random.Random(seed)
    logs, state = tempfile.mkdtemp(prefix="rankwire-loss-"), tempfile.mkdtemp(prefix="rankwire-loss-")
    sink, port = Sink(), free_port()
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    agent = Agent(config)
    burners = [burn() for _ in range(scenario.starve)]
    peak, cpu, kills = 0.0, 0.0, 0
    try:
        agent.start().wait_ready(port)
        writer = subprocess.Popen(
            [
                sys.executable,
                WRITER,
                logs,
                "--files",
                str(scenario.files),
                "--rate",
                str(scenario.rate),
                "--seconds",
                str(scenario.seconds),
                "--rotate",
                str(scenario.rotate),
                "--how",
                scenario.how,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        begin = time.monotonic()
        moments = sorted(draw.uniform(1, scenario.seconds - 1) for _ in range(scenario.kills))
        outages = []
        if scenario.down:
            outages = [scenario.seconds / 4, scenario.seconds / 4 + scenario.down]
            moments = [scenario.seconds / 4 + scenario.down / 2]
        events = sorted([(m, "kill") for m in moments] + [(m, "toggle") for m in outages])
        for moment, event in events:
            time.sleep(max(0, begin + moment - time.monotonic()))
            if event == "toggle":
                sink.toggle_refusing()
                continue
            usage = agent.kill()
            peak, cpu, kills = max(peak, usage.peak_rss_mb), cpu + usage.cpu, kills + 1
            time.sleep(0.3)
            agent.start()
        written = int(writer.communicate()[0])
        deadline, seen = time.monotonic() + 60, 0
        while time.monotonic() < deadline:
            seen_now = sink.report()["numbered"]
            if seen_now >= written:
                break
            if scenario.may_lose and seen_now == seen and time.monotonic() > deadline - 55:
                break
            seen = seen_now
            time.sleep(0.5)
        usage = agent.stop()
        leaks = leaked(state, agent)
        totals = sink.totals()
        return {
            "written": written,
            "lost": written - totals["numbered"],
            "twice": totals["repeated"],
            "unmasked": totals["unmasked"] + leaks,
            "kills": kills,
            "cpu": cpu + usage.cpu,
            "peak": max(peak, usage.peak_rss_mb),
        }
    finally:
        for burner in burners:
            burner.kill()
        agent.clean()
        sink.kill()
        shutil.rmtree(logs, ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def leaked(state, agent):
    """Files of the agent (queue, checkpoint, its own log) in which a customer id can be read."""
    paths = [os.path.join(d, f) for d, _, names in os.walk(state) for f in names] + [agent.log_path]
    pattern = b"customer_id="
    count = 0
    for path in paths:
        data = open(path, "rb").read()
        at = data.find(pattern)
        while at >= 0:
            count += data[at + len(pattern) : at + len(pattern) + 1].isdigit()
            at = data.find(pattern, at + 1)
    return count


def scenarios(quick):
    seconds = 12 if quick else 60
    kills = 8 if quick else 50
    return [
        Scenario("no fault", seconds=seconds),
        Scenario("rename every 0.5 s", rotate=0.5, seconds=seconds),
        Scenario("kubelet gzip every 0.5 s", rotate=0.5, how="gzip", seconds=seconds),
        Scenario("copytruncate every 2 s", rotate=2, how="copytruncate", seconds=seconds, may_lose=True),
        Scenario(f"{kills} kills", kills=kills, seconds=seconds),
        Scenario(f"{kills} kills, rename every 0.5 s", kills=kills, rotate=0.5, seconds=seconds),
        Scenario(f"{kills} kills, gzip every 0.5 s", kills=kills, rotate=0.5, how="gzip", seconds=seconds),
        Scenario("sink down half the time, one kill", down=seconds / 2, seconds=seconds),
        Scenario("starved of CPU, rename every 0.5 s", rotate=0.5, starve=8, seconds=seconds),
    ]


def main(quick, table, seed=1):
    rows = []
    for scenario in scenarios(quick):
        result = run(scenario, seed)
        rows.append(
            [
                scenario.name,
                result["written"],
                result["lost"],
                result["twice"],
                result["unmasked"],
                result["kills"],
                f"{result['cpu']:.2f}",
                f"{result['peak']:.1f}",
            ]
        )
        print(".", end="", flush=True)
    table(
        f"Loss: numbered lines, 20,000/s over 10 files (seed {seed})",
        ["scenario", "written", "lost", "twice", "unmasked", "kills", "CPU-s", "peak MB"],
        rows,
    )
