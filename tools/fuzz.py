"""Runs the fuzz targets, several at a time, and says what came of it; `./dev fuzz` builds them first.

A target runs for so many seconds of processor time, not of the clock: on a busy machine it takes longer and does no
less. What it finds stays below the work folder: corpus/TARGET, findings/TARGET, TARGET.log and TARGET.json.
"""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICKS = os.sysconf("SC_CLK_TCK")
LIMITS = ["-timeout=25", "-report_slow_units=25", "-rss_limit_mb=2048", "-print_final_stats=1"]


def seed_folders(target):
    """Seeds lie beside the code; the others a run has found are in the work folder."""
    found = []
    for root, folders, _ in os.walk(os.path.join(ROOT, "src")):
        if root.endswith("testdata/fuzz") and target in folders:
            found.append(os.path.join(root, target))
    return found


def fuzz_targets(binaries, wanted):
    """Names of the programs, those of `wanted` only and in its order."""
    names = [name for name in os.listdir(binaries) if name.endswith("_fuzz")]
    built = sorted(name for name in names if os.access(os.path.join(binaries, name), os.X_OK))
    unknown = [name for name in wanted if name not in built]
    if unknown:
        sys.exit(f"no such fuzz target: {', '.join(unknown)}; there are: {', '.join(built)}")
    return wanted or built


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Run:
    """One target while it runs."""

    def __init__(self, options, target):
        self.target = target
        self.work = options.work
        self.state_path = os.path.join(options.work, target + ".json")
        self.log_path = os.path.join(options.work, target + ".log")
        binary = os.path.join(options.binaries, target)
        with open(binary, "rb") as file:
            self.digest = hashlib.sha256(file.read()).hexdigest()[:16]
        before = read_state(self.state_path) if options.resume else {}
        self.before = before if before.get("binary") == self.digest else {}
        self.left = options.seconds - self.before.get("seconds", 0)
        self.is_stopping = False
        self.corpus = os.path.join(options.work, "corpus", target)
        self.findings = os.path.join(options.work, "findings", target)
        for folder in (self.corpus, self.findings):
            os.makedirs(folder, exist_ok=True)
        self.findings_before = set(os.listdir(self.findings))
        self.process = None
        if self.left <= 0:
            return
        flags = [*LIMITS, f"-seed={options.seed}", f"-artifact_prefix={self.findings}/"]
        command = [binary, *flags, self.corpus, *seed_folders(target)]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def step(self):
        """False once it has ended."""
        if self.process is None:
            return False
        # Asked without reaping, so that its last figures can still be read.
        ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        seconds = processor_seconds(self.process.pid)
        self.save(seconds, not ended)
        if ended:
            self.process.wait()
            return False
        if seconds >= self.left and not self.is_stopping:
            self.is_stopping = True
            self.process.send_signal(signal.SIGUSR1)  # It ends between two inputs.
        return True

    def save(self, seconds, is_running):
        text = read_text(self.log_path)
        new = sorted(set(os.listdir(self.findings)) - self.findings_before)
        edges = re.findall(r" cov: (\d+)", text)
        inputs = re.findall(r" corp: (\d+)", text)
        runs = re.findall(r"^#(\d+)|number_of_executed_units: (\d+)", text, re.M)
        state = {
            "target": self.target,
            "binary": self.digest,
            "seconds": round(seconds + self.before.get("seconds", 0), 1),
            "executions": int(max(runs[-1]) if runs else 0) + self.before.get("executions", 0),
            "edges": int(edges[-1]) if edges else 0,
            "inputs": int(inputs[-1]) if inputs else 0,
            "findings": new + self.before.get("findings", []),
            "is_running": is_running,
        }
        if not is_running and self.process.returncode not in (None, 0) and not new:
            state["findings"].append(f"ended with {self.process.returncode}")
        with open(self.state_path + ".new", "w") as file:
            json.dump(state, file)
        os.replace(self.state_path + ".new", self.state_path)


def read_text(path):
    with open(path, errors="replace") as file:
        return file.read()


