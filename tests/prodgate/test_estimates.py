"""An estimate says what its value may be instead, and a criterion compares the whole of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from prodgate import estimates
from prodgate.estimates import Estimate
from prodgate.findings import Concluded, NotSatisfied, Outcome, Undetermined
from prodgate.judgement import open_judgement
from prodgate.quantities import Bound, Quantity, UnitError

from .samples import criterion

SURE = Quantity.parse("95 %")
FAST = criterion("latency-p95", bound=Bound.parse("< 200 ms"), samples=1000, confidence=SURE, decides="bound")
BY_POINT = criterion("latency-p95", bound=Bound.parse("< 200 ms"), samples=1000)
NONE = criterion("zero-downtime-deploy", bound=Bound.parse("== 0"), samples=2995)


def estimate(value: str, low: str, high: str, **changes: Any) -> Estimate:
    given = {"samples": 4000, "effective": 4000, "confidence": SURE, **changes}
    return Estimate(value=Quantity.parse(value), low=Quantity.parse(low), high=Quantity.parse(high), **given)


def outcome(asked: Any, observed: Estimate) -> Outcome:
    try:
        asked.require(observed)
    except Concluded as ended:
        return ended.conclusion.outcome
    return Outcome.SATISFIED


BELOW, ACROSS, ABOVE = (estimate(f"{middle} ms", f"{middle - 9} ms", f"{middle + 9} ms") for middle in (180, 195, 220))


@pytest.mark.parametrize(
    ("asked", "observed", "expected"),
    [
        (FAST, BELOW, Outcome.SATISFIED),
        (FAST, ACROSS, Outcome.UNDETERMINED),
        (FAST, estimate("205 ms", "196 ms", "214 ms"), Outcome.UNDETERMINED),
        (FAST, ABOVE, Outcome.NOT_SATISFIED),
        (FAST, estimate("220 ms", "200 ms", "230 ms"), Outcome.NOT_SATISFIED),
        (BY_POINT, ACROSS, Outcome.SATISFIED),
        (BY_POINT, estimate("205 ms", "196 ms", "214 ms"), Outcome.NOT_SATISFIED),
        (FAST, estimate("180 ms", "171 ms", "189 ms", samples=999), Outcome.UNDETERMINED),
        (BY_POINT, estimate("180 ms", "171 ms", "189 ms", samples=999), Outcome.UNDETERMINED),
        (BY_POINT, estimate("205 ms", "196 ms", "214 ms", samples=999), Outcome.UNDETERMINED),
        (BY_POINT, estimate("220 ms", "211 ms", "229 ms", samples=999), Outcome.NOT_SATISFIED),
        (FAST, estimate("180 ms", "171 ms", "189 ms", unfinished="stopped"), Outcome.UNDETERMINED),
        (FAST, estimate("220 ms", "211 ms", "229 ms", unfinished="stopped"), Outcome.NOT_SATISFIED),
    ],
)
def test_the_whole_interval_decides_or_the_point_where_that_is_asked(
    asked: Any, observed: Estimate, expected: Outcome
) -> None:
    assert outcome(asked, observed) is expected


@pytest.mark.parametrize("asked", [FAST, BY_POINT, NONE, criterion(bound=Bound.parse("< 1"), samples=0)])
def test_nothing_observed_decides_nothing(asked: Any) -> None:
    unit = asked.bound.limit.unit
    empty = estimate(f"0 {unit}", f"0 {unit}", f"0 {unit}", samples=0, effective=0)
    assert outcome(asked, empty) is Outcome.UNDETERMINED
    assert outcome(asked, estimate(f"999 {unit}", f"999 {unit}", f"999 {unit}", samples=0)) is Outcome.UNDETERMINED


def test_what_was_compared_is_shown() -> None:
    with open_judgement() as judgement:
        FAST.require(BELOW)
    assert judgement.compared[0].observed == "180 ms (95 % each end: 171–189 ms, 4,000 requests)"
    with pytest.raises(Undetermined) as undecided:
        FAST.require(estimate("195 ms", "186 ms", "204 ms", settles="900 more requests like these would settle it"))
    assert undecided.value.conclusion.reason == (
        "the bound may hold or not within the interval; 900 more requests like these would settle it"
    )
    assert undecided.value.conclusion.observed == "195 ms (95 % each end: 186–204 ms, 4,000 requests)"


def test_a_criterion_that_the_bound_decides_takes_no_bare_value() -> None:
    with pytest.raises(TypeError, match="give an Estimate"):
        FAST.require(Quantity.parse("180 ms"), samples=4000)


def test_a_value_that_must_be_exact_is_refused_only_where_no_part_of_the_interval_is_it() -> None:
    exact = Bound.parse("== 5")
    assert estimate("6", "6", "8").is_outside(exact)
    assert not estimate("6", "4", "8").is_outside(exact)
    assert not estimate("6", "4", "8").is_within(exact)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (estimate("0.05 %", "0.0123456 %", "0.0999753 %"), "0.05 % (95 % each end: 0.01234–0.09998 %, 4,000 requests)"),
        (estimate("5 %", "2 %", "9 %", effective=812, of="runs"), "5 % (95 % each end: 2–9 %, 4,000 runs, worth 812)"),
        (estimate("3", "3", "3", detail="3 refused"), "3 (4,000 requests; 3 refused)"),
        (estimate("12345.6", "12345.6", "12345.6"), "12350 (4,000 requests)"),
    ],
)
def test_it_reads_as_a_person_would_say_it(shown: Estimate, text: str) -> None:
    assert str(shown) == text


def test_a_share_between_its_ends_says_what_would_settle_it() -> None:
    failed = estimates.estimate_share([1, 0, 2, 0, 1] * 8, 4000, bound=Bound.parse("< 1 %"), confidence=SURE)
    assert failed.value.base == Decimal("0.008")
    assert failed.low.base < Decimal("0.008") < Decimal("0.01") < failed.high.base
    assert failed.settles == "2,903 more requests like these would settle it"


@pytest.mark.parametrize(("trials", "settles"), [(2994, "1 more requests like these would settle it"), (2995, "")])
def test_no_failure_in_2995_requests_is_just_enough_for_one_in_a_thousand(trials: int, settles: str) -> None:
    asked = criterion("error-rate", bound=Bound.parse("< 0.1 %"), confidence=SURE, decides="bound")
    observed = estimates.estimate_share([0] * 40, trials, bound=Bound.parse("< 0.1 %"), confidence=SURE)
    assert observed.settles == settles
    assert outcome(asked, observed) is (Outcome.UNDETERMINED if settles else Outcome.SATISFIED)


def test_a_share_that_is_the_limit_is_never_settled() -> None:
    observed = estimates.estimate_share([5] * 40, 4000, bound=Bound.parse("< 5 %"), confidence=SURE)
    assert observed.settles == "no number of requests like these would settle it"


def test_nothing_is_estimated_for_a_bound_on_something_else() -> None:
    with pytest.raises(UnitError, match="not a share"):
        estimates.estimate_share([0], 10, bound=Bound.parse("< 5 ms"), confidence=SURE)


def test_a_rate_rests_on_independent_trials() -> None:
    asked = criterion("surge-cache-hit-rate", bound=Bound.parse(">= 80 %"), confidence=SURE, decides="bound")
    for hits, expected in ((85, Outcome.SATISFIED), (81, Outcome.UNDETERMINED), (75, Outcome.NOT_SATISFIED)):
        observed = estimates.estimate_rate(
            Quantity.of(hits, "%"), 1000, bound=Bound.parse(">= 80 %"), confidence=SURE, of="requests"
        )
        assert outcome(asked, observed) is expected


def percentile(latencies: list[int], failed: int = 0, bound: str = "< 200 ms") -> Estimate:
    return estimates.estimate_percentile(
        lambda latency: [sum(took > latency for took in latencies[start::10]) for start in range(10)] + [failed],
        sorted(set(latencies)),
        len(latencies) + failed,
        slowest=Decimal("0.05"),
        bound=Bound.parse(bound),
        confidence=SURE,
    )


@pytest.mark.parametrize("bound", ["< 200 ms", "<= 199.9 ms"])
@pytest.mark.parametrize("slow", range(20, 90, 3))
def test_a_limit_lies_outside_of_the_interval_exactly_when_the_count_over_it_decides(slow: int, bound: str) -> None:
    """The order statistics that bound a percentile and the test of the share over a limit are one thing."""
    spread = [1000 + number % 900 for number in range(1000 - slow)]
    observed = percentile(spread + [2000] * slow, bound=bound)
    share = estimates.estimate_share(
        [sum(took >= 2000 for took in (spread + [2000] * slow)[start::10]) for start in range(10)] + [0],
        1000,
        bound=Bound.parse("<= 5 %"),
        confidence=SURE,
    )
    assert observed.is_within(Bound.parse(bound)) is share.is_within(Bound.parse("<= 5 %"))
    assert observed.is_outside(Bound.parse(bound)) is share.is_outside(Bound.parse("<= 5 %"))
    assert observed.settles == share.settles


def test_failures_are_slower_than_anything() -> None:
    observed = percentile([1000] * 900, failed=100)
    assert not observed.value.magnitude.is_finite()
    assert str(observed).startswith("∞ ms (95 % each end: ")
    assert percentile([1000] * 999, failed=1).value == Quantity.parse("100 ms")


def test_a_percentile_of_nothing_may_be_anything() -> None:
    observed = percentile([])
    assert (str(observed.low), str(observed.high.magnitude), observed.samples) == ("0 ms", "Infinity", 0)
    with pytest.raises(Undetermined, match="none of 1,000 samples"):
        FAST.require(observed)


def test_a_count_that_may_have_missed_some_can_only_grow() -> None:
    NONE.require(estimates.exact_count(0, samples=2995))
    with pytest.raises(NotSatisfied):
        NONE.require(estimates.exact_count(1, samples=5))
    with pytest.raises(Undetermined, match="stopped early"):
        NONE.require(estimates.exact_count(0, samples=2995, unfinished="stopped early"))
    assert str(estimates.exact_count(0, samples=9, unfinished="cut")) == "0 (100 % each end: 0–∞, 9 requests)"
