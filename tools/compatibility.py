#!/usr/bin/env python3
"""Writes the second half of docs/compatibility.md: what becomes of every key of the Collector's components, by our own
registry, and the differences that the differential test explains.

tools/compatibility.py [--check]     --check fails if the file is not what would be written
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "differential"))

import yaml  # noqa: E402

import cases  # noqa: E402

BINARY = os.path.join(os.environ.get("RANKWIRE_BUILD", os.path.join(ROOT, "build", "release")), "rankwire")
DOCUMENT = os.path.join(ROOT, "docs", "compatibility.md")
KEYS = os.path.join(ROOT, "docs", "compatibility", "upstream_keys.txt")
MARK = "<!-- From here on written by tools/compatibility.py: ./dev compatibility -->\n"
KINDS = ["receivers", "processors", "connectors", "exporters", "extensions"]
SERVICE = ("service", "service")  # Its keys are listed like a component's.
FREE_FORM = ("any", "map")
UNKNOWN = "unknown"
HEADINGS = {
    "supported": "supported",
    "ignored": "accepted, without effect, with a warning",
    "unsupported": "refused by name",
    UNKNOWN: "refused as unknown",
}


def printed(*arguments):
    return subprocess.run([BINARY, "components", *arguments], capture_output=True, text=True, check=True).stdout


def our_fields():
    """{(kind, type): {key: (support, type, why)}}"""
    fields = {}
    for line in printed("--format", "fields").splitlines():
        kind, component, key, support, type_name, why = line.split("\t")
        fields.setdefault((kind, component), {})[key] = (support, type_name, why)
    return fields


def our_components():
    """{(kind, any of its names): (type, summary, aliases)}"""
    names = {}
    for kind, entries in yaml.safe_load(printed()).items():
        for entry in entries if kind in KINDS else ():
            aliases = entry.get("aliases", [])
            for name in [entry["name"], *aliases]:
                names[kind, name] = (entry["name"], entry["description"], aliases)
    return names


def upstream_keys():
    """{(kind, component): [key, …]}"""
    keys = {}
    with open(KEYS) as file:
        for line in file:
            if not line.startswith("#"):
                kind, component, *key = line.split()
                keys.setdefault((kind, component), []).extend(key)
    return keys


def ancestors(key):
    """Of a.b[].c: a.b[], a.b and a."""
    while "." in key:
        key = key.rpartition(".")[0]
        yield key
        if key.endswith(("[]", "]")):
            yield key[: key.rindex("[")]
        if key.endswith(".*"):
            yield key[:-2]


def status(key, fields):
    """(what becomes of the key, why)"""
    if key in fields:
        support, _, why = fields[key]
        return ("supported", "") if support in ("supported", "renamed") else (support, why)
    for ancestor in ancestors(key):
        support, type_name, why = fields.get(ancestor, (None, "", ""))
        if support in ("ignored", "unsupported"):
            return support, why
        has_own_keys = ancestor == "operators" and f"{key.partition(']')[0]}].id" in fields
        if support == "supported" and type_name.startswith(FREE_FORM) and not has_own_keys:
            return "supported", ""
    return UNKNOWN, ""


def braced(keys):
    """`a`, `b.{c, d}`"""
    parents = {}
    for key in sorted(keys):
        parent, _, name = key.rpartition(".")
        parents.setdefault(parent, []).append(name)
    listed = []
    for parent, names in sorted(parents.items()):
        text = ", ".join(names)
        listed += [f"`{name}`" for name in names] if not parent else [
            f"`{parent}.{text}`" if len(names) == 1 else f"`{parent}.{{{text}}}`"
        ]
    return ", ".join(listed)


def key_lines(keys, fields):
    by_status = {}
    for key in sorted(keys):
        kind, why = status(key, fields)
        by_status.setdefault(kind, {}).setdefault(why, []).append(key)
    for kind, heading in HEADINGS.items():
        reasons = by_status.get(kind, {})
        texts = [braced(found) + (f" ({why.rstrip('.')})" if why else "") for why, found in reasons.items()]
        if texts:
            yield f"- {heading}: " + "; ".join(texts)


def without_repeats(keys):
    """Keys without what is inside sections that hold what a section around them does, and these: {section: like}."""
    children = {}
    for key in keys:
        parent, _, name = key.rpartition(".")
        children.setdefault(parent, set()).add(name)
    like = {}
    for section in sorted(children, key=lambda path: path.count(".")):
        around = [path for path in ancestors(section) if path and path not in like]
        same = [path for path in around if children[section] <= children.get(path, set())]
        if len(children[section]) > 4 and same and not set(ancestors(section)) & set(like):
            like[section] = same[-1]
    return {key for key in keys if not set(ancestors(key)) & set(like)}, like


def component_section(kind, name, upstream, fields, summary, aliases):
    also = f", `{'`, `'.join(aliases)}`" if aliases else ""
    yield f"### {kind}: `{name}`{also}\n\n{summary}\n"
    names = {key for key, (support, _, _) in fields.items() if support in ("supported", "ignored")}
    short, like = without_repeats(names)
    yield from key_lines(upstream or short, fields)
    for section in sorted(set(like.values())) if not upstream else ():
        repeats = ", ".join(f"`{path}`" for path, of in sorted(like.items()) if of == section)
        yield f"- keys of `{section}` also in {repeats}"
    own = names - set(upstream)
    if upstream and own:
        yield f"- beyond that table: {braced(own)}"
    if not upstream and not names:
        yield "- it has no keys"
    yield ""


def every_component():
    fields, components, upstream = our_fields(), our_components(), upstream_keys()
    of_type = {(key[0], components[key][0]): keys for key, keys in upstream.items() if key in components}
    for kind in KINDS:
        known = {key: value for key, value in components.items() if key[0] == kind and key[1] == value[0]}
        for (_, name), (_, summary, aliases) in sorted(known.items()):
            keys = of_type.get((kind, name), [])
            yield from component_section(kind, name, keys, fields.get((kind, name), {}), summary, aliases)
    summary = "Pipelines, extensions and the agent's telemetry about itself."
    yield from component_section("section", "service", upstream[SERVICE], fields[SERVICE], summary, [])
    missing = [f"- {kind}: `{name}`" for kind, name in upstream if (kind, name) not in components and kind in KINDS]
    yield "### Not in this binary\n\nRefused where they stand, with the list of what there is:\n"
    yield from missing
    yield ""


def explained_differences():
    yield "| family | cases | why ours is another answer |\n| --- | --- | --- |"
    for family in cases.families():
        reasons = {}
        for case in cases.load(family):
            if case.differs:
                reasons.setdefault(case.differs, []).append(case.name.removeprefix("refused: "))
        for why, names in reasons.items():
            yield f"| {family.replace('_', ' ')} | {', '.join(names)} | {why} |".replace("||", "\\|\\|")
    yield ""


def generated():
    lines = [MARK, "## What the test beside a real Collector finds\n"]
    lines += ["`./dev differential` ([how](../tests/differential/README.md)); what is not in this table is the same.\n"]
    lines += [*explained_differences(), "## Every component and key\n"]
    lines += ["`[]` is an item of a list, `*` a name that the user chooses, `a.{b, c}` the keys `a.b` and `a.c`.\n"]
    return "\n".join([*lines, *every_component()]).rstrip() + "\n"


def main():
    with open(DOCUMENT) as file:
        before = file.read()
    after = before.partition(MARK)[0].rstrip() + "\n\n" + generated()
    if "--check" in sys.argv:
        if after != before:
            print("docs/compatibility.md is not what the registry says: ./dev compatibility", file=sys.stderr)
        return 0 if after == before else 1
    with open(DOCUMENT, "w") as file:
        file.write(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
