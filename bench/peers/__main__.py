#!/usr/bin/env python3
"""The same work on Rankwire and on its peers, and the Markdown tables of it (docs/benchmarks.md).

    ./dev bench peers [--peer NAME] [--scenario LETTER] [--runs N] [--seconds S] [--full] [--again]
    ./dev bench peers --table [--into docs/benchmarks.md]

Each run is kept under build/bench/peers when it ends; what is there with the same parameters is not done again.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from peers import PEERS, results
from peers.collector import VERSION
from peers.peer import go_install, installed
from peers.rows import ROWS
from peers.tables import markdown

BEGIN, END = "<!-- measured: ./dev bench peers --table -->", "<!-- end of what was measured -->"
TELEMETRYGEN = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen"


def chosen(everything, wanted, *names):
    """Those named, by any of the given attributes; all without names."""
    known = {getattr(one, name) for one in everything for name in names}
    for name in wanted or []:
        if name not in known:
            sys.exit(f'there is no "{name}" here, only {", ".join(sorted(known))}')
    return [one for one in everything if not wanted or any(getattr(one, name) in wanted for name in names)]


def describe(figures):
    if "error" in figures:
        return f"ERROR {figures['error'].splitlines()[0]}"
    parts = [f"lost {figures['lost']:,}", f"twice {figures['twice']:,}"]
    parts += [f"CPU {figures['user']:.2f} + {figures['system']:.2f} s", f"peak {figures['peak']:.1f} MB"]
    for name, unit in [("p50_ms", "ms p50"), ("p99_ms", "ms p99"), ("idle_percent", "% idle"), ("seconds", "s")]:
        if name in figures:
            parts.append(f"{figures[name]:.2f} {unit}")
    if figures.get("crashes"):
        parts.append(f"{figures['crashes']} crashes")
    return ", ".join(parts)


def measure(row, peer, options, run):
    parameters = {name: getattr(options, name) for name in row.parameters}
    before = results.load(row, peer, run)
    fresh = before and before["parameters"] == parameters and "error" not in before["figures"]
    if fresh and not options.again:
        return
    begin, busy = time.monotonic(), os.getloadavg()[0]
    try:
        figures = row.measure(peer, options, seed=run)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        figures = {"error": str(error)}
    results.save(row, peer, run, parameters, {**figures, "load_before": busy})
    took = time.monotonic() - begin
    print(f"{row.key:22} {peer.name:18} run {run}: {describe(figures)} [{took:.0f} s]", flush=True)


def prepare(peers, rows):
    for peer in peers:
        if not peer.is_installed():
            print(f"getting {peer.title} from the package registries; this may take minutes", flush=True)
            peer.install()
    if any("telemetrygen" in row.key for row in rows) and not os.path.exists(installed("telemetrygen")):
        go_install(TELEMETRYGEN, VERSION)


def show(tables, into):
    if not into:
        print(tables)
        return
    with open(into) as file:
        before, _, rest = file.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(into, "w") as file:
        file.write(f"{before}{BEGIN}\n{tables}\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="append", help=f"of {', '.join(peer.name for peer in PEERS)}")
    parser.add_argument("--scenario", action="append", help="letter (a to j) or name of a row, such as b-half")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30, help="of writing, in rows with a live writer")
    parser.add_argument("--rate", type=int, default=20_000, help="lines a second")
    parser.add_argument("--size", type=int, default=256 << 20, help="bytes of files read from the beginning")
    parser.add_argument("--backlog", type=int, default=1_000_000_000, help="bytes of the backlog")
    parser.add_argument("--otlp-share", type=float, default=1, help="part of the records of the OTLP rows")
    parser.add_argument("--full", action="store_true", help="a minute of writing, 1 GiB of files, 5 GB of backlog")
    parser.add_argument("--again", action="store_true", help="measure what has been measured once more")
    parser.add_argument("--install", action="store_true", help="only get the peers")
    parser.add_argument("--table", action="store_true", help="print the tables of what has been measured")
    parser.add_argument("--into", metavar="FILE", help="with --table: put them between the marks of this file")
    options = parser.parse_args()
    if options.full:
        options.seconds, options.size, options.backlog = 60, 1 << 30, 5_000_000_000
    if options.table:
        show("\n".join(markdown()), options.into)
        return
    peers = chosen(PEERS, options.peer, "name")
    rows = chosen(ROWS, options.scenario, "letter", "key")
    prepare(peers, rows)
    if options.install:
        return
    # Ended by a signal, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Every peer does a row before the next row: what changes on the machine meanwhile changes for all.
    for run in range(1, options.runs + 1):
        for row in rows:
            for peer in peers:
                if row.workload in peer.configurations:
                    measure(row, peer, options, run)


if __name__ == "__main__":
    main()
