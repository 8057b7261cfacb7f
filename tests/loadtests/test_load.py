"""Each check of loadtests/test_load.py, seen to hold, to fail, and to be undecided, on records made for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from prodgate import Criterion, Quantity
from prodgate.checks import Check
from prodgate.facts import Fact, Facts
from prodgate.facts.load.runs import FACTS_BY_PROFILE, compare_with_earlier
from prodgate.run.judging import judge
from prodgate.testing import Bound, Finding, Outcome
from tests.suites.judging import checks_in

from ..prodgate.facts.load.load_records import cell, failing, record, slow, stored, windows
from ..prodgate.samples import criterion

SURE = {"confidence": Quantity.parse("95 %"), "decides": "bound", "layers": ("load",)}
P95 = criterion("latency-p95", bound=Bound.parse("< 200 ms"), samples=1000, **SURE)
P95_EACH = criterion("latency-p95-by-name", bound=Bound.parse("< 200 ms"), samples=300, needs_production=True, **SURE)
ERRORS_EACH = criterion("error-rate-by-name", bound=Bound.parse("< 1 %"), samples=299, needs_production=True, **SURE)
SURGE = criterion("surge-served", bound=Bound.parse("< 200 ms"), samples=1000, **SURE)
ERRORS = criterion("error-rate", bound=Bound.parse("< 0.1 %"), samples=2995, **SURE)
STILL = criterion("standstill-under-load", bound=Bound.parse("<= 1 s"), samples=1000, **SURE)
AWAY = criterion("deploy-standstill", bound=Bound.parse("<= 1 s"), samples=1000, **SURE)
NOTICED = criterion("deploys-unnoticed", bound=Bound.parse("== 0"), samples=3, layers=("load",))
CACHEABLE = criterion("cacheable-responses-say-so", bound=None, layers=("load",))
DEPLOY = criterion("zero-downtime-deploy", bound=Bound.parse("== 0"), samples=2995, layers=("load",))
COUNTS = criterion("load-counts-agree", bound=Bound.parse("<= 0.1 %"), samples=1000, layers=("load",))
APART = criterion("load-latency-agrees", bound=Bound.parse("<= 20 ms"), samples=1000, layers=("load",))
GREATER = criterion("load-p95-growth", bound=Bound.parse("<= 25 %"), samples=1000, **SURE)
SLOWER = criterion("load-p95-regression", bound=Bound.parse("<= 20 ms"), samples=1000, **SURE)
MANY, LONG = {"rate": "200 /s"}, {"disturbances": "30 s"}


@pytest.fixture(scope="module")
def checks() -> dict[str, Check]:
    return {one.criterion: one for one in checks_in("loadtests/test_load.py")}


def judged(checks: Mapping[str, Check], asked: Criterion, facts: Iterable[Fact]) -> Finding:
    (finding,) = judge(checks[asked.id], asked, Facts(tuple(facts)), layer="load", fixtures={})
    return finding


def run(
    name: str = "steady", *, deploys: Any = None, server: Any = None, undeployed: str = "", **changes: Any
) -> tuple[Fact, ...]:
    begun = 1795687200  # 2026-11-26T10:00:00Z
    given = [{"build": "green", "started": begun, "ended": begun + 60}] if deploys is None else deploys
    seen = stored(record(name, **changes), deploys=given, server=server, undeployed=undeployed)
    return tuple(FACTS_BY_PROFILE[name](seen))


def three(*begun: int) -> list[dict[str, Any]]:
    """Three deploys of 2 s, one every 10 s, from each of some seconds on."""
    ats = sorted(1795687200.5 + first + each for first in begun or [2] for each in (0, 10, 20))
    return [{"build": "green", "started": at, "ended": at + 2} for at in ats]


def again(*aside: int) -> list[dict[str, Any]]:
    """Windows of 4 s over 40 s of which some were set aside and measured again afterwards."""
    later = [{"place": at, "second": 40 + 4 * n, "seconds": 4, "sick": {}} for n, at in enumerate(aside)]
    return [*windows(*aside), *later]


def longer() -> list[dict[str, Any]]:
    """Eight seconds more, while all requests of seconds 8 to 15 failed or were slow."""
    bad = [cell(at, {9000: 50}, failed={"timeout": 50}) for at in range(8, 16)]
    return [*(cell(at, {1000: 100}) for at in range(48) if not 8 <= at < 16), *bad]


def before_and_after() -> list[dict[str, Any]]:
    """Deploys that no request met: one was over before the first, one began after the last."""
    begun = 1795687200
    return [{"build": "blue", "started": begun + at, "ended": begun + at + 2} for at in (-3, 41)]


def emptied() -> list[dict[str, Any]]:
    return [cell(at, {1000: 100}, doubtful={"1000": 1}) for at in range(40)]


def stood(seconds: float, second: int = 7) -> list[dict[str, float]]:
    return [{"second": second, "seconds": seconds}, {"second": 1, "seconds": 0.001 if seconds else 0}]


def change(now: int, before: int = 1000, **changes: Any) -> tuple[Fact, ...]:
    """A steady load in which all requests took that long, against one before."""
    one, other = (record(seconds=slow([100] * 40, took), **changes) for took in (now, before))
    return (compare_with_earlier(stored(one), {**stored(other), "run": "2026-11-24T130000Z-3f2a9c1"}),)


def interleaved(blue: Sequence[int], green: Sequence[int]) -> tuple[Fact, ...]:
    """A run in which blue and green took turns, and so many requests of each second were slow."""
    other = record(seconds=slow(green))
    return tuple(FACTS_BY_PROFILE["compare"](stored(record("compare", seconds=slow(blue), other=other))))


def server(took: int = 900, count: int = 4500) -> dict[str, Any]:
    return {"statuses": {"200": count}, "latency": {str(took): count}}


HELD: list[tuple[Criterion, Callable[[], tuple[Fact, ...]], str]] = [
    (P95, run, "100 ms (4,000 requests; holds for disturbances up to 670 ms)"),
    (P95, lambda: run(seconds=slow([1] * 40)), "100 ms (4,000 requests; holds for disturbances up to 430 ms)"),
    (P95_EACH, run, "100 ms (4,000 requests; holds for disturbances up to 670 ms)"),
    (ERRORS_EACH, run, "0 % (95 % each end: 0–0.07487 %, 4,000 requests; holds for disturbances up to 120 ms)"),
    (SURGE, lambda: run("surge"), "100 ms (4,000 requests; holds for disturbances up to 670 ms)"),
    (ERRORS, run, "0 % (95 % each end: 0–0.07487 %, 4,000 requests; holds for single slow or failed requests)"),
    (STILL, run, "0.08 s (4,000 requests; from second 3 on; what comes less often than every 13 s can hide)"),
    (
        STILL,
        lambda: run("surge", standstills=stood(0)),
        "0 s (4,000 requests; what comes less often than every 13 s can hide)",
    ),
    (
        AWAY,
        lambda: run("deploy"),
        "0.08 s (4,000 requests; from second 3 on; what comes less often than every 13 s can hide)",
    ),
    (
        NOTICED,
        lambda: run("deploy", deploys=three()),
        "0 (3 deploys; none of 3 says, at 95 %, that fewer than 64% are noticed)",
    ),
    (CACHEABLE, run, "all of 4,000"),
    (DEPLOY, lambda: run("deploy"), "0 (4,000 requests)"),
    (COUNTS, lambda: run(server=server()), "0 %"),
    (COUNTS, lambda: run(server=server(), **SICK), "0 %"),
    (CACHEABLE, lambda: run(**SICK), "all of 4,000"),
    (
        P95,
        lambda: run(seconds=longer(), **ASIDE),
        "100 ms (4,000 requests; 8 of 48 s were set aside; holds for disturbances up to 670 ms)",
    ),
    (
        ERRORS,
        lambda: run(seconds=longer(), **ASIDE),
        "0 % (95 % each end: 0–0.07487 %, 4,000 requests; 8 of 48 s were set aside; holds for single slow or failed requests)",
    ),
    (
        STILL,
        lambda: run(seconds=longer(), standstills=stood(4.5, 9), **ASIDE),
        "0.001 s (4,000 requests; from second 1 on, 8 of 48 s were set aside; "
        "what comes less often than every 12 s can hide)",
    ),
    (
        DEPLOY,
        lambda: run("deploy", seconds=longer(), **ASIDE),
        "0 (4,000 requests; 8 of 48 s were set aside)",
    ),
    (
        NOTICED,
        lambda: run("deploy", seconds=longer(), deploys=three(2, 7, 42), **ASIDE),
        "0 (5 deploys; none of 5 says, at 95 %, that fewer than 46% are noticed)",
    ),
    (APART, lambda: run(server=server()), "10 ms (4,000 requests)"),
    (SLOWER, lambda: change(1050), "5 ms (95 % each end: -∞–16.93 ms, 4,000 requests; 100 ms before, 105 ms now)"),
    (SLOWER, lambda: interleaved([0] * 40, [0] * 40), "0 ms (4,000 requests; 100 ms before, 100 ms now)"),
    (GREATER, lambda: change(1050), "5 % (95 % each end: -∞–17.96 %, 4,000 requests; 100 ms before, 105 ms now)"),
]
BROKEN: list[tuple[Criterion, Callable[[], tuple[Fact, ...]], str]] = [
    (P95, lambda: run(seconds=slow([8] * 40)), "300 ms (4,000 requests)"),
    (P95, lambda: run(seconds=failing([8] * 40)), "∞ ms (4,000 requests; 320 HTTP 503)"),
    (P95_EACH, lambda: run(seconds=slow([8] * 40)), "300 ms (4,000 requests)"),
    (
        ERRORS_EACH,
        lambda: run(seconds=failing([2] * 40, "timeout")),
        "2 % (95 % each end: 1.649–2.404 %, 4,000 requests; 80 timeout)",
    ),
    (SURGE, lambda: run("surge", seconds=slow([30] * 40)), "300 ms (4,000 requests)"),
    (ERRORS, lambda: run(seconds=failing([1] * 40)), "1 % (95 % each end: 0.7557–1.3 %, 4,000 requests; 40 HTTP 503)"),
    (
        STILL,
        lambda: run(standstills=stood(1.2)),
        "1.2 s (4,000 requests; from second 7 on; what comes less often than every 13 s can hide)",
    ),
    (
        STILL,
        lambda: run("surge", standstills=stood(4.9), **EARLY),
        "4.9 s (4,000 requests; from second 7 on; what comes less often than every 13 s can hide)",
    ),
    (
        AWAY,
        lambda: run("deploy", standstills=stood(4.9)),
        "4.9 s (4,000 requests; from second 7 on; what comes less often than every 13 s can hide)",
    ),
    (
        NOTICED,
        lambda: run("deploy", seconds=failing([0, 0, 1, *[0] * 37]), deploys=three()),
        "1 (3 deploys)",
    ),
    (
        NOTICED,
        lambda: run("deploy", seconds=failing([0] * 20 + [2] * 8 + [0] * 12), deploys=three()),
        "2 (3 deploys)",
    ),
    (
        CACHEABLE,
        lambda: run(seconds=[cell(0, {1000: 9}, unshareable={"no-store": 3, "Set-Cookie": 1})]),
        "1 with Set-Cookie, 3 with no-store",
    ),
    (
        CACHEABLE,
        lambda: run(seconds=[cell(0, {1000: 9}, unshareable={"no-store": 3})], **EARLY),
        "3 with no-store",
    ),
    (
        DEPLOY,
        lambda: run("deploy", seconds=failing([0] * 39 + [2], "refused")),
        "2 (4,000 requests; 2 refused)",
    ),
    (DEPLOY, lambda: run("deploy", seconds=failing([0, 3])), "3 (200 requests; 3 HTTP 503)"),
    (
        DEPLOY,
        lambda: tuple(
            FACTS_BY_PROFILE["deploy"](stored(record("deploy", seconds=failing([0, 3])), undeployed="green: no table"))
        ),
        "3 (100 % each end: 3–∞, 200 requests; 3 HTTP 503)",
    ),
    (COUNTS, lambda: run(server=server(count=4510)), "0.2223 %"),
    (COUNTS, lambda: run(server=server(count=4400)), "2.2223 %"),
    (APART, lambda: run(server=server(took=300)), "70 ms (4,000 requests)"),
    (SLOWER, lambda: interleaved([0] * 40, [20] * 40), "200 ms (4,000 requests; 100 ms before, 300 ms now)"),
    (GREATER, lambda: interleaved([0] * 40, [20] * 40), "200 % (4,000 requests; 100 ms before, 300 ms now)"),
]
SICK: dict[str, Any] = {"health": {"sick": ["24 of 40 s had to be set aside"], "advice": "use more workers"}}
#: Seconds 8 to 15 were set aside and measured again, from 40 on.
ASIDE: dict[str, Any] = {"health": {"aside": "8 of 48 s were set aside"}, "windows": again(2, 3)}
SHORT: dict[str, Any] = {
    "health": {"aside": "8 of 40 s were set aside", "short": "only 32 of 40 s were measured soundly"},
    "windows": windows(2, 3),
}
SLUGGISH: dict[str, Any] = {"health": {"loop_lag": {"p50": 0.001, "p99": 0.002, "max": 0.4}}}
EARLY: dict[str, Any] = {
    "complete": False,
    "stopped_early": True,
    "why": "stopped early: 90 of 100 requests failed",
}
HURRIED: dict[str, Any] = {"health": {"sick": [], "advice": "", "send_lag": {"p50": 0.01, "p99": 0.034, "max": 0.05}}}
JUMPED: dict[str, Any] = {"clock_moved": -7.5}
LOST: dict[str, Any] = {
    "workers": [{"name": "worker 2", "sent": 9, "lost": True}],
    "complete": False,
    "why": "worker 2 was lost",
}
OPEN: list[tuple[Criterion, Callable[[], tuple[Fact, ...]], str]] = [
    (P95, lambda: run(seconds=slow([5] * 40)), "no number of requests like these would settle it"),
    (P95, lambda: run(**SICK), "24 of 40 s had to be set aside; use more workers"),
    (P95, lambda: run(seconds=[]), "none of 1,000 samples"),
    (P95_EACH, lambda: run(seconds=slow([0, 0])), "only 200 of 300 samples"),
    (ERRORS_EACH, lambda: run(seconds=failing([1, 1])), "only 200 of 299 samples"),
    (SURGE, lambda: run("surge", seconds=slow([2] * 8)), "only 800 of 1,000 samples"),
    (SURGE, lambda: run("surge", **LOST), "worker 'worker 2' was lost"),
    (ERRORS, lambda: run(seconds=failing([0] * 39 + [1])), "1,784 more requests like these would settle it"),
    (ERRORS, lambda: run(planned=5000), "5,000 arrivals were planned, 4,000 sent and 0 not: the record contradicts"),
    (ERRORS, lambda: run(sent=4010, planned=4010), "4,010 requests were begun and 4,000 came to an end"),
    (ERRORS, lambda: run(complete=False, why="interrupted"), "the load did not run to its end: interrupted"),
    (ERRORS, lambda: run(format=2), "the record has format 2"),
    (STILL, lambda: run(**EARLY), "stopped early: 90 of 100 requests failed"),
    (
        STILL,
        lambda: run(standstills=stood(1.2), **SLUGGISH),
        "the bound may hold or not within the interval; run it on",
    ),
    (STILL, lambda: run("surge", **SICK), "24 of 40 s had to be set aside"),
    (AWAY, lambda: run("deploy", **SICK), "24 of 40 s had to be set aside"),
    (replace(STILL, window=Quantity.parse("60 s")), run, "the load lasted 40 s, at least 60 s is asked for"),
    (
        replace(STILL, layer_keys=LONG),
        run,
        "no load can show this for disturbances of up to 30 s; leave 'disturbances'",
    ),
    (replace(AWAY, layer_keys=MANY), lambda: run("deploy"), "the load was 100 /s, at least 200 /s is asked for"),
    (replace(GREATER, layer_keys=MANY), lambda: interleaved([0] * 40, [0] * 40), "the load was 100 /s, at least 200"),
    (
        replace(SLOWER, layer_keys=LONG),
        lambda: interleaved([0] * 40, [0] * 40),
        "no load can show this for disturbances",
    ),
    (NOTICED, lambda: run("deploy"), "only 1 of 3 samples"),
    (NOTICED, lambda: run("deploy", deploys=[*three()[:2], *before_and_after()]), "only 2 of 3 samples"),
    (NOTICED, lambda: run("deploy", deploys=before_and_after()), "none of 3 samples"),
    (NOTICED, lambda: run("deploy", deploys=[]), "no deploy was carried out while the load ran"),
    (
        NOTICED,
        lambda: run("deploy", deploys=three(), undeployed="green: no table"),
        "a deploy did not succeed: green: no",
    ),
    (CACHEABLE, lambda: run(seconds=failing([100])), "no request of this kind succeeded"),
    (CACHEABLE, lambda: run(requests=[{"name": "GET /", "cacheable": False}]), "no CacheableResponse observed"),
    (CACHEABLE, lambda: run(**EARLY), "stopped early: 90 of 100 requests failed"),
    (SLOWER, lambda: change(1300, **HURRIED), "34 ms late in one of a hundred cases, at most 20 ms lets a change"),
    (DEPLOY, lambda: run("deploy", deploys=[]), "no deploy was carried out while the load ran"),
    (DEPLOY, lambda: run("deploy", **SICK), "24 of 40 s had to be set aside"),
    (
        DEPLOY,
        lambda: run("deploy", deploys=[{"build": "green", "started": 1795687210.5, "ended": 1795687212.5}]),
        "only 300 of 2,995 samples",
    ),
    (APART, lambda: run(server=server(), **SICK), "24 of 40 s had to be set aside"),
    (P95, lambda: run(**SHORT), "only 32 of 40 s were measured soundly"),
    (ERRORS, lambda: run(**SHORT), "only 32 of 40 s were measured soundly"),
    (STILL, lambda: run("surge", **SHORT), "only 32 of 40 s were measured soundly"),
    (DEPLOY, lambda: run("deploy", **SHORT), "only 32 of 40 s were measured soundly"),
    # it began in second 14, which was set aside, and reached into 16, which was not: its length is known to the second
    (STILL, lambda: run(seconds=longer(), standstills=stood(3.5, 14), **ASIDE), "the bound may hold or not within"),
    (APART, lambda: run(server=server(), seconds=failing([100] * 40)), "no request succeeded"),
    (
        DEPLOY,
        lambda: run("deploy", **JUMPED),
        "the clock of the generator's machine was set by -7.5 s while the load ran",
    ),
    (NOTICED, lambda: run("deploy", deploys=three(), **JUMPED), "the clock of the generator's machine was set by"),
    (COUNTS, lambda: run(server=server(), **JUMPED), "the clock of the generator's machine was set by -7.5 s"),
    (DEPLOY, lambda: run("deploy", seconds=emptied()), "40 answers may be right or wrong; say what they hold"),
    (NOTICED, lambda: run("deploy", deploys=three(), seconds=emptied()), "40 answers may be right or wrong"),
    (P95, lambda: run(seconds=failing([9] * 40, "HTTP 429")), "360 were turned away by what limits or tests who asks"),
    (SLOWER, lambda: change(1100), "two runs at two times convict nobody"),
    (GREATER, lambda: change(3000), "two runs at two times convict nobody; state [load.compare], in which both builds"),
    (SLOWER, lambda: change(1000, **SICK), "24 of 40 s had to be set aside"),
    (SLOWER, lambda: interleaved([4] * 40, [5] * 40), "the bound may hold or not within the interval"),
]


@pytest.mark.parametrize(("asked", "facts", "observed"), HELD)
def test_it_holds(checks: dict[str, Check], asked: Criterion, facts: Callable[[], Any], observed: str) -> None:
    finding = judged(checks, asked, facts())
    assert (finding.outcome, finding.observed, finding.reason) == (Outcome.SATISFIED, observed, "")


@pytest.mark.parametrize(("asked", "facts", "observed"), BROKEN)
def test_it_is_broken(checks: dict[str, Check], asked: Criterion, facts: Callable[[], Any], observed: str) -> None:
    finding = judged(checks, asked, facts())
    assert (finding.outcome, finding.observed) == (Outcome.NOT_SATISFIED, observed)


@pytest.mark.parametrize(("asked", "facts", "reason"), OPEN)
def test_it_is_not_known(checks: dict[str, Check], asked: Criterion, facts: Callable[[], Any], reason: str) -> None:
    finding = judged(checks, asked, facts())
    assert finding.outcome is Outcome.UNDETERMINED
    assert reason in finding.reason


@pytest.mark.parametrize("asked", [P95_EACH, ERRORS_EACH])
def test_what_is_wrong_with_a_few_does_not_hide_among_the_many(checks: dict[str, Check], asked: Criterion) -> None:
    """A page with 3 % of the requests, each of which takes 1.9 s or fails: the whole is within 5 %."""
    slow_or_failed = ({19000: 3}, {}) if asked is P95_EACH else ({}, {"HTTP 500": 3})
    few = [cell(at, slow_or_failed[0], 1, failed=slow_or_failed[1]) for at in range(40)]
    cells = [*few, *(cell(at, {1000: 97}) for at in range(40))]
    requests = [{"name": name, "cacheable": False} for name in ("GET /", "GET /report")]
    facts = Facts(run(seconds=cells, requests=requests))
    whole = judge(checks["latency-p95"], P95, facts, layer="load", fixtures={})
    assert [one.outcome for one in whole] == [Outcome.SATISFIED]
    found = {one.subject: one for one in judge(checks[asked.id], asked, facts, layer="load", fixtures={})}
    hidden = found.pop("GET /report (steady at https://www.example.com)")
    assert hidden.outcome is Outcome.NOT_SATISFIED
    assert [one.outcome for one in found.values()] == [Outcome.SATISFIED]


def test_a_slow_origin_does_not_hide_behind_a_cache(checks: dict[str, Check]) -> None:
    """No cache may answer 3 % of the requests, which have three names, each too rare for itself."""
    few = [cell(at, {19000: 1}, place) for at in range(40) for place in (1, 2, 3)]
    requests = [{"name": f"GET /{each}", "cacheable": False} for each in ("", *(f"{n} (uncached)" for n in "abc"))]
    profile = {"name": "steady", "rate": 100.0, "duration": 40.0, "uncached": 0.03}
    cells = [*few, *(cell(at, {1000: 97}) for at in range(40))]
    facts = Facts(run(seconds=cells, requests=requests, profile=profile))
    found = judge(checks[P95_EACH.id], P95_EACH, facts, layer="load", fixtures={})
    assert [(one.subject.partition(" (")[0], str(one.outcome)) for one in found] == [
        ("GET /", "satisfied"),
        ("whatever the origin answered", "not-satisfied"),
    ]


@pytest.mark.parametrize(("tenths", "expected"), [(3, Outcome.SATISFIED), (5, Outcome.UNDETERMINED)])
def test_of_a_site_that_creeps_the_page_says_how_little_a_night_is_told(
    checks: dict[str, Check], tenths: int, expected: Outcome
) -> None:
    """Against the earliest of 20 nights, from 100 ms on; a named release has no such limit."""
    assert judged(checks, SLOWER, change(1000 + 19 * tenths)).outcome is expected


def test_every_check_was_seen_in_all_three_ways(checks: dict[str, Check]) -> None:
    for table in (HELD, BROKEN, OPEN):
        assert {asked.id for asked, _, _ in table} == set(checks)


@pytest.mark.parametrize("asked", [COUNTS, APART, SLOWER, GREATER])
def test_what_there_is_nothing_to_compare_with_is_not_asked(checks: dict[str, Check], asked: Criterion) -> None:
    finding = judged(checks, asked, FACTS_BY_PROFILE["steady"](stored(record())))
    assert finding.outcome is Outcome.NOT_APPLICABLE
