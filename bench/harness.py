"""Starting agents, sinks and writers, and measuring them: shared by the benchmarks and the end-to-end tests."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("RANKWIRE_BUILD", os.path.join(ROOT, "build", "release"))
RANKWIRE = os.path.join(BUILD, "rankwire")


def program(name):
    return os.path.join(BUILD, "bench", name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, timeout, what, interval=0.02):
    """Waits for something another process does; fails with `what` when it does not."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(interval)
    raise AssertionError(f"after {timeout} s: {what}")


class Sink:
    """The discarding HTTP destination. `scan=True` also looks into the bodies; a slow one takes so many lines/s."""

    def __init__(self, scan=True, refusing=False, port=0, lines_per_second=0, vanishing=False):
        command = [program("http_sink"), "--port", str(port)] + (["--scan"] if scan else [])
        if lines_per_second:
            command += ["--lines-per-second", str(lines_per_second)]
        if vanishing:
            command.append("--vanishing")
        if refusing:
            command.append("--refusing")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def toggle_refusing(self):
        self.process.send_signal(signal.SIGUSR1)

    def report(self):
        """What it has seen so far."""
        self.process.send_signal(signal.SIGUSR2)
        return json.loads(self.process.stdout.readline())

    def totals(self):
        """Ends the sink and returns what it saw."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=30)
        return json.loads(out.strip().splitlines()[-1])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Usage:
    def __init__(self, user, system, peak_rss_mb):
        self.user, self.system, self.peak_rss_mb = user, system, peak_rss_mb

    @property
    def cpu(self):
        return self.user + self.system


class Agent:
    """A rankwire process (or another agent: pass `command`) with a configuration of its own."""

    def __init__(self, config, directory=None, command=None, environment=None):
        self.directory = directory or tempfile.mkdtemp(prefix="rankwire-bench-")
        self.config_path = os.path.join(self.directory, "config.yaml")
        self.log_path = os.path.join(self.directory, "agent.log")
        if config is not None:
            with open(self.config_path, "w") as file:
                file.write(config)
        self.command = command or [RANKWIRE, "run", "--config", self.config_path]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.usage = None
        self.peak_mb = 0.0

    def start(self):
        self.usage, self.peak_mb = None, 0.0
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, env=self.environment)
        return self

    def wait_ready(self, port, timeout=10):
        def is_open():
            if self.process.poll() is not None:
                raise AssertionError(f"the agent ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(is_open, timeout, f"the agent did not listen on {port}:\n{self.log_text()[-2000:]}")
        return self

    def wait_logged(self, text, timeout=10):
        wait_until(
            lambda: text in self.log_text(), timeout, f"the agent did not log {text!r}:\n{self.log_text()[-2000:]}"
        )
        return self

    def peak_rss_mb(self):
        """The kernel's own high-water mark. Not ru_maxrss: that counts this Python from before the exec."""
        with open(f"/proc/{self.process.pid}/status") as file:
            lines = [line for line in file if line.startswith("VmHWM")]
        return int(lines[0].split()[1]) * 1024 / 1e6 if lines else 0.0

    def _reap(self):
        _, status, raw = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.usage = Usage(raw.ru_utime, raw.ru_stime, self.peak_mb)
        self.log.close()
        return self.usage

    def stop(self, timeout=40):
        if self.died():
            return self._reap()
        self.peak_mb = self.peak_rss_mb()
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.died():
                return self._reap()
            time.sleep(0.005)
        self.process.kill()
        self._reap()
        raise AssertionError(f"the agent did not stop within {timeout} s:\n{self.log_text()[-2000:]}")

    def died(self):
        """Whether it ended by itself."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self):
        if self.died():
            return self._reap()
        self.peak_mb = self.peak_rss_mb()
        self.process.send_signal(signal.SIGKILL)
        return self._reap()

    def log_text(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) * 1024 / 1e6

    def cpu_seconds(self):
        """Of all threads that live, by the scheduler's nanoseconds: an idle agent uses less than a clock tick."""
        tasks = f"/proc/{self.process.pid}/task"
        return sum(int(open(f"{tasks}/{task}/schedstat").read().split()[0]) for task in os.listdir(tasks)) / 1e9

    def clean(self):
        if self.process and self.process.poll() is None and self.usage is None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def metrics(port):
    """name{labels} -> value, from an agent's own Prometheus endpoint."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    values = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return values


def total(values, name, **labels):
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        v for k, v in values.items() if (k == name or k.startswith(name + "{")) and all(w in k for w in wanted)
    )


def run_measured(command, **options):
    """Runs a command to its end: (usage, stdout)."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    out = process.stdout.read()
    _, status, raw = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {process.returncode}")
    return Usage(raw.ru_utime, raw.ru_stime, raw.ru_maxrss * 1024 / 1e6), out
