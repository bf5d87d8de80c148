"""Log files to read, made once for each size and kept."""

import os
import shutil
import subprocess

from harness import BUILD, program

DATA = os.path.join(BUILD, "bench-data")


def cri_logs(size, numbered=False):
    """(directory as /var/log/pods, number of lines); the lines carry numbers if wanted."""
    directory = os.path.join(DATA, f"cri-{size}{'-numbered' if numbered else ''}")
    count = os.path.join(directory, "lines")
    if not os.path.exists(count):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        command = [program("generate_cri"), os.path.join(directory, "pods"), "8", str(size)]
        lines = subprocess.run(
            command + (["numbered"] if numbered else []), capture_output=True, text=True, check=True
        )
        with open(count, "w") as file:
            file.write(lines.stdout.strip())
    with open(count) as file:
        return os.path.join(directory, "pods"), int(file.read())


def files_below(directory):
    return sorted(os.path.join(d, f) for d, _, names in os.walk(directory) for f in names)


def bytes_below(directory):
    return sum(os.path.getsize(path) for path in files_below(directory) if os.path.isfile(path))
