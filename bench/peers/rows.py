"""The rows of the comparison: each is the same work, the same input and the same sink for every peer."""

import os
import shutil
import subprocess
import tempfile
import time

import loss
import many_files
from harness import Sink, program, wait_until
from inputs import bytes_below, cri_logs, files_below
from peers.peer import Place, installed

ORDINARY_LIMIT_MIB = 2000
OUTAGE_SECONDS = 30
# A retry comes after 5 s at most in these configurations; agents that were killed or starved need some time too.
QUIET_SECONDS = 15
QUIET_AFTER_OUTAGE_SECONDS = 45


class Row:
    """`measure(peer, options, seed)` gives the figures of one run as a dict; `parameters`: the options it heeds."""

    def __init__(self, key, title, measure, parameters=("seconds", "rate"), workload="logs"):
        self.key, self.title, self.measure = key, title, measure
        self.parameters, self.workload = parameters, workload

    @property
    def letter(self):
        return self.key[0]


def live(limit_mib=ORDINARY_LIMIT_MIB, seconds_min=0, quiet=QUIET_SECONDS, **faults):
    """Lines written at a rate while something goes wrong."""

    def measure(peer, options, seed):
        seconds = max(options.seconds, seconds_min)
        scenario = loss.Scenario(
            "", seconds=seconds, files=4, rate=options.rate, quiet=quiet, patience=10 * seconds, **faults
        )
        return loss.run(
            scenario, seed, lambda logs, state, sink: peer.start("logs", Place(logs, state, sink, limit_mib))
        )

    return measure


class Bench:
    """A sink and an agent with a state directory of its own, cleaned up whatever happens."""

    def __init__(self, peer, workload, logs="/nonexistent", refusing=False):
        self.state = tempfile.mkdtemp(prefix="rankwire-peer-")
        self.sink = Sink(refusing=refusing, vanishing=True)
        self.place = Place(logs, self.state, self.sink, ORDINARY_LIMIT_MIB)
        self.peer, self.workload, self.lives = peer, workload, None

    def __enter__(self):
        try:
            self.lives = loss.Lives(self.peer.start(self.workload, self.place))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.lives:
            self.lives.agent.clean()
        self.sink.kill()
        shutil.rmtree(self.state, ignore_errors=True)

    def wait_for_lines(self, lines, quiet=QUIET_SECONDS, patience=600):
        return loss.wait_for_lines(self.sink, lines, self.lives, quiet, patience)

    def end(self):
        """Ends both: what came, and what the agent used."""
        self.lives.end()
        totals = self.sink.totals()
        return totals, {**self.lives.figures(), "sent_bytes": totals["body_bytes"]}


def read_files(peer, options, seed):
    """Files that are there at the start, read as fast as it can."""
    del seed
    logs, lines = cri_logs(options.size, numbered=True)
    with Bench(peer, "logs", logs) as bench:
        seconds = bench.wait_for_lines(lines)
        totals, figures = bench.end()
    return {**figures, **arrived(lines, totals), "seconds": seconds, "input_bytes": input_size(logs)}


def arrived(lines, totals):
    return {
        "written": lines,
        "lost": lines - totals["numbered"],
        "twice": totals["repeated"],
        "unmasked": totals["unmasked"],
    }


def input_size(logs):
    return sum(os.path.getsize(path) for path in files_below(logs))


def drain_backlog(peer, options, seed):
    """The destination is away while there is much to read, then comes back."""
    del seed
    logs, lines = cri_logs(options.backlog, numbered=True)
    with Bench(peer, "logs", logs, refusing=True) as bench:
        bench.lives.wait(time.monotonic() + min(OUTAGE_SECONDS, options.seconds))
        held = bytes_below(bench.state)
        bench.sink.toggle_refusing()
        seconds = bench.wait_for_lines(lines, QUIET_AFTER_OUTAGE_SECONDS, 1800)
        totals, figures = bench.end()
    return {**figures, **arrived(lines, totals), "seconds": seconds, "held": held, "input_bytes": input_size(logs)}


