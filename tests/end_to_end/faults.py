"""Load that is numbered, a destination that misbehaves, and the count of what came of it."""

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import harness

WRITER = os.path.join(harness.ROOT, "bench", "writer.py")
IDENTITY = ("delivered", "queued", "in_flight", "dropped")


def start_writer(logs, **options):
    """bench/writer.py with its options: rate, seconds, files, rotate, how, first, chunk_ms."""
    arguments = [text for name, value in options.items() for text in ("--" + name.replace("_", "-"), str(value))]
    return subprocess.Popen([sys.executable, WRITER, str(logs), *arguments], stdout=subprocess.PIPE, text=True)


def written_by(writer):
    return int(writer.communicate(timeout=60)[0])


def ended(writer):
    """Ends it before its time; what it wrote."""
    writer.terminate()
    return written_by(writer)


def retries_soon(config):
    """Faults are over sooner than the defaults would notice."""
    return config.replace("compression: none\n", "compression: none\n    timeout: 500ms\n")


def through_a_disk_queue(config):
    return config.replace("    retry_on_failure:", "    sending_queue: {storage: file_storage}\n    retry_on_failure:")


def wait_for_lines(sink, count, agent, seconds=40):
    def is_there():
        return sink.report()["numbered"] >= count

    try:
        harness.wait_until(is_there, seconds, "not every line arrived", 0.05)
    except AssertionError:
        raise AssertionError(f"{sink.report()['numbered']} of {count} lines:\n{agent.log_text()[-4000:]}") from None


def wait_for_more_lines(sink, count, agent, seconds=20):
    """Beyond what has arrived so far: load passes through, however slow the machine is."""
    wait_for_lines(sink, sink.report()["numbered"] + count, agent, seconds)


def check_conservation(port, dropped=0):
    """What was accepted is delivered, waits or is counted as dropped, once nothing is being handed over."""

    def counts():
        values = harness.metrics(port)
        return {name: harness.total(values, f"rankwire_{name}_records_total") for name in ("accepted", *IDENTITY)} | {
            name: harness.total(values, f"rankwire_{name}_records") for name in ("queued", "in_flight")
        }

    def balances():
        return (seen := counts())["accepted"] == sum(seen[name] for name in IDENTITY)

    try:
        harness.wait_until(balances, 10, "the figures do not add up")
    except AssertionError:
        raise AssertionError(f"accepted is not the sum of the others: {counts()}") from None
    seen = counts()
    assert dropped is None or seen["dropped"] == dropped, seen
    return seen


def totals_of_all(sink, count, agent, port, seconds=40):
    """Waits for every line and for figures that add up, ends the agent, and says what the sink saw."""
    wait_for_lines(sink, count, agent, seconds)
    check_conservation(port)
    agent.stop()
    assert agent.process.returncode == 0, agent.log_text()
    return sink.totals()


class BadSink:
    """Stands before the sink and treats each request by what `choose` names for it; notes what it let through.

    `pass`: the sink answers. `stall`: no answer. `reset`: the connection is reset before an answer, `torn`: within it.
    `garbage`: an answer that is not HTTP. `endless`: headers that do not end. `lost`: the sink took it and the answer
    is lost, the only one after which the lines come again. `busy`: 503 with Retry-After.
    """

    def __init__(self, sink, choose=lambda: "pass", context=None):
        self.sink, self.choose, self.context = sink, choose, context
        self.counts, self.explained, self.notice, self.noticed = {}, 0, None, set()
        self.lock, self.connections = threading.Lock(), set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.settimeout(10)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.connections.add(connection)
            stream = connection.makefile("rb")
            while (request := self.read(stream)) is not None:
                with self.lock:
                    kind = self.choose()
                    self.counts[kind] = self.counts.get(kind, 0) + 1
                    self.noticed.update(self.notice.findall(request[1]) if self.notice else ())
                if not self.answer(connection, kind, *request):
                    break
        except (OSError, ValueError):
            pass
        finally:
            self.connections.discard(connection)
            connection.close()

    @staticmethod
    def read(stream):
        head, length = b"", 0
        while (line := stream.readline(65536)) not in (b"\r\n", b""):
            head += line
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = stream.read(length)
        return (head, body) if head and len(body) == length else None

    def deliver(self, head, body):
        headers = dict(line.split(b": ", 1) for line in head.splitlines()[1:])
        url = self.sink.url + head.split()[1].decode()
        request = urllib.request.Request(url, body, {k.decode(): v.decode() for k, v in headers.items()})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status == 200

    def answer(self, connection, kind, head, body):
        if kind in ("pass", "lost"):
            self.deliver(head, body)
        if kind == "lost":
            with self.lock:
                self.explained += body.count(b"#n=")
        if kind == "pass":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")
            return True
        if kind == "busy":
            connection.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
            return True
        if kind == "stall":
            connection.recv(1)  # The agent gives up and closes.
        elif kind == "garbage":
            connection.sendall(random.Random(len(body)).randbytes(2000) + b"\r\n\r\n")
        elif kind == "endless":
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(10_000):
                connection.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        else:
            if kind == "torn":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def drop_connections(self):
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.drop_connections()


def logs_json(numbers):
    records = [{"body": {"stringValue": f"#n={n:010d}# and some words that fill the line"}} for n in numbers]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


class Sender:
    """Sends numbered records by OTLP over HTTP, one request after the other, each until it is taken."""

    def __init__(self, url, per_request=100, context=None, pause=0.0):
        self.url, self.per_request, self.context, self.pause = url, per_request, context, pause
        self.taken, self.refused, self.unsure = 0, 0, 0
        self.stopped = threading.Event()  # Its waits are the sender's pace, and end with it.
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopped.is_set():
            body = logs_json(range(self.taken, self.taken + self.per_request))
            request = urllib.request.Request(self.url + "/v1/logs", body, {"Content-Type": "application/json"})
            try:
                urllib.request.urlopen(request, timeout=10, context=self.context).close()
                self.taken += self.per_request
            except urllib.error.HTTPError as error:
                assert error.code in (429, 503), error.code
                self.refused += 1
                self.stopped.wait(0.02)
            except OSError:  # Not connected, or nobody knows whether it was taken.
                self.unsure += 1
                self.stopped.wait(0.02)
            self.stopped.wait(self.pause)

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self.taken


def limited(*limits):
    """A command that runs the agent under `limits` of prlimit; for Agent(command=...)."""
    return ["prlimit", *limits, "--", harness.RANKWIRE, "run", "--config"]
