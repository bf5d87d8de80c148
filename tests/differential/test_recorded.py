"""Ours against what a real Collector answered when it was last asked: ./dev differential --record."""

import agents
import compare
import pairs
import pytest

SOME = pairs.all_cases()


@pytest.fixture(scope="session")
def verdicts():
    originals = pairs.recorded_originals(SOME)
    return pairs.verdicts([case for case in SOME if case.id in originals], originals, agents.harness.RANKWIRE)


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.id)
def test_as_the_original(case, verdicts):
    assert case.id in verdicts, "nobody has asked the original: ./dev differential --record"
    assert verdicts[case.id].kind != compare.DIFFERENT, verdicts[case.id].text


def test_there_are_four_hundred_pairs():
    assert len(SOME) >= 400
