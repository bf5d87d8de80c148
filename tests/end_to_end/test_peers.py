"""The comparison with the peers still runs, on Rankwire alone: `./dev bench peers` does it with all of them."""

import json
import os
import subprocess
import sys

import harness

PEERS = os.path.join(harness.ROOT, "bench", "peers")
SHORT = ["--runs", "1", "--seconds", "1", "--size", "2000000", "--backlog", "2000000", "--otlp-share", "0.02"]


def run_peers(results, *arguments):
    environment = {**os.environ, "RANKWIRE_PEER_RESULTS": str(results)}
    return subprocess.run(
        [sys.executable, PEERS, *arguments], env=environment, check=True, capture_output=True, text=True
    ).stdout


def figures(results, row):
    return json.loads((results / row / "rankwire.1.json").read_text())["figures"]


def test_each_kind_of_row_is_measured_kept_and_shown(tmp_path):
    rows = ["a-files", "a-live", "g", "h", "j-memory-http", "j-disk-small"]
    command = ["--peer", "rankwire", *SHORT, *(part for row in rows for part in ("--scenario", row))]
    progress = run_peers(tmp_path, *command)
    assert len(progress.splitlines()) == len(rows), progress
    for row in rows:
        seen = figures(tmp_path, row)
        assert seen.get("error") is None
        assert seen["written"] > 0
        assert seen["lost"] == 0
        assert seen["cpu"] > 0
        assert seen["peak"] > 0
    assert figures(tmp_path, "a-live")["p99_ms"] > 0
    assert run_peers(tmp_path, *command) == ""  # All of it is there.
    table = run_peers(tmp_path, "--table")
    assert "| Rankwire |" in table
    assert "(a) no fault" in table


def test_a_configuration_of_the_collector_runs_as_it_is():
    variables = {name: "1" for name in ["HEALTH_PORT", "GRPC_PORT", "HTTP_PORT", "LOGS", "STATE"]}
    variables |= {"LIMIT_MIB": "100", "DESTINATION": "http://127.0.0.1:1", "COMPRESSION": "none"}
    folder = os.path.join(PEERS, "configurations")
    files = [name for name in os.listdir(folder) if name.startswith(("collector-", "rankwire"))]
    assert files
    for name in files:
        command = [harness.RANKWIRE, "validate", "--config", os.path.join(folder, name)]
        subprocess.run(command, env={**os.environ, **variables}, check=True, capture_output=True)
