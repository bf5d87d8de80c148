"""Every case through the original, or what was recorded of it, and through ours."""

import agents
import cases
import collector
import compare
import recorded


def all_cases(families=()):
    return [case for family in families or cases.families() for case in cases.load(family)]


def run_original(some):
    results = {}
    for name in collector.NAMES:
        mine = [case for case in some if collector.name_for(case) == name]
        if mine:
            results.update(results_of(collector.path(name), mine))
    return results


def recorded_originals(some):
    """{id: result}, without the cases that nobody has asked the original about, or about another one of that name."""
    results = {}
    for case in some:
        kept = recorded.load(case.family).get(case.name, {})
        if kept.get("digest") == case.digest():
            results[case.id] = kept
    return results


def results_of(binary, some, wanted=None):
    run = agents.Run(binary)
    try:
        return run.run(some, wanted)
    finally:
        run.close()


def verdicts(some, originals, rankwire):
    """{id: Verdict}"""

    def wanted(case):
        return compare.count_entries(originals[case.id].get("output", {})) if case.settle else 0

    ours = results_of(rankwire, some, wanted)
    return {case.id: compare.verdict(case, originals[case.id], ours[case.id]) for case in some}


def summary(some):
    kinds = [verdict.kind for verdict in some.values()]
    counts = {kind: kinds.count(kind) for kind in (compare.SAME, compare.EXPLAINED, compare.DIFFERENT)}
    return f"{len(kinds)} pairs: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())
