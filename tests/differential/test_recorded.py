"""Ours against what a real Collector answered when it was last asked: ./dev differential --record."""

import os

import agents
import cases
import compare
import pairs
import pytest

SOME = pairs.all_cases()
with open(os.path.join(cases.HERE, "open_differences.txt")) as file:
    OPEN = set(file.read().splitlines())


@pytest.fixture(scope="session")
def verdicts():
    originals = pairs.recorded_originals(SOME)
    return pairs.verdicts([case for case in SOME if case.id in originals], originals, agents.harness.RANKWIRE)


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.id)
def test_as_the_original(case, verdicts):
    assert case.id in verdicts, "nobody has asked the original: ./dev differential --record"
    verdict = verdicts[case.id]
    if verdict.kind == compare.PENDING:
        pytest.skip(f"not in this binary: {verdict.text}")
    if verdict.kind == compare.DIFFERENT and case.id in OPEN:
        pytest.xfail(verdict.text)
    assert verdict.kind != compare.DIFFERENT, verdict.text


def test_there_are_four_hundred_pairs():
    assert len(SOME) >= 400
