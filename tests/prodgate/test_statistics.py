"""Bounds of a share: exact where trials are independent, honest where those of one second share their fate."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binomtest

from prodgate.statistics import (
    chance_of_greater,
    clustered_interval,
    effective_trials,
    exact_interval,
    further_trials,
    is_above,
    is_below,
    longest_spell,
    nearest_rank,
)

LIMIT, SURE = 0.05, 0.95
#: Runs of each simulation, and by how much a share of so many may miss the true one by chance (three standard errors).
RUNS, CHANCE = 400, 0.033


@given(st.lists(st.integers(0, 50)), st.integers(0, 9), st.integers(1, 1000))
def test_the_nearest_rank_is_that_of_all_values_in_order(values: list[int], beyond: int, mille: int) -> None:
    every: list[int | None] = [*sorted(values), *[None] * beyond]
    wanted = every[-(-mille * len(every) // 1000) - 1] if every else None
    assert nearest_rank({value: values.count(value) for value in values}, mille, beyond=beyond) == wanted


@pytest.mark.parametrize(
    ("bad", "trials", "low", "high"),
    [
        (0, 299, 0, 0.00997),
        (0, 120, 0, 0.02466),
        (100, 1000, 0.08478, 0.11700),
        (200, 1000, 0.17937, 0.22196),
        (5, 10, 0.22244, 0.77756),
        (3, 2995, 0.00027, 0.00259),
        (750_000, 5_000_000, 0.14974, 0.15026),
        (10, 10, 0.74113, 1),
        (0, 0, 0, 1),
    ],
)
def test_the_ends_are_the_exact_ones(bad: int, trials: int, low: float, high: float) -> None:
    assert exact_interval(bad, trials, SURE) == pytest.approx((low, high), abs=1e-5)


@pytest.mark.parametrize(("bad", "trials"), [(0, 30), (1, 30), (7, 30), (29, 30)])
def test_the_ends_are_where_the_binomial_tails_are_what_is_left_of_the_confidence(bad: int, trials: int) -> None:
    low, high = exact_interval(bad, trials, SURE)
    assert _tail(high, trials, range(bad + 1)) == pytest.approx(1 - SURE)
    if bad:
        assert _tail(low, trials, range(bad, trials + 1)) == pytest.approx(1 - SURE)


def _tail(share: float, trials: int, counts: Sequence[int]) -> float:
    return sum(comb(trials, count) * share**count * (1 - share) ** (trials - count) for count in counts)


@given(trials=st.integers(1, 400), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=50)
def test_the_ends_are_those_of_scipy(trials: int, share: float, confidence: float) -> None:
    bad = round(share * trials)
    theirs = binomtest(bad, trials).proportion_ci(confidence_level=2 * confidence - 1, method="exact")
    assert exact_interval(bad, trials, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(
    ("earlier", "later", "off"),
    [
        ([1, 2, 3], [4, 5, 6, 7], 0),
        ([1, 4, 6], [2, 3, 5, 7], 0),
        ([4, 5, 6], [1, 2, 3], 0),
        ([3], [1, 2], 0),
        ([1] * 19 + [2], [1] * 15 + [2] * 5, 0),
        ([1, 2, 3, 4] * 5, [2, 3, 4, 4] * 5, 0),
        ([*range(0, 180, 3)], [*range(5, 250, 4)], 0.001),  # so many are approximated
    ],
)
def test_ranks_are_as_rare_as_among_all_ways_to_draw_them(earlier: list[int], later: list[int], off: float) -> None:
    every = [*earlier, *later]
    doubled = {value: 2 * sorted(every).index(value) + every.count(value) + 1 for value in every}  # twice the mean rank
    ways = {(0, 0): 1}
    for value in every:
        ways = Counter(ways) + Counter({(n + 1, total + doubled[value]): count for (n, total), count in ways.items()})
    least = sum(doubled[value] for value in later)
    wanted = sum(ways[at] for at in ways if at[0] == len(later) and at[1] >= least) / comb(len(every), len(later))
    assert chance_of_greater(earlier, later) == pytest.approx(wanted, abs=off or 1e-9)


def test_without_scipy_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ModuleNotFoundError, match=r"numpy is not installed, .*; pip install 'prod-gate\[load\]'"):
        exact_interval(0, 2995, 0.95)


@pytest.mark.parametrize(("bad", "trials"), [(4, 4000), (0, 2995)], ids=["evenly", "none"])
def test_bad_trials_that_come_evenly_or_not_at_all_are_worth_what_they_are(bad: int, trials: int) -> None:
    assert effective_trials([bad] * 40, trials, SURE) == trials
    assert clustered_interval([bad] * 40, trials, SURE) == pytest.approx(exact_interval(40 * bad, trials, SURE))


def test_bad_trials_that_come_together_are_worth_little_more_than_one() -> None:
    together = [100, *[0] * 39]
    assert 35 < effective_trials(together, 4000, SURE) < 45
    low, high = clustered_interval(together, 4000, SURE)
    assert low < exact_interval(100, 4000, SURE)[0] < exact_interval(100, 4000, SURE)[1] < high


def test_the_fewer_seconds_tell_of_clusters_the_less_is_concluded() -> None:
    assert clustered_interval([80], 100, SURE)[1] == pytest.approx(1, abs=0.01)
    assert not is_above([80], 100, LIMIT, SURE)
    assert effective_trials([80], 100, SURE) == 1
    widths = [clustered_interval([3, 9] * half, 200 * half, SURE)[1] for half in (1, 2, 10)]
    assert widths == sorted(widths, reverse=True)
    assert is_above([82, 79, 85], 300, LIMIT, SURE), "three seconds that agree are enough to convict"


seconds = st.lists(st.integers(0, 12), min_size=1, max_size=12)


@given(bad=seconds, more=st.lists(st.integers(0, 12), min_size=12, max_size=12))
@settings(max_examples=200, deadline=None)
def test_more_bad_trials_never_lower_an_end(bad: list[int], more: list[int]) -> None:
    worse = [min(12, one + another) for one, another in zip(bad, more, strict=False)]
    before, after = (clustered_interval(each, 12 * len(bad), SURE) for each in (bad, worse))
    assert before[0] <= after[0] + 1e-12
    assert before[1] <= after[1] + 1e-12


@given(bad=seconds)
@settings(max_examples=100, deadline=None)
def test_the_order_of_seconds_is_irrelevant(bad: list[int]) -> None:
    assert clustered_interval(bad, 12 * len(bad), SURE) == clustered_interval(sorted(bad), 12 * len(bad), SURE)


@given(bad=seconds, limit=st.floats(0.001, 0.999))
@settings(max_examples=200, deadline=None)
def test_asking_about_one_limit_is_asking_for_the_ends(bad: list[int], limit: float) -> None:
    low, high = clustered_interval(bad, 12 * len(bad), SURE)
    assert is_below(bad, 12 * len(bad), limit, SURE) is (high <= limit) or high == pytest.approx(limit)
    assert is_above(bad, 12 * len(bad), limit, SURE) is (low > limit) or low == pytest.approx(limit)


def test_with_nothing_bad_a_window_must_be_as_many_times_as_long_as_trials_are_needed() -> None:
    needed = np.log(1 - SURE) / np.log(1 - LIMIT)
    assert longest_spell(0, 10**9, 600, LIMIT, SURE) == pytest.approx(600 / needed, rel=1e-6)
    assert longest_spell(0, 59, 600, LIMIT, SURE) == pytest.approx(600 / needed - 600 / 59)
    assert longest_spell(0, 58, 600, LIMIT, SURE) == 0, "too few trials, were they independent"
    assert longest_spell(50, 1000, 600, LIMIT, SURE) == longest_spell(0, 0, 600, LIMIT, SURE) == 0


@pytest.mark.parametrize(("bad", "trials"), [(1, 93), (8, 300), (38, 1000)])
def test_the_longest_spell_is_where_the_binomial_tail_is_what_is_left_of_the_confidence(bad: int, trials: int) -> None:
    """Of so many thousands of trials, ``trials`` independent ones are left: their tail, summed term by term."""
    spell = longest_spell(bad * 1000, trials * 1000, 1000, LIMIT, SURE)
    worth = 1 / (spell / 1000 + 1 / (trials * 1000))
    assert _tail(LIMIT, trials, range(bad + 1)) <= 1 - SURE
    assert trials - bad / LIMIT < worth <= trials, (spell, worth)


def spells(chance: np.random.Generator, length: float, singly: float) -> list[int]:
    """A run of 600 s with 90 requests in each: all slow in spells of a length, in the others a part; 5.2 % in all."""
    within = (0.052 - singly) / (1 - singly)
    begins = chance.uniform(-length, 600, chance.poisson(-np.log1p(-within) / length * (600 + length)))
    at = (np.arange(6000) + 0.5) / 10
    still = ((at[:, None] >= begins) & (at[:, None] < begins + length)).any(axis=1)
    return [int(one) for one in chance.binomial(9, np.where(still, 1, singly)).reshape(600, 10).sum(axis=1)]


@pytest.mark.parametrize(("length", "singly"), [(1, 0), (9, 0), (1, 0.026), (5, 0.026), (30, 0.026)])
def test_a_pass_that_says_that_it_holds_for_a_disturbance_is_seldom_false(length: float, singly: float) -> None:
    chance, passed, held = np.random.default_rng(20261127), 0, 0
    for _ in range(150):
        bad = spells(chance, length, singly)
        passed += (passes := is_below(bad, 54_000, LIMIT, SURE))
        held += passes and longest_spell(sum(bad), 54_000, 600, LIMIT, SURE) >= length
    assert held / 150 < 1 - SURE + 3 * (0.05 * 0.95 / 150) ** 0.5
    assert passed / 150 > 0.3 or length < 30, "without saying so it would be"


Shares = Callable[[np.random.Generator], Any]


def naive(bad: Sequence[int], trials: int) -> bool:
    """Whether a test that treats all requests as independent lets a run pass."""
    return exact_interval(sum(bad), trials, SURE)[1] <= LIMIT


def simulated(per_second: Shares) -> Iterator[list[int]]:
    """Runs of 100 requests in each second, of which the given share is slow."""
    chance = np.random.default_rng(20261126)
    for _ in range(RUNS):
        yield [int(count) for count in np.atleast_1d(chance.binomial(100, per_second(chance)))]


def judged(per_second: Shares) -> tuple[float, float, float]:
    """Which shares of simulated runs pass, fail, and pass a naive test."""
    runs = [(bad, 100 * len(bad)) for bad in simulated(per_second)]
    passed, failed = (sum(judge(*run, LIMIT, SURE) for run in runs) for judge in (is_below, is_above))
    return passed / RUNS, failed / RUNS, sum(naive(*run) for run in runs) / RUNS


def steady(share: float) -> Shares:
    return lambda _chance: [share] * 40


def stalling(within: float, share: float = LIMIT, seconds: int = 80) -> Shares:
    """In some seconds that share of requests is slow, in the others none, and in all of them ``share``."""
    return lambda chance: within * (chance.random(seconds) < share / within)


def test_just_within_the_limit_passes_and_just_over_it_fails() -> None:
    passed, failed, _ = judged(steady(0.039))
    assert passed > 0.9
    assert failed == 0
    passed, failed, _ = judged(steady(0.062))
    assert passed == 0
    assert failed > 0.9


def test_at_the_limit_no_more_pass_or_fail_than_the_confidence_leaves() -> None:
    passed, failed, _ = judged(steady(LIMIT))
    assert passed < 1 - SURE + CHANCE
    assert failed < 1 - SURE + CHANCE


@pytest.mark.parametrize("within", [0.5, 0.3])
def test_stalls_do_not_pass_for_independent_requests(within: float) -> None:
    passed, failed, naively = judged(stalling(within))
    assert naively > 0.2, "a binomial test lets far more of these pass than the 5 % that it states"
    assert passed < 1 - SURE + CHANCE
    assert failed < 1 - SURE + CHANCE


def standing_still(length: int, within: float, seconds: int) -> Shares:
    """In spells of some seconds that share of requests is slow, in the others none, and in all of them LIMIT."""
    start = 1 - (1 - LIMIT / within) ** (1 / length)

    def shares(chance: np.random.Generator) -> Any:
        starts = chance.random(seconds + length - 1) < start
        return within * np.lib.stride_tricks.sliding_window_view(starts, length).any(axis=1)

    return shares


@pytest.mark.slow
@pytest.mark.parametrize(("length", "within"), [(4, 0.3), (8, 0.2)])
def test_spells_of_several_seconds_do_not_pass_for_independent_seconds(length: int, within: float) -> None:
    passed, failed, naively = judged(standing_still(length, within, 128))
    assert naively > 0.35
    for wrong in (passed, failed):
        assert wrong < 2 * (1 - SURE) + CHANCE, "with some 15 spells to compare twice the 5 % is what can be had"


def test_longer_spells_are_looked_for_only_where_there_are_enough_to_compare() -> None:
    bad = [0, 0, 9, 9] * 10
    assert effective_trials(bad[:28], 2800, SURE) > effective_trials(bad, 4000, SURE)


@pytest.mark.parametrize(
    ("share", "trials", "limit", "more"),
    [(0, 120, 0.01, 179), (0, 2994, 0.001, 1), (0.04, 500, 0.05, 832), (0.06, 500, 0.05, 931), (0.05, 500, 0.05, None)],
)
def test_what_would_settle_it_is_the_least_number_that_does(
    share: float, trials: int, limit: float, more: int | None
) -> None:
    def settled(bad: float, all_: float) -> bool:
        low, high = exact_interval(bad, all_, SURE)
        return high < limit or low > limit

    assert further_trials(share, trials, settled) == more
    if more is not None:
        assert settled(share * (trials + more), trials + more)
        assert not settled(share * (trials + more - 1), trials + more - 1)
