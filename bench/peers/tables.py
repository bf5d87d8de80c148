"""Markdown tables of the medians of what was measured."""

import statistics

from peers import PEERS, results
from peers.rows import ROWS


def figures_of(row, peer):
    return [record["figures"] for record in results.all_of(row, peer)]


def median(runs, value):
    values = [v for v in (value(run) for run in runs) if v is not None]
    return statistics.median(values) if values else None


def count(runs, name):
    """The median, and the range where the runs differ: a loss that happens in one run of three is to be seen."""
    values = sorted(run[name] for run in runs)
    middle = f"{statistics.median_low(values):,}"
    return middle if values[0] == values[-1] else f"{middle} ({values[0]:,}–{values[-1]:,})"


def number(value, digits=1):
    return "–" if value is None else f"{value:,.{digits}f}"


def lines_of(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join([" --- "] + [" ---: "] * (len(header) - 1)) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def per_peer(row, header, cells):
    """One line a peer."""
    rows = []
    for peer in PEERS:
        runs = figures_of(row, peer)
        if runs:
            rows.append([peer.title, *cells(runs), str(len(runs))])
    return lines_of(["", *header, "runs"], rows)


def per_row(rows, cell):
    """One line a row, one column a peer."""
    table = []
    for row in rows:
        cells = [cell(runs) if (runs := figures_of(row, peer)) else "–" for peer in PEERS]
        if any(c != "–" for c in cells):
            table.append([f"({row.letter}) {row.title}", *cells])
    return lines_of(["", *[peer.title for peer in PEERS]], table)


def gigabytes(run):
    return run["input_bytes"] / 1e9


def files_cells(runs):
    return [
        number(median(runs, lambda r: r["cpu"] / gigabytes(r)), 2),
        number(median(runs, lambda r: r["user"] / gigabytes(r)), 2),
        number(median(runs, lambda r: r["system"] / gigabytes(r)), 2),
        number(median(runs, lambda r: r["written"] / r["cpu"]), 0),
        number(median(runs, lambda r: r["peak"])),
        number(median(runs, lambda r: r["sent_bytes"] / r["input_bytes"]), 2),
        count(runs, "lost"),
        count(runs, "twice"),
        count(runs, "unmasked"),
    ]


def live_cells(runs):
    return [
        number(median(runs, lambda r: r["p50_ms"])),
        number(median(runs, lambda r: r["p99_ms"])),
        number(median(runs, lambda r: r["user"]), 2),
        number(median(runs, lambda r: r["system"]), 2),
        number(median(runs, lambda r: r["peak"])),
        number(median(runs, lambda r: r["sent_bytes"] / 1e6), 0),
        count(runs, "unmasked"),
        count(runs, "on_disk"),
    ]


def idle_cells(runs):
    return [
        number(median(runs, lambda r: r["idle_percent"]), 3),
        number(median(runs, lambda r: r["resident"])),
        number(median(runs, lambda r: r["peak"])),
        count(runs, "lost"),
    ]


def backlog_cells(runs):
    return [
        number(median(runs, gigabytes), 2),
        number(median(runs, lambda r: r["seconds"])),
        number(median(runs, lambda r: r["cpu"]), 1),
        number(median(runs, lambda r: r["peak"])),
        number(median(runs, lambda r: r["held"] / 1e9), 2),
        count(runs, "lost"),
        count(runs, "twice"),
    ]


def markdown():
    by_key = {row.key: row for row in ROWS}
    live = [row for row in ROWS if row.key[0] in "bcdefi" or row.key == "a-live"]
    through = [row for row in ROWS if row.key[0] == "j"]
    sections = [
        (
            "(a) Files read from the beginning",
            per_peer(
                by_key["a-files"],
                [
                    "CPU-s/GB",
                    "user",
                    "system",
                    "records/s/core",
                    "peak MB",
                    "bytes sent/read",
                    "lost",
                    "twice",
                    "unmasked",
                ],
                files_cells,
            ),
        ),
        (
            "(a) Lines written at a rate, no fault",
            per_peer(
                by_key["a-live"],
                ["p50 ms", "p99 ms", "user s", "system s", "peak MB", "MB sent", "unmasked sent", "on disk"],
                live_cells,
            ),
        ),
        ("Lines lost / lines twice", per_row(live, lambda runs: f"{count(runs, 'lost')} / {count(runs, 'twice')}")),
        (
            "CPU-seconds / peak MB",
            per_row(
                live,
                lambda runs: f"{number(median(runs, lambda r: r['cpu']))} / "
                f"{number(median(runs, lambda r: r['peak']))}",
            ),
        ),
        ("(g) 1,000 idle files", per_peer(by_key["g"], ["CPU %", "resident MB", "peak MB", "lost"], idle_cells)),
        (
            "(h) A backlog drained",
            per_peer(
                by_key["h"], ["GB", "seconds", "CPU-s", "peak MB", "GB held on disk", "lost", "twice"], backlog_cells
            ),
        ),
        (
            "OTLP passed through: records per CPU-second / peak MB",
            per_row(
                through,
                lambda runs: f"{number(median(runs, lambda r: r['written'] / r['cpu']), 0)} / "
                f"{number(median(runs, lambda r: r['peak']))}",
            ),
        ),
        (
            "OTLP passed through: records lost / twice",
            per_row(through, lambda runs: f"{count(runs, 'lost')} / {count(runs, 'twice')}"),
        ),
    ]
    for title, lines in sections:
        header, rule, *rows = lines
        if rows:
            yield from [f"### {title}\n", header, rule, *rows, ""]
    yield from stamps()


def stamps():
    records = [record for row in ROWS for peer in PEERS for record in results.all_of(row, peer)]
    if not records:
        yield "Nothing has been measured yet."
        return
    dates = sorted(record["at"] for record in records)
    versions = sorted({record["version"] for record in records})
    yield f"Measured {dates[0]} to {dates[-1]}; {results.machine()}; {'; '.join(versions)}."
    used = {}
    for record in records:
        for name, value in record["parameters"].items():
            used.setdefault(name, set()).add(value)
    yield ""
    yield "Parameters: " + ", ".join(
        f"{k} {' and '.join(f'{v:g}' for v in sorted(used[k]))}" for k in sorted(used)
    ) + "."
