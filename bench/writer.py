"""Writes numbered CRI log lines into rotating files, as a container runtime and kubelet would. Run as a program, so
that it keeps its pace whatever the agent does:

    writer.py DIR --files N --rate LINES_PER_SECOND --seconds S [--rotate SECONDS --how rename|gzip|copytruncate]

Each line carries #n=<number>#, #t=<unix nanoseconds># and customer_id=<digits>. Prints the number of lines written.
SIGTERM ends it early.
"""

import argparse
import datetime
import gzip
import os
import shutil
import signal
import time

FILLER = (
    "iteration 41220 | lm loss: 2.0313 | grad norm: 0.412 | elapsed time per iteration (ms): 10636.1 | "
    "tokens/s 4377 "
)


class LogFile:
    def __init__(self, root, index, keep):
        pod = f"training_llm-worker-{index}_6f1c0b4e-0000-4000-8000-{index:012d}"
        self.directory = os.path.join(root, pod, "pytorch")
        os.makedirs(self.directory, exist_ok=True)
        self.path = os.path.join(self.directory, "0.log")
        self.file = open(self.path, "ab", buffering=0)
        self.keep = keep
        self.rotations = 0

    def write(self, numbers):
        now = time.time_ns()
        utc = datetime.datetime.fromtimestamp(now / 1e9, datetime.timezone.utc)
        stamp = utc.strftime("%Y-%m-%dT%H:%M:%S")
        lines = [
            f"{stamp}.{now % 10**9:09d}Z {'stderr' if n % 7 == 0 else 'stdout'} F #n={n:010d}# #t={now}# "
            f"customer_id={n} {FILLER}\n"
            for n in numbers
        ]
        self.file.write("".join(lines).encode())

    def rotated(self):
        return sorted(f for f in os.listdir(self.directory) if f.startswith("0.log."))

    def rotate(self, how):
        self.rotations += 1
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + f"{self.rotations:06d}"
        target = f"{self.path}.{stamp}"
        if how == "copytruncate":
            shutil.copyfile(self.path, target)
            os.truncate(self.path, 0)
        else:
            os.rename(self.path, target)
            self.file.close()
            self.file = open(self.path, "ab", buffering=0)
        if how == "gzip":  # As kubelet: everything but the newest rotated file is compressed.
            for name in [f for f in self.rotated() if not f.endswith(".gz")][:-1]:
                plain = os.path.join(self.directory, name)
                with open(plain, "rb") as source, gzip.open(plain + ".tmp", "wb", 1) as packed:
                    shutil.copyfileobj(source, packed)
                os.rename(plain + ".tmp", plain + ".gz")
                os.remove(plain)
        for name in self.rotated()[: -self.keep] if self.keep else []:
            os.remove(os.path.join(self.directory, name))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--rate", type=int, default=20000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rotate", type=float, default=0)
    parser.add_argument("--how", choices=["rename", "gzip", "copytruncate"], default="rename")
    parser.add_argument("--keep", type=int, default=0, help="rotated files to keep; 0: all")
    parser.add_argument("--chunk-ms", type=float, default=5)
    options = parser.parse_args()
    files = [LogFile(options.directory, i, options.keep) for i in range(options.files)]
    number, begin = options.first, time.monotonic()
    wanted_total = int(options.rate * options.seconds)
    next_rotation = options.rotate
    turn, ended = 0, []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    while number - options.first < wanted_total and not ended:
        elapsed = time.monotonic() - begin
        due = min(wanted_total, int(elapsed * options.rate)) - (number - options.first)
        if due > 0:
            share = max(1, due // len(files))
            for _ in range(len(files)):
                count = min(share, options.first + wanted_total - number)
                if count <= 0:
                    break
                files[turn % len(files)].write(range(number, number + count))
                number += count
                turn += 1
        if options.rotate and elapsed >= next_rotation:
            next_rotation += options.rotate
            for file in files:
                file.rotate(options.how)
        time.sleep(options.chunk_ms / 1000)
    print(number - options.first)


if __name__ == "__main__":
    main()
