"""Every key of every processor and connector is in a case, and every key of every component refuses what is not of its
kind with the place and with what it wants instead."""

import os
import re
import subprocess
import sys

import pipelines
import pytest
import yaml

ROOT = os.path.join(pipelines.HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))

import compatibility  # noqa: E402

FOLDERS = [os.path.join(ROOT, "tests", "end_to_end", name) for name in ("deployments", "configurations")]
COMPONENTS = compatibility.our_components()
FIELDS = compatibility.our_fields()
TRANSFORMING = sorted(key for key in FIELDS if key[0] in pipelines.cases.KINDS)
# What is not of the kind. A single text is also a list of one, a number also a text.
WRONG = {
    "bool": "perhaps",
    "integer": "many",
    "number": "many",
    "duration": "soon",
    "size": "large",
    "choice": "no-such-choice",
    "text": {"a": {"b": 1}},
    "secret": {"a": {"b": 1}},
    "id": {"a": {"b": 1}},
    "list of texts": {"a": {"b": 1}},
    "map of texts": "text",
    "map of secrets": "text",
    "list": "text",
    "section": "text",
    "optional section": "text",
}
REMEDY = re.compile(r"must be |allowed are |write it as |known in the OpenTelemetry Collector but not supported here: ")


def configured():
    """(kind, component's id, settings) of all cases and deployments."""
    for case in [*(c for f in pipelines.cases.families() for c in pipelines.cases.load(f)), *pipelines.all_cases()]:
        for kind, section in case.sections.items():
            yield from ((kind, name, settings) for name, settings in section.items())
    for folder in FOLDERS:
        for name in os.listdir(folder):
            with open(os.path.join(folder, name)) as file:
                config = yaml.safe_load(file)
            for kind in pipelines.cases.KINDS:
                yield from ((kind, name, settings) for name, settings in (config.get(kind) or {}).items())


def paths(settings, known, prefix=""):
    """The keys that are written, as the registry spells them; a name that the user chose is a `*`."""
    for key, value in settings.items() if isinstance(settings, dict) else ():
        path = prefix + str(key)
        if path not in known and prefix + "*" in known:
            path = prefix + "*"
        yield path
        yield from paths(value, known, path + ".")
        for item in value if isinstance(value, list) else ():
            yield from paths(item, known, path + "[].")


@pytest.fixture(scope="module")
def written():
    found = {}
    for kind, name, settings in configured():
        component = (kind, COMPONENTS.get((kind, name.split("/")[0]), ("",))[0])
        found.setdefault(component, set()).update(paths(settings, FIELDS.get(component, {})))
    return found


@pytest.mark.parametrize("component", TRANSFORMING, ids="::".join)
def test_every_key_is_in_a_case(component, written):
    # What repeats in a section inside itself, as policies in policies, is read by the same code.
    keys, _ = compatibility.without_repeats(set(FIELDS[component]))
    assert sorted(keys - written.get(component, set())) == []


def split_names(path, known):
    """Steps of a path. Names with dots in them, host.name, are one where the registry has no section for a part."""
    steps, prefix = [], ""
    rest = path.split(".")
    while rest:
        for length in range(1, len(rest) + 1):
            step = ".".join(rest[:length])
            if prefix + step.removesuffix("[]") in known:
                break
        steps.append(step)
        prefix += step + "."
        rest = rest[length:]
    return steps


def with_value(steps, value):
    name, *rest = steps
    inner = with_value(rest, value) if rest else value
    is_list = name.endswith("[]")
    name = name.removesuffix("[]").replace("*", "chosen")
    return {name: [inner] if is_list else inner}


def wrong_settings(component):
    """(path, settings) for each key of a component."""
    for path, (support, type_name, _) in FIELDS[component].items():
        if support == "unsupported":
            yield path, with_value(split_names(path, FIELDS[component]), {})
        elif support == "supported" and type_name in WRONG:
            yield path, with_value(split_names(path, FIELDS[component]), WRONG[type_name])


@pytest.mark.parametrize("component", sorted(FIELDS), ids="::".join)
def test_a_value_of_another_kind_is_refused_at_its_place(component, tmp_path):
    kind, name = component
    entries = dict(enumerate(wrong_settings(component)))
    config = {kind: {f"{name}/w{number}": settings for number, (_, settings) in entries.items()}}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.dump(config, Dumper=pipelines.cases.WithoutAliases, sort_keys=False, width=1000))
    lines = path.read_text().splitlines()
    command = [pipelines.agents.harness.RANKWIRE, "validate", "--config", str(path)]
    told = subprocess.run(command, capture_output=True, text=True)
    found = {}
    for line in (told.stdout + told.stderr).splitlines():
        match = re.match(rf".*?:(\d+):(\d+): error: {kind}::{name}/w(\d+)::(.*)$", line)
        if match:
            found.setdefault(int(match[3]), []).append(("".join(lines[int(match[1]) - 2 : int(match[1])]), match[4]))
    problems = []
    for number, (key, _) in entries.items():
        last = split_names(key, FIELDS[component])[-1].replace("*", "chosen")
        if not any(last in place and REMEDY.search(message) for place, message in found.get(number, [])):
            problems.append((key, found.get(number)))
    assert problems == []
