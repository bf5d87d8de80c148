"""Runs many cases through one agent, the original or ours, and says what came out of each."""

import http.client
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cases
import compare
import plain

sys.path.insert(0, os.path.join(cases.HERE, "..", "..", "bench"))

import harness  # noqa: E402

SIGNAL_OF = {"/v1/logs": "logs", "/v1/metrics": "metrics", "/v1/traces": "traces"}
ANSWERS = {200: "accepted", 400: "rejected"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY = 86_400


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

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 1024  # Windows of many cases end at once.

        self.server = Server(("127.0.0.1", 0), Handler)
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
    """`results`: of each case's id {"refused": text} or {"answers": [text, …], "output": {…}}."""

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

    def run(self, some, wanted=None):
        """`wanted(case)`: how many records come by themselves. None: waits for all that come in `settle`."""
        good = self.valid(some)
        for case in good:
            self.results[case.id] = {"answers": [], "output": {}}
        for case in good:
            if not case.input and not self.starts(case):
                self.results[case.id] = {"refused": self.log_text[-2000:]}
        good = [case for case in good if case.input]
        if good:
            self.send(good, wanted)
        return self.results

    def started_agent(self, some, addresses, sink_url):
        path = self.written(some, addresses, sink_url)
        command = [self.binary] + (["run"] if "rankwire" in os.path.basename(self.binary) else [])
        os.makedirs(os.path.join(self.directory, "agent"), exist_ok=True)
        directory = os.path.join(self.directory, "agent")
        return harness.Agent(None, directory=directory, command=[*command, "--config", path]).start()

    def starts(self, case):
        """Whether what `validate` accepts also starts."""
        addresses = Addresses()
        host, _, port = addresses(case).partition(":")
        agent = self.started_agent([case], addresses, "http://127.0.0.1:9")

        def outcome():
            with socket.socket() as probe:
                return "open" if probe.connect_ex((host, int(port))) == 0 else "ended" if agent.died() else None

        try:
            return harness.wait_until(outcome, 60, "it neither listened nor ended") == "open"
        finally:
            self.log_text = agent.log_text()
            agent.clean()

    def send(self, some, wanted):
        sink, addresses = Sink(), Addresses()
        agent = self.started_agent(some, addresses, sink.url)
        try:
            for case in some:
                answers = [self.answer(agent, addresses(case), case, groups) for groups in case.input]
                self.results[case.id]["answers"] = [] if set(answers) == {"accepted"} else answers
            self.wait(some, sink, wanted)
            agent.stop()
        finally:
            self.log_text = agent.log_text()
            agent.clean()
            sink.close()
        for case in some:
            self.results[case.id]["output"] = normal(case, sink.output(case.tag), self.started)

    def answer(self, agent, address, case, groups):
        return post(agent, address, case.signal, groups)

    def wait(self, some, sink, wanted):
        """For output that comes by itself; where nothing should come, as long as the original had for it."""
        begin = time.monotonic()
        for case in some:
            count = wanted(case) if wanted else 0
            while time.monotonic() - begin < (10 if count else case.settle):
                if count and compare.count_entries(sink.output(case.tag)) >= count:
                    break
                threading.Event().wait(0.02)


def post(agent, address, signal, groups):
    """How the agent answered the request."""
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
            return ANSWERS.get(status, "refused")
        except ConnectionRefusedError:
            return None
        except http.client.RemoteDisconnected:
            return "closed"  # Its handler panicked.

    return harness.wait_until(answer, 60, f"{address} did not listen:\n{agent.log_text()[-2000:]}")


def normal(case, output, started):
    """Output without what differs from run to run: times and ids of the run itself, the order of what has none, and how
    often what comes by itself came again unchanged."""

    days = {time.strftime("%Y-%m-%d", time.localtime(started / 10**9 + offset)) for offset in (-DAY, 0, DAY)}

    def visit(value, name=""):
        if isinstance(value, dict):
            return {key: visit(entry, key) for key, entry in sorted(value.items())}
        if isinstance(value, list):
            items = [visit(item, name) for item in value]
            return sorted(items, key=repr) if case.unordered and any(isinstance(i, dict) for i in items) else items
        if isinstance(value, str):
            return "<uuid>" if UUID.fullmatch(value) else "<now>" if value[:10] in days else value
        is_time = isinstance(value, int) and not isinstance(value, bool) and abs(value - started) < DAY * 10**9
        return "<now>" if is_time else value

    def without_repeats(groups):
        return [group for number, group in enumerate(groups) if group not in groups[:number]]

    found = visit(output)
    return {name: without_repeats(groups) for name, groups in found.items()} if case.settle else found
