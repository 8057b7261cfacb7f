"""How long the way back took, by what looks and requests can tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.criteria import Criterion
from prodgate.facts.rollout.way_back import WayBack, way_back_facts
from prodgate.findings import NotObserved, NotSatisfied, Undetermined
from tests.prodgate.report.samples import criterion
from tests.suites.rollout.evidence import drill, sample, watch

SOON = criterion("soon", require="<= 15 min")


def looks(*away: float, back: float | None) -> list[dict[str, Any]]:
    """Looks at a build that gets traffic at some seconds, and is taken back."""
    before = [sample(0, green=0, status="InProgress", stage="Install", greens=0)]
    after = [] if back is None else [sample(back, green=0, status="Failed", stage="", greens=0)]
    seen = [sample(at, green=10, status="InProgress", stage="AllowTraffic", greens=2) for at in away]
    return [*before, *seen, *after]


def ways(samples: list[dict[str, Any]], build: str = "failing-in-public", **changes: Any) -> Mapping[str, WayBack]:
    """Return the ways back of a drill in which one build was seen so."""
    made = drill()
    (tried,) = (one for one in made["tried"] if one["build"] == build)
    tried["watch"] = {**watch(samples), **changes}
    return {way.subject.removeprefix("build "): way for way in way_back_facts(made)}


def way(samples: list[dict[str, Any]], *failures: float, speed: int = 1) -> WayBack:
    stream = watch([])["stream"]
    stream["failures"] = [{"at": at, "class": "HTTP 500", "method": "GET"} for at in failures]
    return ways(samples, stream=stream, speed=speed)["failing-in-public"]


def ends(way: WayBack) -> tuple[str, str]:
    return str(way.took.low), str(way.took.high)


def test_it_took_from_the_failed_request_to_between_the_last_look_away_and_the_one_that_saw_it_back() -> None:
    found = way(looks(10, 20, back=30), 12.5, speed=10)
    assert (ends(found), str(found.took.value)) == (("75 s", "175 s"), "175 s")


def test_a_sign_that_a_look_saw_came_after_the_look_before_it() -> None:
    samples = looks(10, 14, 20, back=30)
    samples[2]["alarms"]["shop-errors"]["state"] = "ALARM"
    assert ends(way(samples)) == ("6 s", "20 s")


def test_a_look_that_could_not_be_read_does_not_say_when_a_sign_came() -> None:
    samples = looks(10, 14, 20, back=30)
    samples[2].update(alarms={}, unread={"alarms": "denied"})
    samples[3]["alarms"]["shop-errors"]["state"] = "ALARM"
    assert ends(way(samples)) == ("0 s", "20 s")


def test_a_look_that_saw_nothing_of_the_traffic_does_not_say_that_it_was_where_it_was() -> None:
    samples = looks(10, 20, back=30)
    blind = sample(8, green=0, status="InProgress", stage="Install", greens=0)
    samples.insert(1, {**blind, "services": {}, "unread": {"services": "denied"}})
    assert ends(way(samples, 5)) == ("15 s", "25 s")
    samples[-1] = sample(30, green=0, status="InProgress", stage="AllowTraffic", greens=2)
    assert ends(way(samples)) == ("10 s", "30 s")


def test_a_sign_is_not_older_than_the_traffic() -> None:
    samples = looks(10, 20, back=30)
    samples.insert(0, sample(-5, green=0, status="InProgress", stage="Install", greens=0))
    for each in samples:
        each["alarms"]["shop-errors"]["state"] = "ALARM"
    assert ends(way(samples)) == ("10 s", "30 s")


def test_without_a_sign_it_took_from_the_traffic_on() -> None:
    samples = looks(10, 20, back=None)
    samples.append(sample(30, green=0, status="InProgress", stage="AllowTraffic", greens=2))
    assert ends(way(samples)) == ("10 s", "30 s")


def require(found: WayBack, criterion: Criterion = SOON) -> None:
    criterion.require(found.took)


def test_traffic_that_was_never_seen_back_breaks_a_bound_that_it_is_over_already() -> None:
    found = way(looks(10, 20, back=None), 11, speed=120)
    assert ends(found) == ("1080 s", "Infinity s")
    with pytest.raises(NotSatisfied, match="1080 s"):
        require(found)


def test_traffic_that_was_never_seen_back_keeps_no_bound() -> None:
    with pytest.raises(Undetermined, match="never seen to be back"):
        require(way(looks(10, 20, back=None), 11))


def test_a_bound_between_the_looks_is_not_kept() -> None:
    samples = looks(10, 14, 20, back=30)
    samples[2]["alarms"]["shop-errors"]["state"] = "ALARM"
    with pytest.raises(NotSatisfied, match="300–1000 s"):
        require(way(samples, speed=50))


def test_each_bad_build_that_got_traffic_has_a_way_back() -> None:
    found = ways(looks(10, 20, back=30), "failing-hook")
    assert set(found) == {"failing-in-public", "failing-hook"}
    silent = ways(looks(10, 20, back=30), "failing-hook", stream=None, silent="nobody allowed any")["failing-hook"]
    with pytest.raises(NotObserved, match="nobody allowed any"):
        assert silent.took


def test_whether_a_build_that_can_not_be_read_got_traffic_is_not_known() -> None:
    made = drill()
    made["tried"][1] = {"build": "failing-hook", "expects": "rolled back", "unreadable": "denied"}
    found = {way.subject: way for way in way_back_facts(made)}
    with pytest.raises(NotObserved, match="denied"):
        assert found["build failing-hook"].took
