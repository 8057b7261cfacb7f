"""Simulations with fixed seeds: who is within the limit is left alone, who clearly is not is stopped at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import pytest

from prodgate.load.early_stop import (
    LEAST,
    LOOKS,
    MIN_SECONDS,
    SILENT,
    OutageWatch,
    find_broken,
    find_clear_failure,
    find_silence,
    is_clearly_too_many,
)
from prodgate.load.profile import Profile

Second = Callable[[np.random.Generator], tuple[int, int]]
Seconds = Callable[[np.random.Generator, int], Iterator[tuple[int, int]]]
SIZE = 100


def independent(share: float) -> Second:
    return lambda random: (SIZE, int(random.binomial(SIZE, share)))


def stalling(share: float, *, depth: float = 1.0) -> Second:
    """Return seconds of which some are bad: in those ``depth`` of the requests are, in the others none."""
    return lambda random: (SIZE, int(random.binomial(SIZE, depth)) if random.random() < share / depth else 0)


def each(second: Second) -> Seconds:
    return lambda random, length: (second(random) for _ in range(length))


def spells(share: float, *, lasting: int, depth: float) -> Seconds:
    """Return seconds with spells of several in which ``depth`` of the requests are bad."""
    begins = share / depth / lasting / (1 - share / depth)

    def come(random: np.random.Generator, length: int) -> Iterator[tuple[int, int]]:
        left = 0
        for _ in range(length):
            left = lasting if not left and random.random() < begins else left
            yield SIZE, int(random.binomial(SIZE, depth)) if left else 0
            left = max(0, left - 1)

    return come


def stops(come: Seconds, limit: float, *, runs: int, length: int) -> list[int]:
    """Return the second at which each run was stopped that was."""

    def when(seed: int) -> Iterator[int]:
        seconds: list[tuple[int, int]] = []
        for number, second in enumerate(come(np.random.default_rng(seed), length), start=1):
            seconds.append(second)
            if is_clearly_too_many(seconds, limit):
                yield number
                return

    return [number for seed in range(runs) for number in when(seed)]


WITHIN: dict[str, Seconds] = {
    "at the limit": each(independent(0.05)),
    "4 %": each(independent(0.04)),
    "4 % in whole seconds": each(stalling(0.04)),
    "4 % in half seconds": each(stalling(0.04, depth=0.5)),
    "at the limit in whole seconds": each(stalling(0.05)),
    "4 % in spells of three seconds": spells(0.04, lasting=3, depth=1.0),
    "4 % in spells of five seconds": spells(0.04, lasting=5, depth=1.0),
}


@pytest.mark.parametrize("come", WITHIN.values(), ids=WITHIN)
def test_a_run_within_its_limit_is_hardly_ever_stopped(come: Seconds) -> None:
    assert len(stops(come, 0.05, runs=150, length=60)) <= 3


def test_errors_within_their_limit_stop_nothing() -> None:
    assert len(stops(each(independent(0.001)), 0.001, runs=100, length=60)) <= 2


@pytest.mark.parametrize(
    ("second", "limit", "within"),
    [(independent(0.2), 0.05, 8), (independent(0.5), 0.001, 8), (stalling(0.2, depth=0.5), 0.05, 30)],
    ids=["20 % slow", "half fails", "20 % slow in half seconds"],
)
def test_a_clear_failure_is_stopped_within_seconds(second: Second, limit: float, within: int) -> None:
    stopped = stops(each(second), limit, runs=20, length=60)
    assert len(stopped) >= 18
    assert MIN_SECONDS <= median(stopped) <= within


def test_nothing_is_stopped_before_seconds_can_differ() -> None:
    assert not is_clearly_too_many([(100, 100)] * (MIN_SECONDS - 1), 0.05)
    assert is_clearly_too_many([(100, 100)] * MIN_SECONDS, 0.05)


def test_one_standstill_proves_nothing() -> None:
    assert not is_clearly_too_many([(100, 0)] * 3 + [(100, 100)] * 2 + [(100, 0)] * 3, 0.05)


def looked(*looks: tuple[int, int]) -> list[str]:
    """Return what each look said; a look is (requests that ended since the one before, how many of them failed)."""
    watch, ended, failed, said = OutageWatch(), 0, 0, []
    for more, bad in looks:
        ended, failed = ended + more, failed + bad
        said.append(watch.look(ended, failed))
    return said


@pytest.mark.parametrize(
    "looks",
    [
        [(100, 100)] * (LOOKS - 1) + [(100, 40)] + [(100, 100)] * (LOOKS - 1),
        [(100, 50)] * 20,
        [(LEAST // LOOKS - 1, LEAST // LOOKS - 1)] * LOOKS,
        [(0, 0)] * 20,
    ],
    ids=["two short outages", "half of two hosts", "a handful", "nothing ended"],
)
def test_a_site_that_may_recover_is_not_called_broken(looks: list[tuple[int, int]]) -> None:
    assert not any(looked(*looks))


@pytest.mark.parametrize("pause", [0, 1], ids=["without a pause", "with a look at which nothing had ended"])
def test_a_site_is_broken_when_most_requests_of_a_few_seconds_fail(pause: int) -> None:
    said = looked((100, 1), (100, 60), *[(0, 0)] * pause, (100, 90), (100, 100))
    assert said[:-1] == [""] * (len(said) - 1)
    assert said[-1] == "the site is broken: of the last 300 requests 250 failed"


def test_a_site_of_which_clearly_a_twentieth_fails_is_broken_whatever_was_stated() -> None:
    assert find_broken([(100, 30, 30)] * 8) == "the site is broken: of all 800 requests 240 failed"
    assert find_broken([(100, 100, 3)] * 60) == ""


@pytest.mark.parametrize(("share", "within"), [(0.4, 20), (0.25, 25), (0.1, 30)])
def test_a_site_that_breaks_after_ten_good_minutes_is_broken_within_half_a_minute(share: float, within: int) -> None:
    """Of all requests until then it is a small part, and a part that came at once: neither excuses it."""
    chance, seconds = np.random.default_rng(20261128), [(90, 0, 0)] * 540
    for _ in range(within):
        bad = int(chance.binomial(90, share))
        seconds.append((90, bad, bad))
        if said := find_broken(seconds):
            break
    assert said.startswith("the site is broken: of the last 30 s 2,700 requests ")


@pytest.mark.parametrize(
    ("share", "lasting"), [(1.0, 2), (0.4, 5), (0.2, 8)], ids=["all for 2 s", "some for 5 s", "a fifth for 8 s"]
)
def test_a_site_that_recovers_is_not_called_broken(share: float, lasting: int) -> None:
    chance, seconds = np.random.default_rng(20261128), list[tuple[int, int, int]]()
    for second in range(120):
        bad = int(chance.binomial(90, share if 60 <= second < 60 + lasting else 0.0005))
        seconds.append((90, bad, bad))
        assert find_broken(seconds) == ""


def test_a_site_that_hangs_is_broken_before_anything_times_out() -> None:
    profile = Profile(name="x", rate=50, duration=60, timeout=60, slow=0.2)
    assert (
        find_silence([(250, SILENT)], profile) == "the site is broken: for 5 s nothing came back to any of 250 requests"
    )
    assert find_silence([(250, SILENT - 0.1)], profile) == ""
    assert find_silence([(LEAST - 1, 30.0)], profile) == "", "a handful may wait for one thing"
    assert find_silence([(250, 9.0), (0, 0.0)], profile) == "", "another worker is answered"
    assert find_silence([(250, 9.0)], Profile(name="x", rate=50, duration=60, slow=3.0)) == "", "so slow may it be"
    assert find_silence([], profile) == ""


def test_what_failed_is_said() -> None:
    profile = Profile(name="x", rate=100, duration=60, slow=0.2, slow_share=0.05, failed_share=0.001)
    assert find_clear_failure([(100, 30, 0)] * 8, profile) == "240 of 800 requests were slower than 200 ms or failed"
    assert find_clear_failure([(100, 30, 20)] * 8, profile) == "160 of 800 requests failed"
    assert find_clear_failure([(100, 1, 0)] * 8, profile) == ""
    assert find_clear_failure([(100, 99, 99)] * 8, Profile(name="watch", rate=100, duration=60)) == ""
