"""What the original answered, committed beside the cases: ./dev test compares with it, no Collector needed."""

import json
import os

import cases

RECORDED = os.path.join(cases.HERE, "recorded")


def path(family):
    return os.path.join(RECORDED, f"{family}.json")


def load(family):
    """{name: {digest, refused | answers, output}}"""
    if not os.path.exists(path(family)):
        return {}
    with open(path(family)) as file:
        return json.load(file)


def save(family, some, results):
    """One line a case."""
    lines = []
    for case in some:
        result = results[case.id]
        kept = {"refused": True} if "refused" in result else {k: v for k, v in result.items() if v}
        text = json.dumps({"digest": case.digest(), **kept}, ensure_ascii=False, separators=(",", ":"))
        lines.append(f"{json.dumps(case.name, ensure_ascii=False)}: {text}")
    os.makedirs(RECORDED, exist_ok=True)
    with open(path(family), "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
