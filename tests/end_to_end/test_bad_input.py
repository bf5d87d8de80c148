"""What a hostile or broken sender does: refused with a clear answer, counted, and within the memory limit."""

import gzip
import os
import socket
import threading
import time
import zlib

import configs
import faults
import grpc
import harness
import pytest
from test_limits import field, post

LIMIT_MIB = 64
JSON = {"Content-Type": "application/json"}


class Target:
    """An agent with a small memory limit, watched from outside."""

    def __init__(self, start_agent, sink):
        self.sink, self.http, self.grpc, self.port = sink, *(harness.free_port() for _ in range(3))
        config = configs.otlp_through(self.grpc, self.http, sink.url, metrics_port=self.port, limit_mib=LIMIT_MIB)
        config = config.replace(f"127.0.0.1:{self.http}}}", f"127.0.0.1:{self.http}, read_timeout: 2s}}")
        self.agent = start_agent(config, self.http)

    def counted(self):
        return harness.total(harness.metrics(self.port), "rankwire_otlp_error_answers_total")

    def check(self, lines=1000):
        """The limit held, the figures add up, and honest senders are served as before."""
        assert self.agent.peak_rss_mb() <= LIMIT_MIB * 1.048576
        for first in range(0, lines, 100):
            body = faults.logs_json(range(first, first + 100))
            harness.wait_until(lambda: post(self.http, body, JSON)[0] == 200, 10, "an honest sender is refused")
        faults.wait_for_lines(self.sink, lines, self.agent)
        faults.check_conservation(self.port)
        self.agent.stop()
        assert self.agent.process.returncode == 0
        assert self.sink.totals()["numbered"] == lines


@pytest.fixture
def target(start_agent, sink):
    return Target(start_agent, sink)


def gzip_bomb(size):
    return gzip.compress(b"\0" * size, 9)


def zstd_bomb(size):
    """A frame of blocks that each say: this byte, 128 KiB times."""
    block, last = (128 * 1024) << 3 | 2, (128 * 1024) << 3 | 3
    count = size // (128 * 1024)
    header = b"\x28\xb5\x2f\xfd\x00\x38"
    return header + (block.to_bytes(3, "little") + b"\0") * (count - 1) + last.to_bytes(3, "little") + b"\0"


BOMBS = {
    "gzip": lambda: gzip_bomb(256 << 20),
    "zstd": lambda: zstd_bomb(4 << 30),
    "deflate": lambda: zlib.compress(b"\0" * (256 << 20), 9),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_decompression_bomb_is_refused(encoding, target):
    bomb, before = BOMBS[encoding](), target.counted()
    statuses = [post(target.http, bomb, {"Content-Encoding": encoding})[0] for _ in range(10)]
    assert set(statuses) <= {400, 413, 429} and (400 in statuses or 413 in statuses), statuses
    assert target.counted() == before + 10
    target.check()


def test_a_bomb_over_grpc_is_refused(target):
    with grpc.insecure_channel(f"127.0.0.1:{target.grpc}", compression=grpc.Compression.Gzip) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        with pytest.raises(grpc.RpcError) as refused:
            export(b"\0" * (100 << 20), timeout=20)
    assert refused.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)
    assert target.counted() == 1
    target.check()


def read_all(connection):
    connection.settimeout(10)
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionError:
        pass
    return answer


