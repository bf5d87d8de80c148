#!/usr/bin/env python3
"""Writes cmake/startup_order.txt: the functions that an agent runs from its start until it idles.

The linker lays them side by side (see cmake/room.cmake). The kernel maps 64 KB around each page that is touched, so
functions strewn over the whole text made nearly all of it resident. The linker ignores names that are gone, and what is
new lies elsewhere, so the list has to be made anew only when `./dev bench memory` says so. Needs valgrind and a release
build.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import bench  # noqa: E402
from harness import Agent  # noqa: E402

ORDER = os.path.join(ROOT, "cmake", "startup_order.txt")


def symbols_run(config, port):
    """The mangled names of the binary's own functions that ran."""
    directory = tempfile.mkdtemp(prefix="rankwire-order-")
    profile = os.path.join(directory, "callgrind")
    valgrind = ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}"]
    agent = Agent(config)
    agent.command = [*valgrind, *agent.command]
    try:
        agent.start().wait_ready(port, timeout=120)
        time.sleep(3)
        # Before the stop: what runs only then is not wanted.
        subprocess.run(["callgrind_control", "--dump", str(agent.process.pid)], check=True, stdout=subprocess.DEVNULL)
        agent.stop(timeout=120)
        with open(f"{profile}.1") as file:
            return names_in(file)
    finally:
        agent.clean()
        shutil.rmtree(directory)


def names_in(file):
    """Callgrind spells a name at its first mention, as caller or callee, and then gives its number."""
    names, spelled, ours = {}, {}, False
    for line in file:
        found = re.match(r"(c?)(ob|fn)=(\(\d+\))(?: (.*))?", line)
        if not found:
            continue
        callee, kind, number, name = found.groups()
        if name:
            spelled[kind, number] = name
        if callee:
            continue
        if kind == "ob":
            ours = spelled[kind, number].endswith("/rankwire")
        elif ours:
            names[re.sub(r"'\d+$", "", spelled[kind, number])] = None
    return [name for name in names if re.fullmatch(r"[\w.$]+", name)]


def main():
    logs, state = tempfile.mkdtemp(prefix="rankwire-order-"), tempfile.mkdtemp(prefix="rankwire-order-")
    names = {}
    try:
        for config, port in bench.idle_configurations(logs, state):
            names.update(dict.fromkeys(symbols_run(config, port)))
    finally:
        shutil.rmtree(logs)
        shutil.rmtree(state)
    with open(ORDER, "w") as file:
        file.write("".join(f"{name}\n" for name in sorted(names)))
    print(f"{len(names)} functions in {os.path.relpath(ORDER, ROOT)}; link again")


if __name__ == "__main__":
    main()
