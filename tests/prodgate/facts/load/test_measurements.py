"""What a record supports, whatever way it was put together; and what no record supports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prodgate.aws.answers import Unread
from prodgate.criteria import Criterion
from prodgate.estimates import Estimate
from prodgate.facts.load.measurements import Measurements, read_measurements
from prodgate.facts.load.soundness import STAND_IN
from prodgate.findings import Concluded, Outcome
from prodgate.quantities import Bound, Quantity

from ...samples import criterion
from .load_records import cell, failing, record, slow

SURE = {"confidence": Quantity.parse("95 %"), "decides": "bound"}
P95 = criterion("latency-p95", bound=Bound.parse("< 200 ms"), **SURE)
ERRORS = criterion("error-rate", bound=Bound.parse("< 10 %"), **SURE)
FEW = criterion("error-rate", bound=Bound.parse("< 0.1 %"), **SURE)
ASKED: dict[str, tuple[Criterion, Callable[[Measurements, Criterion], Estimate]]] = {
    "p95": (P95, Measurements.p95),
    "errors": (ERRORS, Measurements.failed_share),
}
#: From the worst to the best.
ORDER = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED)


def outcome(found: Measurements, asked: Criterion, estimate: Callable[[Measurements, Criterion], Estimate]) -> Outcome:
    try:
        asked.require(estimate(found, asked))
    except Concluded as ended:
        return ended.conclusion.outcome
    return Outcome.SATISFIED


def outcomes(cells: list[dict[str, Any]], **changes: Any) -> list[Outcome]:
    profile = {"name": "steady", "rate": 20.0, "duration": 1.0}
    found = read_measurements(record(seconds=cells, profile=profile, **changes))
    return [outcome(found, asked, estimate) for asked, estimate in ASKED.values()]


counts = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=8)


def cells(seconds: list[tuple[int, int, int]]) -> list[dict[str, Any]]:
    """Seconds of so many fast, slow and failed requests."""
    return [
        cell(number, {1000: fast, 2500: late}, failed={"timeout": lost})
        for number, (fast, late, lost) in enumerate(seconds)
    ]


@given(seconds=counts, worse=st.data())
@settings(max_examples=120, deadline=None)
def test_more_failures_never_improve_an_outcome(seconds: list[tuple[int, int, int]], worse: st.DataObject) -> None:
    where = worse.draw(st.integers(0, len(seconds) - 1))
    fast, late, lost = seconds[where]
    assume(fast + late)
    turned, slowed = min(fast, worse.draw(st.integers(0, 20))), min(late, worse.draw(st.integers(0, 4)))
    after = [*seconds[:where], (fast - turned, late - slowed, lost + turned + slowed), *seconds[where + 1 :]]
    for before, then in zip(outcomes(cells(seconds)), outcomes(cells(after)), strict=True):
        assert ORDER.index(then) <= ORDER.index(before)


@given(seconds=counts, worse=st.data())
@settings(max_examples=60, deadline=None)
def test_slower_answers_never_improve_the_percentile(seconds: list[tuple[int, int, int]], worse: st.DataObject) -> None:
    where = worse.draw(st.integers(0, len(seconds) - 1))
    fast, late, lost = seconds[where]
    slowed = worse.draw(st.integers(0, fast))
    after = [*seconds[:where], (fast - slowed, late + slowed, lost), *seconds[where + 1 :]]
    assert ORDER.index(outcomes(cells(after))[0]) <= ORDER.index(outcomes(cells(seconds))[0])


@given(seconds=counts, parts=st.data())
@settings(max_examples=60, deadline=None)
def test_that_several_workers_or_requests_share_it_changes_nothing(
    seconds: list[tuple[int, int, int]], parts: st.DataObject
) -> None:
    divided = []
    for second in seconds:
        one = tuple(parts.draw(st.integers(0, number)) for number in second)
        divided.append((one, tuple(number - part for number, part in zip(second, one, strict=True))))
    split = [
        given
        for request in (0, 1)
        for given in (
            {**each, "request": request}
            for each in cells([both[request] for both in divided])  # type: ignore[misc]
        )
    ]
    whole, shared = (
        read_measurements(
            record(seconds=given, workers=[{"name": str(n), "sent": 0, "lost": False} for n in range(workers)])
        )
        for given, workers in ((cells(seconds), 1), (split, 3))
    )
    assert [str(ask(whole, asked)) for asked, ask in ASKED.values()] == [
        str(ask(shared, asked)) for asked, ask in ASKED.values()
    ]


@given(seconds=counts, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_seconds_is_irrelevant(seconds: list[tuple[int, int, int]], order: Any) -> None:
    mixed = order.sample(seconds, len(seconds))
    assert outcomes(cells(mixed), not_sent=3) == outcomes(cells(seconds), not_sent=3)


@pytest.mark.parametrize("duration", [1.0, 40.0])
def test_no_request_satisfies_nothing(duration: float) -> None:
    found = read_measurements(record(seconds=[], profile={"name": "steady", "rate": 1.0, "duration": duration}))
    assert {outcome(found, asked, estimate) for asked, estimate in ASKED.values()} == {Outcome.UNDETERMINED}


def test_what_was_not_sent_counts_as_failed_and_as_a_stall() -> None:
    found = read_measurements(record(not_sent=400))
    assert [outcome(found, asked, estimate) for asked, estimate in ASKED.values()] == [Outcome.UNDETERMINED] * 2
    failed = found.failed_share(ERRORS)
    assert (failed.samples, round(failed.value.magnitude, 2)) == (4400, Decimal("9.09"))
    assert failed.detail == "400 not sent"
    assert failed.effective < 100


def test_that_most_was_not_sent_convicts_as_it_would_if_it_had_failed() -> None:
    unsent = [{"second": second, "not_sent": 75} for second in range(1, 40)]
    cells = [cell(0, {1000: 90}), *(cell(second, {1000: 7}) for second in range(1, 40))]
    found = read_measurements(record(seconds=cells, not_sent=75 * 39, unsent=unsent))
    assert [outcome(found, asked, estimate) for asked, estimate in ASKED.values()] == [Outcome.NOT_SATISFIED] * 2
    stopped = read_measurements(record(seconds=cells[:1], not_sent=75 * 39, unsent=unsent, **STOPPED))
    assert outcome(stopped, ERRORS, Measurements.failed_share) is Outcome.NOT_SATISFIED


@pytest.mark.parametrize(
    ("offered", "said"),
    [("", "by HTTP/1.1"), ("HTTP/1.1", "by HTTP/1.1"), ("HTTP/2", "by HTTP/1.1, where browsers use HTTP/2")],
)
def test_by_which_http_it_was_measured_stands_beside_each_number(offered: str, said: str) -> None:
    found = read_measurements(record(protocol={"used": "HTTP/1.1", "offered": offered}))
    assert [estimate(found, asked).detail for asked, estimate in ASKED.values()] == [
        f"{said}; holds for disturbances up to {spell}" for spell in ("670 ms", "1.3 s")
    ]


def test_a_failure_that_is_fast_does_not_flatter_the_percentile() -> None:
    found = read_measurements(record(seconds=failing([10] * 40)))
    assert outcome(found, P95, Measurements.p95) is Outcome.NOT_SATISFIED


def test_a_site_is_not_convicted_of_the_generators_lateness() -> None:
    late = {"send_lag": {"p50": 0.01, "p99": 0.025, "max": 0.05}, "loop_lag": {"p50": 0.01, "p99": 0.02, "max": 0.03}}
    seconds = slow([20] * 40, took=2200)
    assert outcome(read_measurements(record(seconds=seconds)), P95, Measurements.p95) is Outcome.NOT_SATISFIED
    found = read_measurements(record(seconds=seconds, health=late))
    assert outcome(found, P95, Measurements.p95) is Outcome.UNDETERMINED
    assert found.p95(P95).detail == "sent and received up to 45 ms late"
    assert outcome(read_measurements(record(health=late)), P95, Measurements.p95) is Outcome.SATISFIED


def test_lateness_is_said_in_tenths_of_a_millisecond() -> None:
    late = {"send_lag": {"p50": 0.0, "p99": 0.0054, "max": 0.01}, "loop_lag": {"p50": 0.0, "p99": 0.0064, "max": 0.01}}
    assert str(read_measurements(record(health=late)).late) == "11.8 ms"


def test_the_failures_that_matter_most_are_named() -> None:
    classes = {"timeout": 9, "HTTP 503": 12, "refused": 3, "TLS": 1, "DNS": 1}
    found = read_measurements(record(seconds=[cell(0, {1000: 74}, failed=classes)]))
    assert found.describe_failures() == "12 HTTP 503, 9 timeout, 3 refused, 2 other"


UNSEEN: dict[str, Any] = {"send_lag": {"p50": 0.0, "p99": 0.0, "max": 0.0}}
STOPPED: dict[str, Any] = {
    "complete": False,
    "stopped_early": True,
    "why": "stopped early: 1,600 of 2,000 requests were slower",
}


@pytest.mark.parametrize(
    ("doubtful", "failed", "expected"),
    [
        (0, 0, Outcome.SATISFIED),
        (1, 0, Outcome.SATISFIED),
        (40, 0, Outcome.UNDETERMINED),
        (40, 40, Outcome.NOT_SATISFIED),
    ],
)
def test_what_is_doubtful_convicts_nobody_and_acquits_nobody(doubtful: int, failed: int, expected: Outcome) -> None:
    """The truth lies between what holds when all of it is right and what holds when all of it is wrong."""
    cells = [cell(second, {1000: 100}) for second in range(80)]
    for second in range(doubtful):
        cells[2 * second % 80]["doubtful"] = {"1000": 1}
    for second in range(failed):
        cells[2 * second % 80]["failed"] = {"HTTP 503": 1}
    asked = [{"name": "GET /api", "cacheable": False, "doubt": "it is an array that holds nothing"}]
    found = read_measurements(record(seconds=cells, requests=asked))
    assert outcome(found, FEW, Measurements.failed_share) is expected
    if expected is Outcome.UNDETERMINED:
        said = found.failed_share(FEW).settles
        assert said.startswith(
            "40 answers may be right or wrong, such as GET /api: it is an array that holds nothing; say"
        )


@pytest.mark.parametrize("kind", ["HTTP 429", STAND_IN])
def test_who_is_turned_away_by_what_limits_who_asks_knows_nothing_of_the_site(kind: str) -> None:
    found = read_measurements(record(seconds=failing([50] * 40, kind)))
    assert outcome(found, P95, Measurements.p95) is Outcome.UNDETERMINED
    assert outcome(found, FEW, Measurements.failed_share) is Outcome.UNDETERMINED
    assert "let the generator's address through" in found.failed_share(FEW).settles
    known = read_measurements(record(seconds=failing([50] * 40, "HTTP 503")))
    assert outcome(known, P95, Measurements.p95) is Outcome.NOT_SATISFIED


def test_a_run_that_was_stopped_early_convicts_and_never_acquits() -> None:
    bad = read_measurements(record(seconds=slow([80] * 20), **STOPPED))
    assert outcome(bad, P95, Measurements.p95) is Outcome.NOT_SATISFIED
    assert outcome(bad, ERRORS, Measurements.failed_share) is Outcome.UNDETERMINED
    assert bad.duration == Quantity.seconds(20)
    good = read_measurements(record(seconds=slow([0] * 20), **STOPPED))
    with pytest.raises(Concluded, match="stopped early: 1,600 of 2,000"):
        P95.require(good.p95(P95))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rate": Quantity.parse("101 /s")}, "the load was 100 /s, at least 101 /s is asked for"),
        ({"window": Quantity.parse("1 min")}, "the load lasted 40 s, at least 1 min is asked for"),
    ],
)
def test_less_load_than_is_asked_for_convicts_and_never_acquits(changes: dict[str, Any], reason: str) -> None:
    asked = criterion("latency-p95", bound=Bound.parse("< 200 ms"), **SURE, **changes)
    with pytest.raises(Concluded, match=reason):
        asked.require(read_measurements(record()).p95(asked))
    assert outcome(read_measurements(record(seconds=slow([80] * 40))), asked, Measurements.p95) is Outcome.NOT_SATISFIED
    enough = criterion(
        "latency-p95",
        bound=Bound.parse("< 200 ms"),
        rate=Quantity.parse("100 /s"),
        window=Quantity.parse("40 s"),
        **SURE,
    )
    assert outcome(read_measurements(record()), enough, Measurements.p95) is Outcome.SATISFIED


def test_a_real_run_must_hold_for_the_disturbances_that_are_asked_and_a_rehearsal_says_for_which_it_does() -> None:
    asked = criterion("latency-p95", bound=Bound.parse("< 200 ms"), disturbances=Quantity.parse("1 s"), **SURE)
    found = read_measurements(record())
    with pytest.raises(Concluded, match=r"up to 670 ms, 1 s is asked for; let the load last 60 s"):
        asked.require(found.p95(asked))
    screen = replace(found, screen=True).p95(asked)
    asked.require(screen)
    assert screen.detail == "holds for disturbances up to 670 ms, a screen: 1 s is asked of a real run"
    cells = [cell(second, {1000: 100}) for second in range(60)]
    longer = read_measurements(record(seconds=cells, profile={"name": "steady", "rate": 100.0, "duration": 60.0}))
    asked.require(longer.p95(asked))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 2}, "the record has format 2, and this version reads 1"),
        ({"complete": False, "why": "interrupted"}, "the load did not run to its end: interrupted"),
        ({"complete": False}, "no reason is known"),
        ({"workers": [{"name": "two", "sent": 9, "lost": True}]}, "worker 'two' was lost"),
        ({"health": {"sick": ["send lag"], "advice": "rest"}}, "the generator was the bottleneck: send lag; rest"),
        ({**STOPPED, "health": {"sick": ["send lag"], "advice": "rest"}}, "the generator was the bottleneck"),
        ({"health": UNSEEN}, "nothing was measured of the generator itself"),
        ({**STOPPED, "health": UNSEEN}, "nothing was measured of the generator itself"),
        ({"planned": 4001}, "4,001 arrivals were planned, 4,000 sent and 0 not: the record contradicts itself"),
        ({"planned": 4001, "sent": 4001}, "4,001 requests were begun and 4,000 came to an end"),
    ],
)
def test_a_record_that_cannot_be_believed_is_unread_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    found = read_measurements(record(**changes))
    assert isinstance(found, Unread)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("median", "expected"), [(100, Outcome.SATISFIED), (121, Outcome.NOT_SATISFIED), (110, Outcome.UNDETERMINED)]
)
def test_percentiles_are_judged_right_by_simulation(median: float, expected: Outcome) -> None:
    """Times are lognormal, with a true 95th percentile of 180, 218 and 198 ms."""
    chance = np.random.default_rng(20261126)
    found = []
    for _ in range(20):
        took = np.ceil(chance.lognormal(np.log(median * 10), 0.358, (40, 100))).astype(int)
        given = [cell(second, {int(one): int((row == one).sum()) for one in row}) for second, row in enumerate(took)]
        found.append(outcome(read_measurements(record(seconds=given)), P95, Measurements.p95))
    assert found.count(expected) >= 18
