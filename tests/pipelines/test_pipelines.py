"""Every case of this folder: what comes out of a pipeline, and what is said to configurations that are not right."""

import pipelines
import pytest

RANKWIRE = pipelines.agents.harness.RANKWIRE
SOME = pipelines.all_cases()


@pytest.fixture(scope="session")
def results():
    return pipelines.results(SOME, RANKWIRE)


@pytest.mark.parametrize("case", [case for case in SOME if case.input], ids=lambda case: case.id)
def test_what_comes_out(case, results):
    assert pipelines.difference(case, results[case.id]) == ""


@pytest.mark.parametrize("case", [case for case in SOME if not case.input or case.warns], ids=lambda case: case.id)
def test_what_is_said(case):
    assert case.refused or case.warns or case.input, "a case without input is about what is refused or warned of"
    found = pipelines.findings(case, RANKWIRE)
    assert pipelines.not_as_said(case.refused, found["error"]) == ["", ""]
    if not case.refused:
        assert pipelines.not_as_said(case.warns, found["warning"]) == ["", ""]
