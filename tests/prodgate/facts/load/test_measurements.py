"""Conclusions that a record supports, however it was put together; and those that no record supports."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp, hypot, log
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from prodgate.aws.answers import Unread, Unreadable
from prodgate.criteria import Criterion
from prodgate.estimates import Estimate
from prodgate.facts.load.measurements import Measurements, read_measurements, read_stored
from prodgate.facts.load.runs import (
    APART,
    DeployUnderLoad,
    LoadChange,
    deploy_facts,
    estimate_change,
    estimate_growth,
)
from prodgate.facts.load.server_view import MARK, ServerView, count_sent, find_whole_minutes, server_view, summarise_log
from prodgate.findings import Concluded, Outcome, Undetermined
from prodgate.load.record import STAND_IN
from prodgate.quantities import Bound, Quantity
from prodgate.statistics import exact_interval

from ...samples import criterion
from .load_records import STARTED, cell, failing, record, slow, stored, windows

SURE: dict[str, Any] = {"confidence": Quantity.parse("95 %"), "decides": "bound"}
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


def test_learned_contents_never_show_that_few_fail() -> None:
    """They still show that many fail, and how fast answers come."""
    requests = [{"name": "GET /", "cacheable": False, "holds": "HTML of 64 bytes or more", "learned": True}]
    requests += [{"name": "GET /a", "cacheable": False, "holds": "'x'"}]
    some = [cell(second, {1000: 100}, second % 2) for second in range(40)]
    found = read_measurements(record(seconds=some, requests=requests))
    assert outcome(found, P95, Measurements.p95) is Outcome.SATISFIED
    assert outcome(found, ERRORS, Measurements.failed_share) is Outcome.UNDETERMINED
    assert found.failed_share(ERRORS).unfinished == (
        "nobody states what a right answer holds, it was learned from the first: GET / (HTML of 64 bytes or more); "
        "state it under [load.holds]"
    )
    assert outcome(
        read_measurements(record(seconds=some, requests=requests), [1]), ERRORS, Measurements.failed_share
    ) is (Outcome.SATISFIED)
    bad = read_measurements(record(seconds=failing([30] * 40), requests=requests))
    assert outcome(bad, ERRORS, Measurements.failed_share) is Outcome.NOT_SATISFIED


def test_what_nobody_asked_for_is_left_open_unless_it_is_a_screen() -> None:
    names = ("GET /", "GET /rare", "Reader.seldom", "GET /a", "GET /a (uncached)")
    requests = [{"name": name, "cacheable": False, "holds": "'x'"} for name in names]
    some = [cell(second, {1000: 100}, second % 2 * 4) for second in range(40)]
    found = read_measurements(record(seconds=some, requests=requests))
    for asked, figure in ((P95, Measurements.p95), (ERRORS, Measurements.failed_share)):
        assert outcome(found, asked, figure) is Outcome.UNDETERMINED
        assert outcome(replace(found, screen=True), asked, figure) is Outcome.SATISFIED
    told = "nothing was asked as GET /rare, Reader.seldom; give it more weight, or let the load last longer"
    assert found.failed_share(ERRORS).unfinished == told


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
    """The truth lies between the result with all ambiguous responses as right and with all as wrong."""
    cells = [cell(second, {1000: 100}) for second in range(80)]
    for second in range(doubtful):
        cells[2 * second % 80]["doubtful"] = {"1000": 1}
    for second in range(failed):
        cells[2 * second % 80]["failed"] = {"HTTP 503": 1}
    asked = [{"name": "GET /api", "cacheable": False, "doubt": "it is an array that holds nothing"}]
    found = read_measurements(record(seconds=cells, requests=asked))
    assert outcome(found, FEW, Measurements.failed_share) is expected
    if expected is Outcome.UNDETERMINED:
        assert found.failed_share(FEW).settles.startswith(
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
        ({"layer_keys": {"rate": "101 /s"}}, "the load was 100 /s, at least 101 /s is asked for"),
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
        layer_keys={"rate": "100 /s"},
        window=Quantity.parse("40 s"),
        **SURE,
    )
    assert outcome(read_measurements(record()), enough, Measurements.p95) is Outcome.SATISFIED


def test_a_real_run_must_hold_for_the_disturbances_that_are_asked_and_a_rehearsal_says_for_which_it_does() -> None:
    asked = criterion("latency-p95", bound=Bound.parse("< 200 ms"), layer_keys={"disturbances": "1 s"}, **SURE)
    found = read_measurements(record())
    with pytest.raises(Concluded, match=r"up to 670 ms, 1 s is asked for; let the load last 60 s"):
        asked.require(found.p95(asked))
    screen = replace(found, screen=True).p95(asked)
    asked.require(screen)
    assert screen.detail == "holds for disturbances up to 670 ms, a screen: 1 s is asked of a real run"
    cells = [cell(second, {1000: 100}) for second in range(60)]
    longer = read_measurements(record(seconds=cells, profile={"name": "steady", "rate": 100.0, "duration": 60.0}))
    asked.require(longer.p95(asked))


def disturbed(of: Sequence[Mapping[str, Any]], *aside: int, short: str = "", **changes: Any) -> dict[str, Any]:
    """A run in which too little was sound, and which was as strong as planned."""
    lags = {"p50": 0.0, "p99": 0.02, "max": 0.3}
    health = {"sick": [] if short else ["24 of 40 s had to be set aside"], "short": short, "advice": "rest"}
    health |= {"as_sent": {"send_lag": lags, "loop_lag": lags}}
    return record(seconds=of, windows=windows(*aside), health={**health, **changes.pop("health", {})}, **changes)


@pytest.mark.parametrize(
    ("cells", "aside", "short", "expected"),
    [
        (slow([0] * 40), range(6), "", ("satisfied", "satisfied")),
        (slow([0] * 40), range(6), "only 16 of 40 s", ("satisfied", "satisfied")),
        (slow([80] * 40), range(6), "", ("undetermined", "satisfied")),
        (failing([80] * 40), range(6), "", ("undetermined", "undetermined")),
        (slow([80] * 24 + [0] * 16), range(6), "only 16 of 40 s", ("undetermined", "satisfied")),
        (slow([80] * 40), range(6), "only 16 of 40 s", ("not-satisfied", "satisfied")),
        (failing([0] * 24 + [80] * 16), range(6), "only 16 of 40 s", ("not-satisfied", "not-satisfied")),
    ],
)
@pytest.mark.parametrize("decides", ["bound", "point"])
def test_a_disturbed_run_keeps_a_limit_as_it_was_sent_and_breaks_none(
    cells: list[dict[str, Any]], aside: range, short: str, expected: tuple[str, str], decides: str
) -> None:
    found = read_measurements(disturbed(cells, *aside, short=short))
    asked = [(replace(one, decides=decides), estimate) for one, estimate in ASKED.values()]
    assert tuple(outcome(found, *each).value for each in asked) == expected


def test_a_disturbed_run_says_so_and_misses_no_reader_who_was_to_come_while_it_stood_still() -> None:
    found = read_measurements(disturbed(slow([80] * 40), *range(6)))
    with pytest.raises(
        Concluded, match="24 of 40 s had to be set aside; as it was sent, with all disturbances, it can"
    ):
        P95.require(found.p95(P95))
    asked = criterion("standstill-under-load", bound=Bound.parse("<= 1 s"))
    assert str(found.longest_standstill(asked).value) == "0.38 s"
    assert isinstance(read_measurements(disturbed(slow([0] * 40), *range(6), health={"as_sent": {}})), Unread)
    assert isinstance(read_stored(stored(disturbed(slow([0] * 40), *range(6))), only_sound=True), Unread)


def test_a_disturbed_run_with_few_requests_leaves_to_production_what_a_sound_one_would() -> None:
    asked = replace(ERRORS, samples=9000, needs_production=True)
    for run, by in (
        (disturbed(slow([0] * 40), *range(6)), "production"),
        (disturbed(failing([80] * 40), *range(6)), ""),
    ):
        with pytest.raises(Concluded) as ended:
            asked.require(read_measurements(run).failed_share(asked))
        assert (ended.value.conclusion.outcome, ended.value.conclusion.needs) == (Outcome.UNDETERMINED, by)


@pytest.mark.parametrize(("bad", "expected"), [(0, Outcome.SATISFIED), (1, Outcome.UNDETERMINED)])
def test_a_deploy_that_a_disturbed_run_did_not_notice_was_not_noticed(bad: int, expected: Outcome) -> None:
    begun = datetime.fromisoformat(STARTED).timestamp()
    deploys = [{"started": begun + 10, "ended": begun + 15, "build": "green"}]
    run = stored(disturbed(failing([0] * 12 + [bad] + [0] * 27), *range(6)), deploys=deploys)
    (found,) = deploy_facts(run)
    asked = criterion("zero-downtime-deploy", bound=Bound.parse("== 0"))
    assert isinstance(found, DeployUnderLoad)
    for count in (found.failed, found.noticed):
        assert outcome(found.measured, asked, lambda _, __, count=count: count) is expected


def test_a_least_value_is_not_kept_by_a_run_that_may_have_overstated_it() -> None:
    found = replace(read_measurements(record()).p95(P95), at_most="it was disturbed")
    with pytest.raises(Concluded, match="it was disturbed"):
        criterion("latency-p95", bound=Bound.parse(">= 10 ms"), **SURE).require(found)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 2}, "the record has format 2, and this version reads 1"),
        ({"complete": False, "why": "interrupted"}, "the load did not run to its end: interrupted"),
        ({"complete": False}, "no reason is known"),
        ({"workers": [{"name": "two", "sent": 9, "lost": True}]}, "worker 'two' was lost"),
        ({"health": {"sick": ["send lag"], "advice": "rest"}}, "send lag; rest"),
        ({**STOPPED, "health": {"sick": ["send lag"], "advice": "rest"}}, "send lag; rest"),
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


# ── What the server counts

BEGIN = datetime.fromisoformat(STARTED).timestamp()


@pytest.mark.parametrize("field", ["unmatched", "apart"])
def test_a_log_that_could_not_be_read_is_no_agreement(field: str) -> None:
    (found,) = server_view(stored(record(), server={"unreadable": "the site wrote no more"}))
    with pytest.raises(Undetermined, match="the site wrote no more"):
        getattr(found, field)


def line(at: float, **changes: Any) -> dict[str, Any]:
    return {"at": BEGIN + at, "path": "/", "status": 200, "seconds": 0.0900001, **changes}


def view(server: dict[str, Any], **changes: Any) -> ServerView:
    (found,) = server_view(stored(record(**changes), server=server))
    return found


def test_a_log_is_summed_up_from_the_warm_up_on_and_its_times_are_those_of_the_window() -> None:
    lines = [
        line(-6),
        line(-4.9),
        line(0),
        line(39.9, status=404, seconds=0.3),
        line(40.1),
        line(1, status=503, seconds=0.001),
        line(2, status=0, seconds=0.001),
        line(3, path="/api/ready"),
        line(3, path="/api/health"),
        line(3, path=f"{MARK}1234"),
    ]
    assert summarise_log(lines, record()) == {
        "statuses": {"200": 3, "404": 1, "503": 1, "0": 1},
        "latency": {"901": 1, "3000": 1},
    }


SILENT = failing([1] * 40, "closed without an answer")


@pytest.mark.parametrize(
    ("arrived", "changes", "unmatched"),
    [
        (4500, {}, "0 %"),
        (4503, {}, "0.0667 %"),
        (4495, {}, "0.1112 %"),
        (4500, {"seconds": SILENT}, "0 %"),
        (4460, {"seconds": SILENT}, "0 %"),
        (4459, {"seconds": SILENT}, "0.0223 %"),
        (4499, {"seconds": failing([1] * 40)}, "0.0223 %"),
        (4499, {"warm_up": {"sent": 500, "failed": 1}}, "0 %"),
    ],
)
def test_a_request_that_only_one_side_knows_is_counted_unless_it_may_not_have_arrived(
    arrived: int, changes: dict[str, Any], unmatched: str
) -> None:
    found = view({"statuses": {"200": arrived}, "latency": {"900": 9}}, **changes)
    assert str(found.unmatched) == unmatched
    assert (found.sent, found.arrived) == (4500, arrived)


def test_percentiles_are_those_of_what_succeeded() -> None:
    found = view(
        {"statuses": {"200": 4500}, "latency": {"900": 94, "2800": 6}}, seconds=[*slow([8] * 40), *failing([100])]
    )
    shown = [str(each) for each in (found.client_p95, found.server_p95, found.apart.value)]
    assert shown == ["300 ms", "280 ms", "20 ms"]


def test_a_log_that_agrees_with_a_disturbed_run_agrees_and_one_that_does_not_says_nothing() -> None:
    asked, run = criterion("load-latency-agrees", bound=Bound.parse("<= 30 ms")), disturbed(slow([0] * 40), *range(6))
    for seconds, expected in ((0.1, Outcome.SATISFIED), (0.03, Outcome.UNDETERMINED)):
        log = summarise_log([line(at, seconds=seconds) for at in range(40)], run)
        (found,) = server_view(stored(run, server=log))
        assert outcome(found, asked, lambda view, _: view.apart) is expected


def test_without_a_log_there_is_no_view_and_of_a_run_that_proves_nothing_none_is_known() -> None:
    assert list(server_view(stored(record()))) == []
    stopped = view({"statuses": {}, "latency": {}}, complete=False, stopped_early=True, why="stopped early: too slow")
    with pytest.raises(Undetermined, match="stopped early: too slow"):
        _ = stopped.apart


def test_nothing_sent_and_nothing_that_succeeded_is_no_agreement() -> None:
    nothing = view({"statuses": {}, "latency": {}}, seconds=[], warm_up={"sent": 0, "failed": 0})
    with pytest.raises(Undetermined, match="no request was sent"):
        _ = nothing.unmatched
    failed = view({"statuses": {}, "latency": {}}, seconds=[cell(0, {}, failed={"refused": 9})])
    with pytest.raises(Undetermined, match="no request succeeded"):
        _ = failed.apart


# ── Whole minutes


def run(started: str, duration: float, timeout: float = 2.0, **changes: Any) -> dict[str, Any]:
    profile = {"name": "steady", "rate": 100.0, "duration": duration, "warm_up": 5.0, "timeout": timeout}
    cells = [cell(second, {1000: 100}) for second in range(int(duration))]
    return record(**{"seconds": cells, "started": started, "profile": profile, **changes})


@pytest.mark.parametrize(
    ("started", "duration", "begun", "minutes"),
    [
        ("2026-01-05T10:00:00+00:00", 60, "10:00", 1),
        ("2026-01-05T10:00:00.001+00:00", 179, "10:01", 1),
        ("2026-01-05T10:00:40+00:00", 160, "10:01", 2),
        ("2026-01-05T19:00:40+09:00", 160, "10:01", 2),
        ("2026-01-05T23:59:30+00:00", 600, "00:00", 9),
    ],
)
def test_minutes_are_whole_and_within(started: str, duration: float, begun: str, minutes: int) -> None:
    first, last = find_whole_minutes(run(started, duration))
    assert (f"{first:%H:%M}", (last - first) // timedelta(minutes=1)) == (begun, minutes)
    assert first.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("started", "duration", "timeout"),
    [
        ("2026-01-05T10:00:01+00:00", 118, 2),
        ("2026-01-05T10:00:00+00:00", 59, 2),
        ("2026-01-05T10:00:00+00:00", 60, 29),
    ],
)
def test_a_run_without_a_whole_minute_is_said_to_be_too_short(started: str, duration: float, timeout: float) -> None:
    with pytest.raises(Unreadable, match=f"{duration} s hold no whole minute .* let it last 3 min or more"):
        find_whole_minutes(run(started, duration, timeout))


def test_minutes_by_a_clock_that_was_set_are_nobodys() -> None:
    with pytest.raises(Unreadable, match=r"the clock of the generator's machine was set by 61\.0 s while the load ran"):
        find_whole_minutes(run("2026-01-05T10:00:00+00:00", 180) | {"clock_moved": 61.0})


def test_what_may_lie_outside_of_them_is_left_out() -> None:
    started = datetime.fromisoformat("2026-01-05T10:00:40+00:00")
    seconds = [cell(second, {1000 + second: 1}) for second in range(160)]
    within = count_sent(
        run(started.isoformat(), 160, seconds=seconds), *find_whole_minutes(run(started.isoformat(), 160))
    )
    # the minutes begin 20 s after the run; 2 s are for clocks, and at the end twice the timeout for a visit's requests
    assert (min(within.took), max(within.took), within.answered) == (1022, 1133, 112)


def test_only_what_was_answered_must_have_arrived_and_only_5xx_are_errors() -> None:
    kinds = ("HTTP 503", "HTTP 404", "wrong content", "timeout", "refused", "closed without an answer")
    cells = [cell for kind in kinds for cell in failing([1] * 60, kind, 10)]
    given = run("2026-01-05T10:00:00+00:00", 60, seconds=cells)
    within = count_sent(given, *find_whole_minutes(given))
    assert (within.answered, within.errors, within.took.total()) == (52 * (54 + 3), 52, 52 * 54)


def test_what_a_cache_may_answer_is_known_by_its_name() -> None:
    requests = [{"name": "GET /", "cacheable": True}, {"name": "GET /search", "cacheable": False}]
    cells = [cell(second, {900: 3}, second % 2) for second in range(60)]
    given = run("2026-01-05T10:00:00+00:00", 60, seconds=cells, requests=requests)
    within = count_sent(given, *find_whole_minutes(given))
    assert (within.took, within.took_uncached) == ({900: 156}, {900: 78})


# ── Attempts


def attempt(number: int) -> Measurements:
    found = read_measurements(record())
    assert isinstance(found, Measurements)
    return replace(found, attempt=number)


def test_each_attempt_is_decided_at_a_greater_confidence() -> None:
    assert [str(attempt(number).confidence(P95)) for number in range(4)] == ["95 %", "97.5 %", "99.1667 %", "99.5834 %"]
    estimates = [attempt(number).p95(P95) for number in (1, 3)]
    assert [str(each.confidence) for each in estimates] == ["97.5 %", "99.5834 %"]
    assert estimates[1].detail == "attempt 3 on this commit, holds for disturbances up to 360 ms"
    assert estimates[0].spell > estimates[1].spell
    assert attempt(1).confidence(criterion("latency-p95", bound=P95.bound)) is None


def test_however_many_there_are_no_more_is_spent_than_is_allowed() -> None:
    spent = 0.0
    for number in range(1, 2000):
        sure = attempt(number).confidence(P95) if number < 30 else None
        spent += float(1 - sure.base) if sure else 0.05 / (number * (number + 1))
    assert 0.0499 < spent <= 0.05


def test_trying_twenty_times_seldom_passes_what_must_not_pass() -> None:
    """A share of 5.01 % in each of twenty runs of 3,240: at 95 % each, more than half of those who try would pass."""
    chance = np.random.default_rng(20261127)
    levels = [float(each.base) for number in range(1, 21) if (each := attempt(number).confidence(P95))]
    tries = [[int(each) for each in chance.binomial(3240, 0.0501, 20)] for _ in range(300)]

    def passing(sure: list[float]) -> float:
        return sum(any(exact_interval(k, 3240, c)[1] < 0.05 for k, c in zip(t, sure, strict=True)) for t in tries) / 300

    assert passing([0.95] * 20) > 0.3
    assert passing(levels) < 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.parametrize(("about", "expected"), [({}, (0, False)), ({"attempt": 2, "screen": True}, (2, True))])
def test_what_is_stored_of_a_run_says_which_attempt_it_was(about: dict[str, Any], expected: tuple[int, bool]) -> None:
    found = read_stored(stored(record(), **about))
    assert (found.attempt, found.screen) == expected


# ── One side beside the other

SURE_OF_MANY: dict[str, Any] = {**SURE, "samples": 1000}
SLOWER = criterion("load-p95-regression", bound=Bound.parse("<= 20 ms"), **SURE_OF_MANY)
GREATER = criterion("load-p95-growth", bound=Bound.parse("<= 25 %"), **SURE_OF_MANY)
Z = 1.6448536


def estimate(low: float, value: float, high: float) -> Estimate:
    least, middle, most = (Quantity.of(str(each), "ms") for each in (low, value, high))
    sure = SURE_OF_MANY["confidence"]
    return Estimate(value=middle, low=least, high=most, samples=4000, effective=4000, confidence=sure)


def measured(seconds: Iterable[Sequence[float]]) -> Measurements:
    """Measurements of so many milliseconds in each second."""
    cells = [cell(at, Counter(max(1, round(10 * took)) for took in each)) for at, each in enumerate(seconds)]
    found = read_measurements(record(seconds=cells))
    assert isinstance(found, Measurements)
    return found


def outcome_of(asked: Criterion, found: Estimate) -> Outcome:
    try:
        asked.require(found)
    except Concluded as ended:
        return ended.conclusion.outcome
    return Outcome.SATISFIED


def slower(before: Measurements, now: Measurements, *, turns: bool = True) -> Outcome:
    change = LoadChange(subject="green against blue", before=before, now=now, turns=turns)
    return outcome_of(SLOWER, change.p95(SLOWER))


def greater(before: Measurements, now: Measurements, *, turns: bool = True) -> Outcome:
    change = LoadChange(subject="green against blue", before=before, now=now, turns=turns)
    return outcome_of(GREATER, change.growth(GREATER))


def test_where_errors_are_normal_the_ends_are_those_of_the_difference() -> None:
    """A second way to the same ends: independent errors of two values add as squares."""
    now, before = estimate(110 - Z * 3, 110, 110 + Z * 3), estimate(100 - Z * 4, 100, 100 + Z * 4)
    found = estimate_change(now, before, turns=True)
    assert [float(each.magnitude) for each in (found.low, found.value, found.high)] == pytest.approx(
        [10 - Z * 5, 10, 10 + Z * 5], abs=1e-3
    )
    apart = estimate_change(now, before, turns=False)
    assert float(apart.high.magnitude) == pytest.approx(10 + Z * hypot(5, APART * 110, APART * 100), abs=1e-3)
    assert str(apart.low) == "-Infinity ms", "whatever the difference, two runs at two times convict nobody"


def test_a_growth_is_a_difference_of_logarithms() -> None:
    found = estimate_growth(estimate(90, 120, 150), estimate(80, 100, 125), turns=True)
    low = exp(log(1.2) - hypot(log(120 / 90), log(125 / 100))) - 1
    high = exp(log(1.2) + hypot(log(150 / 120), log(100 / 80))) - 1
    assert [float(each.magnitude) for each in (found.low, found.value, found.high)] == pytest.approx(
        [100 * low, 20, 100 * high], abs=1e-3
    )


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([10.3, 9.2, 11.8, 8.7, 12.9, 10.1, 9.6], [20.8, 19.1, 22.4, 18.6, 23.5, 20.2, 21.9]),
        ([1.2, 2.1, 1.4, 2.6, 3.1], [21, 23, 20.5, 26, 29]),
        ([1.0] * 5, [10.0] * 5),
        ([0.0] * 5, [10.0] * 5),
        ([0.0] * 5, [54.2, 55.3, 54.9, 55.8, 57.1]),
        ([0.0] * 9 + [1.6], [0.0] * 8 + [1.7, 3.2]),
        ([4.1, 5.3, 4.6, 3.9], [8.4, 10.9, 9.1, 7.6]),
        ([0.0] * 10, [0.1, 0.2, 0.0, 0.1, 0.0, 0.1, 0.2, 0.1, 0.0, 0.1]),
    ],
)
def test_what_is_far_more_than_it_was_is_never_both_near_enough(before: list[float], now: list[float]) -> None:
    """Cases of the kinds that judges of canaries call high: all are within 20 ms or more, and a doubling or more."""
    one, other = (measured([each * (30 // len(each))] * 40) for each in (before, now))
    assert greater(one, other) is Outcome.NOT_SATISFIED
    assert greater(one, other, turns=False) is Outcome.UNDETERMINED
    assert slower(one, other, turns=False) is not Outcome.NOT_SATISFIED


@pytest.mark.parametrize(("kept", "sigma"), [(5, 0.12), (19, 0.12), (8, 0.02)])
def test_against_an_earlier_run_chance_is_as_great_as_kept_runs_show(kept: int, sigma: float) -> None:
    """Brute force: a p95 that became 20 ms slower passes "<= 20 ms" in one of twenty, however much runs differ."""
    chance, wrong, assumed = np.random.default_rng(20261202), 0, 0
    for _ in range(1500):
        *before, last, now = (100 * chance.lognormal(0, sigma, kept + 1)).tolist()
        now *= 1.2
        told = estimate_growth(estimate(now, now, now), estimate(last, last, last), turns=False, kept=[*before, last])
        old = estimate_growth(estimate(now, now, now), estimate(last, last, last), turns=False)
        wrong += told.high.magnitude < 20
        assumed += old.high.magnitude < 20
    assert 0.02 < wrong / 1500 < 0.05 + 3 * (0.05 * 0.95 / 1500) ** 0.5
    assert (assumed / 1500 > 0.15) is (sigma > APART), "which 5 % of variation would hide"
    assert f"{kept} runs before differ by " in told.detail


def test_too_few_kept_runs_show_nothing_of_chance() -> None:
    now, before = estimate(110, 110, 110), estimate(100, 100, 100)
    few = estimate_change(now, before, turns=False, kept=[100, 110, 90, 95])
    assert few == estimate_change(now, before, turns=False) == estimate_change(now, before, turns=False, kept=[0] * 9)
    assert estimate_change(now, before, turns=True, kept=[100] * 9) == estimate_change(now, before, turns=True)


STILL = criterion("standstill-under-load", bound=Bound.parse("<= 1 s"), **SURE)


def test_as_many_standstills_hide_as_the_finding_says() -> None:
    """Brute force: of stalls of a second that come at random every 13 s, a run of 40 s meets none in one of twenty."""
    found = read_measurements(record())
    assert found.longest_standstill(STILL).detail == "from second 3 on; what comes less often than every 13 s can hide"
    assert attempt(2).longest_standstill(STILL).detail.endswith("what comes less often than every 8.1 s can hide")
    sure = replace(STILL, confidence=Quantity.parse("99 %"))
    assert found.longest_standstill(sure).detail.endswith("what comes less often than every 8.4 s can hide")
    chance = np.random.default_rng(20261202)
    assert sum(chance.exponential(13) > 39 for _ in range(20_000)) / 20_000 == pytest.approx(0.05, abs=0.005)


def test_gaps_in_the_measured_time_hide_standstills() -> None:
    """Of windows of 4 s with a gap of 4 s after each, those that begin in the last second of one are cut short."""
    found = replace(read_measurements(record()), seconds=tuple(at for at in range(80) if at % 8 < 4))
    assert found.longest_standstill(STILL).detail.endswith("what comes less often than every 10 s can hide")
    longer = replace(STILL, bound=Bound.parse("<= 4 s"))
    assert found.longest_standstill(longer).unfinished == "no time was measured that is longer than 4 s and has no gap"
    assert outcome(found, longer, Measurements.longest_standstill) is Outcome.UNDETERMINED


def test_a_value_that_decides_by_itself_says_so() -> None:
    asked = criterion("error-rate", bound=Bound.parse("< 0.1 %"), samples=1000)
    told = read_measurements(record()).failed_share(asked)
    assert told.detail == "the value alone decides, which chance may have moved"


@pytest.mark.once
def test_by_chance_it_is_seldom_wrong_and_mostly_right() -> None:
    """Lognormal times, 5,400 on either side and told to 4 ms: 24 ms more are too many, and none are not."""
    chance, wrong, right = np.random.default_rng(20261127), 0, 0

    def side(more: float = 0) -> Measurements:
        took = chance.lognormal(np.log(100), 0.358, (60, 90)) * (1 + more / 180.2)
        return measured(np.ceil(took / 4) * 4)

    for _ in range(20):
        before, same, more = side(), side(), side(24)
        wrong += slower(before, more) is Outcome.SATISFIED
        right += slower(before, same) is Outcome.SATISFIED
    assert wrong <= 3, "5 % of 20, and three standard errors"
    assert right >= 14


@pytest.mark.parametrize("turns", [True, False])
def test_what_has_no_end_is_never_near_enough(turns: bool) -> None:
    endless = estimate(150, float("inf"), float("inf"))
    for now, before in ((endless, estimate(90, 100, 110)), (endless, endless)):
        for found in (estimate_change(now, before, turns=turns), estimate_growth(now, before, turns=turns)):
            assert not found.high.magnitude.is_finite()