def test_slow_senders_are_sent_away_and_others_are_served_meanwhile(target):
    head = b"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    beginnings = [b"P", head, head + b"Content-Length: 1000\r\n\r\n{"]
    slow = [socket.create_connection(("127.0.0.1", target.http)) for _ in range(300)]
    for number, connection in enumerate(slow):
        connection.sendall(beginnings[number % 3])
    begin, done = time.monotonic(), threading.Event()

    def drip():
        while not done.wait(0.2):
            for connection in slow:
                try:
                    connection.sendall(b"x")
                except OSError:
                    pass

    dripping = threading.Thread(target=drip)
    dripping.start()
    body = faults.logs_json(range(100))
    assert all(post(target.http, body, JSON)[0] == 200 for _ in range(10))
    assert time.monotonic() - begin < 2
    answers = [read_all(connection) for connection in slow]
    done.set()
    dripping.join()
    assert time.monotonic() - begin < 8
    sent_away = sum(b" 408 " in answer.split(b"\r\n")[0] for answer in answers)
    assert sent_away >= 100 and target.counted() >= sent_away
    target.check()


def raw(port, request):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        try:
            connection.sendall(request)
        except ConnectionError:
            pass
        return read_all(connection).split(b"\r\n")[0]


HEADS = {
    "one long header": b"POST /v1/logs HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (8 << 20) + b"\r\n\r\n",
    "many headers": b"POST /v1/logs HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 500_000 + b"\r\n",
    "a long path": b"POST /" + b"x" * (8 << 20) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("head", HEADS)
def test_huge_headers_are_refused(head, target):
    answers = [raw(target.http, HEADS[head]) for _ in range(5)]
    # The server may reset the connection while the rest is on its way, and the answer is gone with it.
    assert all(b" 431 " in answer or answer == b"" for answer in answers), answers
    assert target.counted() == 5
    target.check()


def nested_protobuf(depth):
    value = field(1, b"x")
    for _ in range(depth):
        value = field(5, field(1, value))  # A list that holds a value.
    return field(1, field(2, field(2, field(5, value))))


def nested_json(depth):
    value = b'{"arrayValue":{"values":[' * depth + b"]}}" * depth
    return b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + value + b"}]}]}]}"


NESTED = {
    "protobuf": lambda: (nested_protobuf(5000), {}),
    "protobuf groups": lambda: (b"\x0b" * 1_000_000, {}),
    "json": lambda: (nested_json(10_000), JSON),
    "json brackets": lambda: (b"[" * 100_000, JSON),
    "json unknown key": lambda: (b'{"x":' * 20_000 + b"1" + b"}" * 20_000, JSON),
}


@pytest.mark.parametrize("kind", NESTED)
def test_deep_nesting_is_refused(kind, target):
    body, headers = NESTED[kind]()
    statuses = [post(target.http, body, headers)[0] for _ in range(5)]
    assert set(statuses) == {400}
    assert target.counted() == 5
    target.check()


def test_a_million_attributes_are_taken_or_refused(target):
    text = b"".join(field(6, field(1, b"k%d" % n) + field(2, field(1, b"v"))) for n in range(1_000_000))
    body = field(1, field(2, field(2, text)))
    statuses = [post(target.http, body)[0] for _ in range(4)]
    assert set(statuses) <= {200, 413, 429}
    assert target.counted() == sum(status != 200 for status in statuses)
    target.check()


def test_a_line_that_does_not_end_is_cut_and_what_follows_is_read(start_agent, sink, tmp_path):
    size, port = 300 << 20, harness.free_port()
    with open(tmp_path / "endless.log", "wb") as file:
        for _ in range(size >> 20):
            file.write(b"x" * (1 << 20))
    with open(tmp_path / "zeros.log", "wb") as file:
        file.truncate(size)
    config = configs.file_to_nop(f"{tmp_path}/*.log").replace("METRICS_PORT", str(port))
    config = config.replace("nop: ", f"otlp_http: {{endpoint: {sink.url}, compression: none}}")
    config = config.replace("[nop]", "[otlp_http]")
    config += f"processors: {{memory_limiter: {{check_interval: 1s, limit_mib: {LIMIT_MIB}}}}}\n"
    agent = start_agent(config.replace("exporters: [", "processors: [memory_limiter], exporters: ["), port)
    with open(tmp_path / "endless.log", "ab") as file:
        file.write(b"\n" + b"".join(b"#n=%010d#\n" % n for n in range(1000)))
    faults.wait_for_lines(sink, 1000, agent)
    pieces = 2 * (size >> 20)

    def all_pieces():
        values = harness.metrics(port)
        return harness.total(values, "rankwire_delivered_records_total") >= pieces + 1000

    harness.wait_until(all_pieces, 30, "pieces of 1 MiB of both files")
    assert agent.peak_rss_mb() <= LIMIT_MIB * 1.048576
    faults.check_conservation(port)
    agent.stop()
    totals = sink.totals()
    assert totals["repeated"] == 0 and totals["body_bytes"] > 2 * size
    os.remove(tmp_path / "endless.log")
