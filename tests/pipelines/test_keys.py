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
    "list of secrets": {"a": {"b": 1}},
    "map of texts": "text",
    "map of secrets": "text",
    "list": "text",
    "section": "text",
    "optional section": "text",
}
CHOSEN = "logs"  # A name, also of a pipeline.
OPERATOR = re.compile(r"operators\[(\w+)\]")
REMEDY = re.compile(r"must be |must have |allowed are |write it as |not supported")


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
        lengths = range(1, len(rest) + 1)
        if steps[-1:] == ["metrics"]:  # One metric's name may be the beginning of another's.
            lengths = [n for n in lengths if f"{prefix}{'.'.join(rest[:n])}.enabled" in known][-1:] or lengths
        for length in lengths:
            step = ".".join(rest[:length])
            if prefix + step.removesuffix("[]") in known or OPERATOR.fullmatch(step):
                break
        steps.append(step)
        prefix += step + "."
        rest = rest[length:]
    return steps


def with_value(steps, value):
    """{a: [{b: value}]} of a[].b; {operators: [{type: move, to: value}]} of operators[move].to."""
    name, *rest = steps
    inner = with_value(rest, value) if rest else value
    if operator := OPERATOR.fullmatch(name):
        return {"operators": [{"type": operator[1], **(inner or {})}]}
    is_list = name.endswith("[]")
    name = name.removesuffix("[]").replace("*", CHOSEN)
    return {name: [inner] if is_list else inner}


def wrong_settings(component):
    """(path, settings) for each key of a component."""
    for path, (support, type_name, _) in FIELDS[component].items():
        if support == "unsupported":
            yield path, with_value(split_names(path, FIELDS[component]), {})
        elif support == "supported" and type_name in WRONG and not re.fullmatch(r"operators\[\w+\]\.type", path):
            yield path, with_value(split_names(path, FIELDS[component]), WRONG[type_name])


def told(config, path):
    """[(number of the entry, lines at the place, message)] of errors that `validate` tells."""
    path.write_text(yaml.dump(config, Dumper=pipelines.cases.WithoutAliases, sort_keys=False, width=1000))
    lines = path.read_text().splitlines()
    command = [pipelines.agents.harness.RANKWIRE, "validate", "--config", str(path)]
    result = subprocess.run(command, capture_output=True, text=True)
    for line in (result.stdout + result.stderr).splitlines():
        if match := re.match(r".*?:(\d+):(\d+): error: (.*)$", line):
            number = re.match(r"\w+::\w+/w(\d+)::", match[3])
            at = int(match[1])
            yield int(number[1]) if number else 0, "".join(lines[at - 2 : at]), match[3]


@pytest.mark.parametrize("component", sorted(FIELDS), ids="::".join)
def test_a_value_of_another_kind_is_refused_at_its_place(component, tmp_path):
    kind, name = component
    entries = list(wrong_settings(component))
    if kind == "service":
        found = [list(told({"service": settings}, tmp_path / "config.yaml")) for _, settings in entries]
    else:
        config = {kind: {f"{name}/w{number}": settings for number, (_, settings) in enumerate(entries)}}
        everything = list(told(config, tmp_path / "config.yaml"))
        found = [[one for one in everything if one[0] == number] for number in range(len(entries))]
    problems = []
    for (key, _), said in zip(entries, found):
        last = OPERATOR.sub(r"\1", split_names(key, FIELDS[component])[-1]).replace("*", CHOSEN)
        if not any(last in place and REMEDY.search(message) for _, place, message in said):
            problems.append((key, said))
    assert problems == []