def idle_files(peer, options, seed):
    """A thousand files to which nothing is written any more."""
    del seed
    files = 1000
    logs = tempfile.mkdtemp(prefix="rankwire-peer-")
    try:
        for i in range(files):
            with open(os.path.join(many_files.pod(logs, i), "0.log"), "w") as file:
                file.write(many_files.line(i))
        with Bench(peer, "logs", logs) as bench:
            seconds = bench.wait_for_lines(files, patience=60)
            time.sleep(min(5, options.seconds))
            percent = many_files.idle_percent(bench.lives.agent, min(30, options.seconds))
            resident = bench.lives.agent.rss_mb()
            totals, figures = bench.end()
        return {**figures, **arrived(files, totals), "idle_percent": percent, "resident": resident, "seconds": seconds}
    finally:
        shutil.rmtree(logs, ignore_errors=True)


def own_load(protocol, per_request):
    def command(place, records):
        port = str(place.grpc_port if protocol == "grpc" else place.http_port)
        return [program("otlp_load"), port, "4", str(per_request), str(records), protocol]

    return command


def telemetrygen(place, records):
    """Four workers; the same number in each body, so that the sink can count records."""
    return [
        *[installed("telemetrygen"), "logs", "--otlp-insecure", "--workers", "4", "--logs", str(records // 4)],
        *["--otlp-endpoint", f"127.0.0.1:{place.grpc_port}", "--rate", "0", "--batch-size", "1000"],
        *["--body", "#n=0000000001# order accepted amount=12.50 currency=EUR latency_ms=17 path=/api/v2/orders"],
    ]


def pass_through(workload, load, records):
    """OTLP in, OTLP/HTTP out. The sink counts records by the mark that each generator puts into every body."""

    def measure(peer, options, seed):
        del seed
        wanted = max(4000, int(records * options.otlp_share) // 4000 * 4000)
        with Bench(peer, workload) as bench:

            def received():
                seen = bench.sink.report()
                return seen["numbered"] + seen["repeated"] + seen["unmasked"]

            begin = time.monotonic()
            subprocess.run(load(bench.place, wanted), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_until(lambda: received() >= wanted, QUIET_SECONDS, "not all arrived", 0.2)
            except AssertionError:
                pass  # What is missing is in the figures.
            seconds = time.monotonic() - begin
            totals, figures = bench.end()
        count = totals["numbered"] + totals["repeated"] + totals["unmasked"]
        return {
            **figures,
            "written": wanted,
            "lost": max(0, wanted - count),
            "twice": max(0, count - wanted),
            "seconds": seconds,
        }

    return measure


def otlp_rows():
    for queue in ("memory", "disk"):
        for name, title, load, records in [
            ("http", "OTLP/HTTP, 1,000 a request", own_load("http", 1000), 2_000_000),
            ("grpc", "OTLP/gRPC, 1,000 a request", own_load("grpc", 1000), 2_000_000),
            ("small", "OTLP/HTTP, 10 a request", own_load("http", 10), 200_000),
            ("telemetrygen", "telemetrygen, gRPC, 1,000 a request", telemetrygen, 1_000_000),
        ]:
            measure = pass_through(f"otlp-{queue}", load, records)
            full_title = f"{title}, queue {'in memory' if queue == 'memory' else 'on disk'}"
            yield Row(f"j-{queue}-{name}", full_title, measure, ["otlp_share"], f"otlp-{queue}")


ROWS = [
    Row("a-files", "files read from the beginning", read_files, ["size"]),
    Row("a-live", "no fault", live()),
    Row("b-half", "rename every 0.5 s", live(rotate=0.5)),
    Row("b-two", "rename every 2 s", live(rotate=2)),
    Row("c", "copytruncate every 2 s", live(rotate=2, how="copytruncate")),
    Row("d", "10 × kill -9", live(kills=10)),
    Row("d-rename", "10 × kill -9, rename every 2 s", live(kills=10, rotate=2)),
    Row(
        "e",
        f"sink down for {OUTAGE_SECONDS} s, one kill",
        live(down=OUTAGE_SECONDS, vanishing=True, seconds_min=45, quiet=QUIET_AFTER_OUTAGE_SECONDS),
    ),
    Row("f", "slow sink, memory limit 200 MiB", live(limit_mib=200, sink_rate=10_000)),
    Row("g", "1,000 idle files", idle_files, ["seconds"]),
    Row("h", "backlog drained", drain_backlog, ["backlog", "seconds"]),
    Row("i", "8 CPU hogs, rename every 2 s", live(starve=8, rotate=2)),
    *otlp_rows(),
]
