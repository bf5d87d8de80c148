"""What was measured, one JSON file a run, so that a session that was cut keeps what it has."""

import json
import os
import platform
import subprocess
import time

from harness import ROOT

RESULTS = os.environ.get("RANKWIRE_PEER_RESULTS", os.path.join(ROOT, "build", "bench", "peers"))


def path_of(row, peer, run):
    return os.path.join(RESULTS, row.key, f"{peer.name}.{run}.json")


def load(row, peer, run):
    try:
        with open(path_of(row, peer, run)) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def save(row, peer, run, parameters, figures):
    path = path_of(row, peer, run)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    record = {
        "row": row.key,
        "peer": peer.name,
        "version": peer.version(),
        "run": run,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "parameters": parameters,
        "figures": figures,
    }
    with open(path + ".part", "w") as file:
        json.dump(record, file, indent=1)
    os.rename(path + ".part", path)
    return record


def all_of(row, peer):
    """Every good run of a row, oldest first."""
    folder = os.path.join(RESULTS, row.key)
    names = sorted(n for n in os.listdir(folder)) if os.path.isdir(folder) else []
    records = []
    for name in names:
        if name.startswith(peer.name + ".") and name.endswith(".json"):
            with open(os.path.join(folder, name)) as file:
                record = json.load(file)
            if "error" not in record["figures"]:
                records.append(record)
    return records


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 1e6
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return (
        f"{os.cpu_count()} virtual cores ({model}), {memory:.0f} GB, Linux {platform.release()}; "
        f"Rankwire at {commit.stdout.strip()}"
    )
