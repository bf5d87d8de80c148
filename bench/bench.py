#!/usr/bin/env python3
"""What it costs, measured beside a floor on the same input in the same run.

    bench.py [log] [nop] [otlp] [transform] [memory] [latency] [live] [backlog] [loss] [files] [scrape]
             [--rounds N] [--size BYTES]

Without names: log, nop, otlp, memory, latency and live. CPU is user + system of the agent's own process; every
figure is the median of the rounds.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import configs
from harness import Agent, Sink, free_port, metrics, program, run_measured, total, wait_until
from inputs import DATA, bytes_below, cri_logs, files_below


def median(values):
    return statistics.median(values)


def table(title, header, rows):
    print(f"\n{title}\n")
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * w for w in widths], *rows]:
        print("  " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)))
    sys.stdout.flush()


def ship_logs(logs, lines, compression):
    """One run of the agent over the logs: (usage, bytes sent)."""
    sink, port = Sink(scan=False), free_port()
    agent = Agent(configs.log_path(logs, sink.url, compression=compression, metrics_port=port))
    try:
        agent.start().wait_ready(port)
        wait_until(
            lambda: total(metrics(port), "otelcol_exporter_sent_log_records") >= lines, 300, "not all was sent", 0.2
        )
        usage = agent.stop()
        return usage, sink.totals()["body_bytes"]
    finally:
        agent.clean()
        sink.kill()


def bench_log(options):
    logs, lines = cri_logs(options.size)
    gigabytes = sum(os.path.getsize(f) for f in files_below(logs)) / 1e9
    rows = []
    for compression in ["none", "zstd", "gzip"]:
        floors, agents, sent = [], [], 0
        for _ in range(options.rounds):
            sink = Sink(scan=False)
            floors.append(run_measured([program("cri_floor"), str(sink.port), compression, *files_below(logs)])[0])
            sink.totals()
            usage, sent = ship_logs(logs, lines, compression)
            agents.append(usage)
        floor, agent = median([u.cpu for u in floors]) / gigabytes, median([u.cpu for u in agents]) / gigabytes
        rows.append(
            [
                compression,
                f"{floor:.2f}",
                f"{median([u.user for u in floors]) / gigabytes:.2f}",
                f"{agent:.2f}",
                f"{median([u.user for u in agents]) / gigabytes:.2f}",
                f"{agent / floor:.2f}",
                f"{max(u.peak_rss_mb for u in agents):.1f}",
                f"{sent / 1e6:.0f}",
            ]
        )
    table(
        f"Log path: {gigabytes:.2f} GB of CRI logs, {lines} lines, 8 files -> mask -> 3 attributes -> OTLP/HTTP "
        f"(CPU-seconds per GB)",
        ["compression", "floor", "(user)", "rankwire", "(user)", "ratio", "peak MB", "sent MB"],
        rows,
    )


def nop_inputs(size):
    """Plain 512-byte lines, Java stack traces, and access-log lines for a regular expression of 11 groups."""
    os.makedirs(DATA, exist_ok=True)
    plain = "x" * 440 + " step 41220 loss 2.0313 grad 0.412 ok " + "y" * 32
    java = (
        "2026-11-22 10:00:00,123 ERROR c.e.Worker - request failed\njava.lang.IllegalStateException: broken pipe\n"
        + "".join(f"\tat com.example.training.Loader.step{i}(Loader.java:{100 + i})\n" for i in range(20))
    )
    access = (
        '10.0.0.17 - frank [22/Nov/2026:13:55:36 +0000] "GET /api/v2/orders?id=1234567 HTTP/1.1" 200 2326 '
        '"https://shop.example/cart" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0" 0.017 a1b2c3d4'
    )
    inputs = {}
    for name, unit in [("plain", plain[:511] + "\n"), ("java", java), ("regex", access + "\n")]:
        path = os.path.join(DATA, f"{name}-{size}.log")
        if not os.path.exists(path):
            with open(path, "w") as file:
                block = unit * max(1, (1 << 20) // len(unit))
                for _ in range(max(1, size // len(block))):
                    file.write(block)
        records = os.path.getsize(path) // len(unit)
        inputs[name] = (path, records)
    return inputs


ACCESS = (
    r'^(?P<ip>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<url>\S+) (?P<proto>[^"]+)" '
    r'(?P<status>\d+) (?P<size>\d+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
)
LOOSE_ACCESS = (
    r'(?P<ip>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>.*?)\] "(?P<method>GET|POST|PUT|DELETE) (?P<url>.*) '
    r'(?P<proto>HTTP/[0-9.]+)" (?P<status>\d{3}) (?P<size>\d+) "(?P<referer>.*?)" "(?P<agent>.*?)"'
)
HARD_ACCESS = (
    r'^(?P<ip>\d+\.\d+\.\d+\.\d+|[0-9a-f:]+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) '
    r'(?P<url>\S+)(?: (?P<proto>[^"]+))?" (?P<status>\d+) (?P<size>\d+|-) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
)
NOP_CASES = [
    ("plain", "plain 512-byte lines", "[]", 1000),
    (
        "java",
        "Java stack traces joined",
        "[{type: recombine, combine_field: body, is_first_entry: 'body matches \"^[0-9]{4}-\"', max_batch_size: 1000, "
        "source_identifier: 'attributes[\"log.file.name\"]'}]",
        400,
    ),
    ("regex", "regular expression of 11 groups", f"[{{type: regex_parser, regex: '{ACCESS}'}}]", 120),
    ("regex", "the same, with choices and lazy parts", f"[{{type: regex_parser, regex: '{LOOSE_ACCESS}'}}]", 120),
    ("regex", "the same, with optional parts", f"[{{type: regex_parser, regex: '{HARD_ACCESS}'}}]", 120),
    ("regex", "the same, left to RE2 (case ignored)", f"[{{type: regex_parser, regex: '(?i){ACCESS}'}}]", "-"),
]


def bench_nop(options):
    rows = []
    for name, title, operators, wanted in NOP_CASES:
        path, records = nop_inputs(options.size // 2)[name]
        megabytes, speeds = os.path.getsize(path) / 1e6, []
        for _ in range(options.rounds):
            port = free_port()
            agent = Agent(configs.file_to_nop(path, operators).replace("METRICS_PORT", str(port)))
            agent.start().wait_ready(port)
            # The last stack trace waits for its end, as it must.
            wait_until(
                lambda: total(metrics(port), "otelcol_receiver_accepted_log_records") >= records - 1,
                120,
                f"{name}: not all was read",
                0.05,
            )
            speeds.append(megabytes / agent.stop().cpu)
            agent.clean()
        rows.append([title, f"{median(speeds):.0f}", wanted])
    table("One thread to nop, MB per CPU-second", ["input", "rankwire", "wanted"], rows)


OTLP_CASES = [
    ("HTTP, 1,000 a request", "http", 1000, "", "[]", 1_500_000),
    ("gRPC, 1,000 a request", "grpc", 1000, "", "[]", 1_500_000),
    ("HTTP, one attribute renamed", "http", 1000, configs.RENAME, "[attributes]", 800_000),
    ("HTTP, body masked", "http", 1000, configs.MASK, "[redaction]", 500_000),
    ("HTTP, 10 a request", "http", 10, "", "[]", 200_000),
    ("gRPC, 10 a request", "grpc", 10, "", "[]", 200_000),
]


def bench_otlp(options):
    rows = []
    for title, protocol, per_request, processors, names, wanted in OTLP_CASES:
        records = 6_000_000 if per_request == 1000 else 1_000_000
        rates, peak, refusals = [], 0, 0
        for _ in range(options.rounds):
            sink, http, grpc = Sink(scan=False), free_port(), free_port()
            agent = Agent(configs.otlp_through(grpc, http, sink.url, processors, names))
            agent.start().wait_ready(http)
            port = str(grpc if protocol == "grpc" else http)
            _, out = run_measured([program("otlp_load"), port, "4", str(per_request), str(records), protocol])
            usage = agent.stop()
            rates.append(records / usage.cpu)
            peak = max(peak, usage.peak_rss_mb)
            refusals += int(out.split('"refusals": ')[1].split("}")[0])
            sink.totals()
            agent.clean()
        rows.append([title, f"{median(rates):,.0f}", f"{wanted:,}", f"{peak:.1f}", refusals])
    table(
        "OTLP in, OTLP/HTTP out, log records of 300 bytes: records per CPU-second of the agent",
        ["case", "rankwire", "wanted", "peak MB", "refusals"],
        rows,
    )


def idle_agent(config, port, seconds=15):
    agent = Agent(config)
    agent.start().wait_ready(port)
    time.sleep(2)
    before, begin = agent.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    cpu = (agent.cpu_seconds() - before) / (time.monotonic() - begin) * 100
    peak = agent.stop().peak_rss_mb
    agent.clean()
    return peak, cpu


def make_certificate(directory):
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            f"{directory}/key.pem",
            "-out",
            f"{directory}/cert.pem",
        ],
        check=True,
        capture_output=True,
    )
    return f"cert_file: {directory}/cert.pem, key_file: {directory}/key.pem"


def idle_configurations(logs, state):
    """The log configuration with 100 files, and the same with TLS in and out: [(configuration, port to wait for)]."""
    for i in range(100):
        os.makedirs(f"{logs}/training_worker-{i}_u{i}/main")
        with open(f"{logs}/training_worker-{i}_u{i}/main/0.log", "w") as file:
            file.write("2026-11-22T00:00:00.000000000Z stdout F idle\n")
    port, grpc = free_port(), free_port()
    plain = configs.log_path(logs, "http://127.0.0.1:9", storage=state, metrics_port=port, start="end")
    server = (
        f"  otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{grpc}', tls: {{{make_certificate(state)}}}}}}}}}\n"
    )
    secure = configs.log_path(logs, "https://127.0.0.1:9", storage=state + "/tls", metrics_port=port, start="end")
    secure = secure.replace("receivers:\n", "receivers:\n" + server, 1).replace("[file_log]", "[file_log, otlp]")
    return [(plain, port), (secure, grpc)]


def bench_memory(options):
    logs, state = tempfile.mkdtemp(prefix="rankwire-bench-"), tempfile.mkdtemp(prefix="rankwire-bench-")
    (plain, cpu), (secure, _) = [idle_agent(config, port) for config, port in idle_configurations(logs, state)]
    shutil.rmtree(state)
    shutil.rmtree(logs)
    table(
        "Idle with the log configuration, 100 files open",
        ["", "rankwire", "wanted"],
        [
            ["peak resident MB", f"{plain:.1f}", "10"],
            ["with TLS in and out, MB", f"{secure:.1f}", "12"],
            ["CPU, % of a core", f"{cpu:.3f}", "0.02"],
        ],
    )


def bench_backlog(options):
    """A queue on disk fills while the destination is down, then drains."""
    logs, lines = cri_logs(options.size)
    state = tempfile.mkdtemp(prefix="rankwire-backlog-", dir=DATA)
    sink, port = Sink(scan=False, refusing=True), free_port()
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port).replace(
        "    compression: none",
        "    compression: none\n    sending_queue: {storage: file_storage, queue_size: 1000000}",
    )
    agent = Agent(config)
    patience = max(300, options.size / 10e6)
    rows, begin = [], time.monotonic()
    try:
        agent.start().wait_ready(port)
        wait_until(
            lambda: total(metrics(port), "otelcol_receiver_accepted_log_records") >= lines,
            patience,
            "not all was read",
            0.2,
        )
        held = bytes_below(state)
        rows.append(["filled", f"{held / 1e9:.2f}", f"{time.monotonic() - begin:.1f}", f"{agent.rss_mb():.1f}"])
        sink.toggle_refusing()
        begin = time.monotonic()
        wait_until(
            lambda: total(metrics(port), "otelcol_exporter_sent_log_records") >= lines,
            patience,
            "not all was sent",
            0.2,
        )
        held = bytes_below(state)
        rows.append(["drained", f"{held / 1e9:.2f}", f"{time.monotonic() - begin:.1f}", f"{agent.rss_mb():.1f}"])
        rows.append(["peak", "", "", f"{agent.stop().peak_rss_mb:.1f}"])
    finally:
        agent.clean()
        sink.kill()
        shutil.rmtree(state, ignore_errors=True)
    table("Queue on disk while the destination is down", ["", "GB on disk", "seconds", "resident MB"], rows)


def live_run(rate, files, seconds, rotate=0.0, how="rename", storage=False, chunk_ms=5.0):
    """Lines written at a rate while the agent runs: (usage, sink totals, lines written)."""
    logs = tempfile.mkdtemp(prefix="rankwire-bench-")
    state = tempfile.mkdtemp(prefix="rankwire-bench-") if storage else None
    sink, port = Sink(), free_port()
    agent = Agent(configs.log_path(logs, sink.url, storage=state, metrics_port=port))
    try:
        agent.start().wait_ready(port)
        writer = [
            sys.executable,
            os.path.join(os.path.dirname(os.path.abspath(__file__)), "writer.py"),
            logs,
            "--files",
            str(files),
            "--rate",
            str(rate),
            "--seconds",
            str(seconds),
            "--rotate",
            str(rotate),
            "--how",
            how,
            "--chunk-ms",
            str(chunk_ms),
        ]
        written = int(subprocess.run(writer, capture_output=True, text=True, check=True).stdout)
        wait_until(
            lambda: total(metrics(port), "otelcol_exporter_sent_log_records") >= written, 20, "lines are missing", 0.2
        )
        usage = agent.stop()
        return usage, sink.totals(), written
    finally:
        agent.clean()
        sink.kill()
        shutil.rmtree(logs, ignore_errors=True)
        if state:
            shutil.rmtree(state, ignore_errors=True)


def bench_latency(options):
    rows = []
    for title, rate, files, seconds, p50, p99 in [
        ("100 lines/s", 100, 1, 10, 2, 10),
        ("20 MB/s", 85_000, 4, 10, None, 250),
    ]:
        _, seen, _ = live_run(rate, files, seconds, chunk_ms=1)
        rows.append([title, f"{seen['latency_p50_ms']:.2f}", p50 or "", f"{seen['latency_p99_ms']:.2f}", p99])
    table("Line written -> at the sink, milliseconds", ["load", "p50", "wanted", "p99", "wanted"], rows)


def bench_live(options):
    usage, seen, written = live_run(20_000, 4, 60, rotate=2)
    table(
        "20,000 lines/s over 4 rotating files for a minute",
        ["", "rankwire", "wanted"],
        [
            ["CPU-seconds", f"{usage.cpu:.2f}", "1.5"],
            ["peak MB", f"{usage.peak_rss_mb:.1f}", "20"],
            ["lost", written - seen["numbered"], 0],
            ["twice", seen["repeated"], 0],
            ["unmasked", seen["unmasked"], 0],
        ],
    )


def bench_loss(options):
    import loss

    loss.main(options.quick, table)


def bench_files(options):
    import many_files

    many_files.main(table)


def bench_transform(options):
    import transform

    transform.main(options.rounds, table)


def bench_scrape(options):
    import scrape

    scrape.main(table)


BENCHES = {
    "log": bench_log,
    "nop": bench_nop,
    "otlp": bench_otlp,
    "memory": bench_memory,
    "latency": bench_latency,
    "live": bench_live,
    "backlog": bench_backlog,
    "loss": bench_loss,
    "files": bench_files,
    "transform": bench_transform,
    "scrape": bench_scrape,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=1 << 30, help="bytes of CRI logs")
    parser.add_argument("--quick", action="store_true", help="shorter loss scenarios")
    options = parser.parse_args()
    for name in options.names or [name for name in BENCHES if name not in ("loss", "backlog", "files")]:
        BENCHES[name](options)


if __name__ == "__main__":
    main()
