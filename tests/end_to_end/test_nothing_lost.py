"""Numbered lines through rotation, kill -9 and a dead destination. The long version is `./dev bench loss`."""

import loss
import pytest


@pytest.mark.parametrize(
    "scenario",
    [
        loss.Scenario("rename every 0.5 s", rotate=0.5, seconds=6, rate=10_000),
        loss.Scenario("kubelet gzip every 0.5 s", rotate=0.5, how="gzip", seconds=6, rate=10_000),
        loss.Scenario("four kills, rename every 0.5 s", rotate=0.5, kills=4, seconds=8, rate=10_000),
        loss.Scenario("four kills, gzip every 0.5 s", rotate=0.5, how="gzip", kills=4, seconds=8, rate=10_000),
        loss.Scenario("sink down for 4 s with a kill in the middle", down=4, seconds=8, rate=10_000),
        loss.Scenario("starved of CPU", rotate=0.5, starve=6, seconds=6, rate=10_000),
    ],
    ids=lambda scenario: scenario.name,
)
def test_nothing_is_lost_and_nothing_leaks(scenario):
    result = loss.run(scenario, seed=7)
    assert result["lost"] == 0
    assert result["unmasked"] == 0
    assert result["on_disk"] == 0
    assert result["crashes"] == 0
    if result["kills"] == 0:
        assert result["twice"] == 0, result["complaints"]
    # At most the requests in flight at each kill.
    assert result["twice"] <= result["kills"] * 20_000


def test_copytruncate_loses_only_what_was_cut_off_between_two_reads():
    result = loss.run(
        loss.Scenario("copytruncate", rotate=2, how="copytruncate", seconds=6, rate=10_000, may_lose=True), 7
    )
    assert result["lost"] <= 300
    assert result["twice"] == 0
