from __future__ import annotations

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.load.profile import Profile
from prodgate.load.schedule import arrivals, count_arrivals, host_index

PROFILE = Profile(name="steady", rate=50.0, duration=20.0, warm_up=2.0)


def test_the_planned_number_comes_in_its_time() -> None:
    came = list(arrivals(PROFILE))
    measured = [each for each in came if each.number >= 0]
    assert (len(came), len(measured), count_arrivals(PROFILE)) == (1075, 1000, 1000)
    assert [each.at for each in came] == sorted(each.at for each in came)
    assert all(0 <= each.at < 2 for each in came if each.number < 0)
    assert all(2 <= each.at < 22 for each in measured)


def test_gaps_are_those_of_independent_arrivals() -> None:
    times = [each.at for each in arrivals(PROFILE) if each.number >= 0]
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert spread / mean == pytest.approx(1.0, abs=0.15)  # as of exponential gaps; 0 of a constant pace


def by_second(profile: Profile) -> list[int]:
    counts = [0] * int(profile.seconds)
    for each in arrivals(profile):
        counts[int(each.at)] += 1
    return counts


def test_no_load_begins_at_its_rate() -> None:
    """The first seconds of a warm-up, or of a surge that is judged from its beginning, bring far fewer than the last."""
    warmed = Profile(name="steady", rate=200.0, duration=10.0, warm_up=10.0)
    surge = Profile(name="surge", rate=200.0, duration=15.0, warm_up=0.0, climb=5.0)
    assert by_second(warmed)[:5] == pytest.approx([20, 60, 100, 140, 180], abs=40)
    assert by_second(surge)[:5] == pytest.approx([20, 60, 100, 140, 180], abs=40)
    assert sum(by_second(surge)) == count_arrivals(surge) == 2500
    for profile in (warmed, surge):
        assert by_second(profile)[5:] == pytest.approx([200] * (len(by_second(profile)) - 5), abs=60)


@given(workers=st.integers(1, 7), seed=st.integers(0, 99))
def test_workers_share_one_schedule(workers: int, seed: int) -> None:
    profile = Profile(name="x", rate=20.0, duration=2.0, warm_up=1.0, seed=seed)
    shares = [list(arrivals(profile, worker=each, workers=workers)) for each in range(workers)]
    assert sorted(chain(*shares), key=lambda each: each.number) == list(arrivals(profile))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(workers=st.integers(1, 7), worker=st.integers(0, 6))
def test_every_worker_alternates_between_the_hosts(workers: int, worker: int) -> None:
    numbers = range(worker % workers, 200, workers)
    sides = [host_index(number, workers=workers, hosts=2) for number in numbers]
    assert all(first != second for first, second in pairwise(sides))
    assert {host_index(number, workers=workers, hosts=1) for number in numbers} == {0}


def test_a_seed_gives_the_same_arrivals_and_another_one_others() -> None:
    same, other = Profile(**PROFILE.to_json()), Profile(**{**PROFILE.to_json(), "seed": 2})
    assert list(arrivals(same)) == list(arrivals(PROFILE)) != list(arrivals(other))


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 0.0), ("duration", -1.0), ("timeout", 0.0), ("open_at_once", 0), ("warm_up", -0.1), ("climb", 21.0)],
)
def test_a_load_that_cannot_be_made_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"load profile 'steady': {name} is {value}; it must"):
        Profile(**{**PROFILE.to_json(), name: value})
