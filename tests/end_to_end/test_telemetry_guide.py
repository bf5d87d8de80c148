"""docs/guides/telemetry.md has every metric that the source registers, and none that it does not."""

import glob
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NAME = re.compile(r"(?:rankwire|otelcol)_[a-z0-9_*]+")
NOT_SHIPPED = re.compile(r"_(test|bench|fuzz|fixture)\.[a-z]+$|/testing/|/demo[a-z_]*\.cpp$")


def registered():
    """Names in quotes; one that ends in _ is the beginning of several."""
    names = set()
    for path in glob.glob(os.path.join(ROOT, "src", "**", "*.[ch]pp"), recursive=True):
        if not NOT_SHIPPED.search(path):
            with open(path) as file:
                names.update(re.findall(r'"((?:rankwire|otelcol)_[a-z0-9_]+)"', file.read()))
    return names


def documented():
    """Names in full, and with the `_endings` that follow one in its row; a star is any part of a name."""
    with open(os.path.join(ROOT, "docs", "guides", "telemetry.md")) as file:
        lines = file.read().splitlines()
    names = set()
    for line in lines:
        last = ""
        for code in re.findall(r"`([^`]+)`", line):
            code = code.partition("{")[0]
            if NAME.fullmatch(code):
                names.add(code)
                last = code
            elif last and re.fullmatch(r"_[a-z0-9_*]+", code):
                cuts = [at for at, letter in enumerate(last) if letter == "_"] + [len(last)]
                names.update(last[:at] + code for at in cuts)
    return names


def matches(pattern, name):
    beginning = re.escape(pattern).replace(r"\*", "[a-z0-9_]+")
    if name.endswith("_"):
        return re.match(re.escape(name), pattern.replace("*", "")) is not None
    return re.fullmatch(beginning, name) is not None


def test_every_metric_is_in_the_guide():
    known = documented()
    assert sorted(name for name in registered() if not any(matches(each, name) for each in known)) == []


def test_the_guide_has_no_metric_that_does_not_exist():
    with open(os.path.join(ROOT, "docs", "guides", "telemetry.md")) as file:
        ours = set(re.findall(r"\brankwire_[a-z0-9_]+", file.read()))
    assert sorted(ours - registered()) == []
