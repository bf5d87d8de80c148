"""Runs many cases through one agent, the original or ours, and says what came out of each."""

import http.client
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cases
import plain

sys.path.insert(0, os.path.join(cases.HERE, "..", "..", "bench"))

import harness  # noqa: E402

SIGNAL_OF = {"/v1/logs": "logs", "/v1/metrics": "metrics", "/v1/traces": "traces"}
DAY = 86_400 * 10**9


class Sink:
    """Keeps the requests that exporters send, by the case's tag and the exporter's name in the path."""

    def __init__(self):
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                _, tag, exporter, path = self.path.split("/", 3)
                outer.requests.append((tag, exporter, SIGNAL_OF["/" + path], body))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def output(self, tag):
        """{exporter/signal: groups} of one case."""
        result = {}
        for of, exporter, signal, body in list(self.requests):
            if of == tag:
                result.setdefault(f"{exporter}/{signal}", []).extend(plain.decode(signal, body))
        return result


class Addresses:
    """One port on a loopback address of its own for each case: nothing else on the machine binds or connects there."""

    def __init__(self):
        self.network = random.SystemRandom().randrange(2, 250)
        self.port = harness.free_port()
        self.hosts = {}

    def __call__(self, case):
        number = self.hosts.setdefault(case.tag, len(self.hosts))
        return f"127.{self.network}.{number // 250}.{number % 250 + 1}:{self.port}"


class Run:
    """`results`: of each case's id {"refused": text} or {"accepted": [bool, …], "output": {…}}."""

    def __init__(self, binary):
        self.binary = binary
        self.directory = tempfile.mkdtemp(prefix="rankwire-differential-")
        self.results, self.log_text, self.started = {}, "", time.time_ns()

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def written(self, some, addresses, sink_url):
        path = os.path.join(self.directory, "config.yaml")
        with open(path, "w") as file:
            file.write(cases.configuration(some, addresses, sink_url))
        return path

    def refusal(self, some):
        """What `validate` says against these cases in one configuration; None: nothing."""
        path = self.written(some, Addresses(), "http://127.0.0.1:9")
        result = subprocess.run(
            [self.binary, "validate", "--config", path], capture_output=True, text=True, timeout=120
        )
        return None if result.returncode == 0 else (result.stdout + result.stderr).strip()

    def valid(self, some):
        """Those that are accepted; the others have their refusal in `results`. Halves until the bad ones are found."""
        text = self.refusal(some) if some else None
        if text is None:
            return some
        if len(some) == 1:
            self.results[some[0].id] = {"refused": text[-2000:]}
            return []
        middle = len(some) // 2
        return self.valid(some[:middle]) + self.valid(some[middle:])

    def run(self, some, is_complete=None):
        """`is_complete(case, groups)`: whether output that comes by itself is all there. None: waits `settle`."""
        good = self.valid(some)
        for case in good:
            self.results[case.id] = {"accepted": [], "output": {}}
        good = [case for case in good if case.input]
        if good:
            self.send(good, is_complete)
        return self.results

    def send(self, some, is_complete):
        sink, addresses = Sink(), Addresses()
        path = self.written(some, addresses, sink.url)
        command = [self.binary] + (["run"] if "rankwire" in os.path.basename(self.binary) else [])
        agent = harness.Agent(None, directory=self.directory, command=[*command, "--config", path]).start()
        try:
            for case in some:
                accepted = [post(agent, addresses(case), case.signal, groups) for groups in case.input]
                self.results[case.id]["accepted"] = accepted
            self.wait(some, sink, is_complete)
            agent.stop()
        finally:
            self.log_text = agent.log_text()
            agent.clean()
            sink.close()
        for case in some:
            self.results[case.id]["output"] = normal(sink.output(case.tag), case.unordered, self.started)

    def wait(self, some, sink, is_complete):
        waiting = [case for case in some if case.settle]
        if waiting and is_complete is None:
            end = time.monotonic() + max(case.settle for case in waiting)
            harness.wait_until(lambda: time.monotonic() > end, 60, "the time to settle did not pass")
            return
        deadline = time.monotonic() + 10
        for case in waiting:
            while time.monotonic() < deadline and not is_complete(case, sink.output(case.tag)):
                threading.Event().wait(0.02)


def post(agent, address, signal, groups):
    """Whether the agent took the request."""
    body = plain.encode(signal, groups)
    host, _, port = address.partition(":")

    def answer():
        if agent.died():
            raise AssertionError(f"the agent ended:\n{agent.log_text()[-3000:]}")
        try:
            connection = http.client.HTTPConnection(host, int(port), timeout=30)
            connection.request("POST", f"/v1/{signal}", body, {"Content-Type": "application/x-protobuf"})
            status = connection.getresponse().status
            connection.close()
            return status
        except ConnectionRefusedError:
            return None

    return harness.wait_until(answer, 60, f"{address} did not listen:\n{agent.log_text()[-2000:]}") == 200


def normal(output, is_unordered, started):
    """Output without what differs from run to run: times of the run itself, and the order of what has none."""

    def visit(value, name=""):
        if isinstance(value, dict):
            return {key: visit(entry, key) for key, entry in sorted(value.items())}
        if isinstance(value, list):
            items = [visit(item, name) for item in value]
            return sorted(items, key=repr) if is_unordered and any(isinstance(i, dict) for i in items) else items
        is_time = isinstance(value, int) and not isinstance(value, bool) and abs(value - started) < DAY
        return "<now>" if is_time else value

    return visit(output)
