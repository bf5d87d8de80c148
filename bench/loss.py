"""Numbered lines through rotation, kills and dead destinations: how many are lost, how many arrive twice."""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import configs
from harness import Agent, Sink, free_port

WRITER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "writer.py")


class Scenario:
    """What is written and what goes wrong meanwhile. `quiet`: seconds without a new line after which the rest counts as
    lost (0: wait as long as `patience` lets). `sink_rate`: lines a second that the destination takes (0: any).
    `vanishing`: when down it is gone, instead of answering 503."""

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
        quiet=0.0,
        patience=60.0,
        sink_rate=0,
        vanishing=False,
    ):
        self.name, self.rotate, self.how, self.kills, self.down = name, rotate, how, kills, down
        self.starve, self.seconds, self.files, self.rate = starve, seconds, files, rate
        self.quiet, self.patience = quiet or (5.0 if may_lose else 0.0), patience
        self.sink_rate, self.vanishing = sink_rate, vanishing

    def events(self, draw):
        """(second, "kill" or "toggle"): the kills, and the destination going away and coming back."""
        moments = sorted(draw.uniform(1, self.seconds - 1) for _ in range(self.kills))
        outages = []
        if self.down:
            outages = [self.seconds / 4, self.seconds / 4 + self.down]
            moments = [self.seconds / 4 + self.down / 2]
        return sorted([(m, "kill") for m in moments] + [(m, "toggle") for m in outages])

    def start_writer(self, logs):
        options = {"files": self.files, "rate": self.rate, "seconds": self.seconds, "rotate": self.rotate}
        command = [sys.executable, WRITER, logs, "--how", self.how]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def burn():
    return subprocess.Popen([sys.executable, "-c", "while True: pass"])


def rankwire(logs, state, sink):
    port = free_port()
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    return Agent(config).start().wait_ready(port)


class Lives:
    """An agent and those that replace it when it is killed, or ends by itself as no agent should: a supervisor would
    start it again too."""

    def __init__(self, agent):
        self.agent, self.usages, self.kills, self.crashes = agent, [], 0, 0

    def again(self):
        self.usages.append(self.agent.kill())
        time.sleep(0.3)
        self.agent.start()

    def kill(self):
        self.kills += 1
        self.again()

    def look(self):
        if self.agent.died():
            self.crashes += 1
            self.again()

    def wait(self, moment):
        """Until a moment of the monotonic clock."""
        while (left := moment - time.monotonic()) > 0:
            self.look()
            time.sleep(min(left, 0.2))

    def end(self):
        """It may not stop in time; what it used until then counts all the same."""
        self.crashes += self.agent.died()
        try:
            self.usages.append(self.agent.stop())
        except AssertionError:
            self.usages.append(self.agent.usage)

    def figures(self):
        return {
            "kills": self.kills,
            "crashes": self.crashes,
            "user": sum(usage.user for usage in self.usages),
            "system": sum(usage.system for usage in self.usages),
            "cpu": sum(usage.cpu for usage in self.usages),
            "peak": max(usage.peak_rss_mb for usage in self.usages),
        }


def wait_for_lines(sink, written, lives, quiet, patience):
    """Until all lines are at the sink, or none has come for `quiet` seconds: the seconds it took."""
    begin = since = time.monotonic()
    last = -1
    while time.monotonic() < begin + patience:
        seen = sink.report()["numbered"]
        if seen >= written:
            break
        if seen != last:
            last, since = seen, time.monotonic()
        if quiet and time.monotonic() - since > quiet:
            break
        lives.wait(time.monotonic() + 0.2)
    return time.monotonic() - begin


def strike(scenario, seed, lives, sink):
    begin = time.monotonic()
    for moment, event in scenario.events(random.Random(seed)):
        lives.wait(begin + moment)
        if event == "toggle":
            sink.toggle_refusing()
        else:
            lives.kill()


def run(scenario, seed, start_agent=rankwire):
    """Figures of one run; the agent's are those of all its lives together."""
    logs, state = tempfile.mkdtemp(prefix="rankwire-loss-"), tempfile.mkdtemp(prefix="rankwire-loss-")
    sink = Sink(lines_per_second=scenario.sink_rate, vanishing=scenario.vanishing)
    burners = [burn() for _ in range(scenario.starve)]
    agent, writer = None, None
    try:
        agent = start_agent(logs, state, sink)
        lives = Lives(agent)
        writer = scenario.start_writer(logs)
        strike(scenario, seed, lives, sink)
        while writer.poll() is None:
            lives.wait(time.monotonic() + 0.1)
        written = int(writer.communicate()[0])
        for burner in burners:
            burner.kill()
        wait_for_lines(sink, written, lives, scenario.quiet, scenario.patience)
        lives.end()
        leaks = leaked(state, agent)
        totals = sink.totals()
        return {
            **lives.figures(),
            "written": written,
            "lost": written - totals["numbered"],
            "twice": totals["repeated"],
            "unmasked": totals["unmasked"],
            "on_disk": leaks,
            "sent_bytes": totals["body_bytes"],
            "p50_ms": totals["latency_p50_ms"],
            "p99_ms": totals["latency_p99_ms"],
            "complaints": complaints(agent),
        }
    finally:
        for process in [*burners, *([writer] if writer else [])]:
            process.kill()
        if agent:
            agent.clean()
        sink.kill()
        shutil.rmtree(logs, ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def complaints(agent, lines_max=20):
    """What the agent's own log says first, its start apart: why something was read or sent again."""
    with open(agent.log_path, errors="replace") as file:
        usual = re.compile(r"\t(starting|stopping|everything is running)\t")
        lines = [line.rstrip() for line in file if not usual.search(line)]
    return "\n".join(lines[:lines_max])


def leaked(state, agent):
    """Files of the agent (queue, checkpoint, its own log) in which a customer id can be read."""
    paths = [os.path.join(d, f) for d, _, names in os.walk(state) for f in names] + [agent.log_path]
    paths = [path for path in paths if os.path.isfile(path)]  # Not its sockets.
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
        if result["twice"] and not result["kills"]:
            print(f"\n{scenario.name}: {result['twice']} lines twice\n{result['complaints']}", flush=True)
        rows.append(
            [
                scenario.name,
                result["written"],
                result["lost"],
                result["twice"],
                result["unmasked"] + result["on_disk"],
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