def read_state(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def run(options):
    waiting = list(fuzz_targets(options.binaries, options.targets))
    names, running = list(waiting), []
    while waiting or running:
        while waiting and len(running) < options.jobs:
            running.append(Run(options, waiting.pop(0)))
        running = [one for one in running if one.step()]
        time.sleep(0.5)
    return report(options, names)


def report(options, names=None):
    """Prints the table; 1 if something was found."""
    files = sorted(file for file in os.listdir(options.work) if file.endswith(".json"))
    states = [read_state(os.path.join(options.work, file)) for file in files]
    states = [state for state in states if names is None or state["target"] in names]
    line = "{:24} {:>12} {:>11} {:>7} {:>7} {:>9}"
    print(line.format("target", "executions", "CPU seconds", "edges", "corpus", "findings"))
    for state in states:
        figures = [state[key] for key in ("seconds", "edges", "inputs")]
        columns = [f"{state['executions']:,}", *figures, len(state["findings"])]
        print(line.format(state["target"], *columns) + ("  running" if state["is_running"] else ""))
    for state in states:
        for finding in state["findings"]:
            print(f"{state['target']}: {os.path.join(options.work, 'findings', state['target'], finding)}")
    print(f"{len(states)} targets, {sum(len(state['findings']) for state in states)} findings")
    return 1 if any(state["findings"] for state in states) else 0


def coverage(options):
    """Lines that the seeds and the corpora of the work folder reach, in the files beside the fuzz targets."""
    names = fuzz_targets(options.binaries, options.targets)
    profiles, objects = os.path.join(options.binaries, "profiles"), []
    os.makedirs(profiles, exist_ok=True)
    for name in names:
        binary = os.path.join(options.binaries, name)
        corpus = os.path.join(options.work, "corpus", name)
        folders = [folder for folder in [corpus, *seed_folders(name)] if os.path.isdir(folder)]
        environment = {**os.environ, "LLVM_PROFILE_FILE": os.path.join(profiles, name + ".profraw")}
        subprocess.run([binary, "-runs=0", *folders], env=environment, check=True, capture_output=True)
        objects += ["-object", binary]
    merged = os.path.join(profiles, "all.profdata")
    raw = [os.path.join(profiles, name + ".profraw") for name in names]
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *raw], check=True)
    command = ["llvm-cov-19", "export", "-summary-only", "-instr-profile", merged, *objects[1:]]
    exported = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print_coverage(exported["data"][0]["files"])
    return 0


def print_coverage(files):
    beside = set()
    for root, _, names in os.walk(os.path.join(ROOT, "src")):
        if any(name.endswith("_fuzz.cpp") for name in names):
            beside.add(root)
    print(f"{'file':60} {'lines':>6} {'reached':>8} {'share':>6}")
    for file in sorted(files, key=lambda f: f["filename"]):
        name, lines = file["filename"], file["summary"]["lines"]
        is_ours = os.path.dirname(name) in beside and not re.search(r"_(fuzz|test|bench)\.cpp$|_fixture\.hpp$", name)
        if not is_ours or lines["covered"] == 0:
            continue
        print(f"{os.path.relpath(name, ROOT):60} {lines['count']:6} {lines['covered']:8} {lines['percent']:5.1f}%")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "report", "coverage"])
    parser.add_argument("targets", nargs="*", help="default: all")
    parser.add_argument("--seconds", type=float, default=30, help="of processor time, for each target")
    parser.add_argument("--seed", type=int, default=0, help="draw the same inputs as another run with it; 0: others")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many targets at a time")
    parser.add_argument("--binaries", default=os.path.join(ROOT, "build", "fuzz"))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "fuzzing"))
    parser.add_argument("--resume", action="store_true", help="count what the same binaries ran before")
    options = parser.parse_intermixed_args()
    os.makedirs(options.work, exist_ok=True)
    sys.exit({"run": run, "report": report, "coverage": coverage}[options.action](options))


if __name__ == "__main__":
    main()
