"""The requests of a run as the server saw them, by its own clock, and as the account that serves them counted them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from fnmatch import fnmatchcase
from math import ceil, floor
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.account import Account, Calls
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.recording import recall
from ...estimates import Estimate, exact_value
from ...quantities import Quantity
from ...semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS
from ...statistics import nearest_rank
from .. import Fact
from ..live.cloudwatch import Query, Series, read_series, total
from ..live.distributions import GLOBAL, items, list_distributions
from ..live.load_balancers import list_application_balancers, metric_name
from .soundness import (
    as_sent,
    count_requests,
    describe_disturbance,
    list_counted,
    measured_seconds,
    percent,
    run_name,
    why_clock_differs,
    why_incomplete,
    why_unsound,
)

#: Prefix of the path of a request that only marks a position in the log.
MARK: Final = "/prod-gate-was-here-"
#: Path prefixes that load balancers, deploys and the gate itself request.
_PROBES: Final = ("/api/health", "/api/ready", "/healthz", MARK)
#: Prefixes of the failures that the server answered, and so must have logged.
ANSWERED_FAILURES: Final = ("HTTP ", "wrong content")
_ERRORS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerView(Fact):
    """A run as the generator and the server recorded it; ``subject`` is such as ``steady at https://…``."""

    sent: int
    """Requests that the generator sent, the warm-up included."""
    arrived: int
    """Requests in the server's access log."""
    unmatched: Quantity
    """Share of requests that only one of the two has: lost, or silently sent again."""
    client_p95: Quantity
    """95th percentile of successes, from the intended send to the last byte."""
    server_p95: Quantity
    """95th percentile of successes in the access log."""
    apart: Estimate
    """The distance between the two percentiles."""


def server_view(stored: Mapping[str, Any]) -> Iterator[ServerView]:
    """Yield both sides of a run, for a target whose own log was read."""
    record, seen = stored["record"], stored["server"]
    if seen is None:
        return
    early = record["why"] if record["stopped_early"] else ""
    if reason := why_incomplete(record) or early or why_clock_differs(record) or seen.get("unreadable", ""):
        yield ServerView.unread(run_name(stored), reason)
    else:
        yield ServerView(subject=run_name(stored), **_counts(record, seen), **_percentiles(record, seen))


def summarise_log(lines: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> dict[str, Any]:
    """Summarise the access log of a run: statuses from the warm-up on, latencies of successes in seconds that count.

    A line has ``at`` in seconds since 1970, ``path``, ``status`` (0 for no response) and ``seconds``.
    """
    begin, profile = datetime.fromisoformat(record["started"]).timestamp(), record["profile"]
    counted = set(list_counted(as_sent(record) or record))
    statuses, latency = Counter[str](), Counter[int]()
    for line in lines:
        if line["path"].startswith(_PROBES) or line["at"] < begin - profile["warm_up"]:
            continue
        statuses[str(line["status"])] += 1
        if floor(line["at"] - begin) in counted and 0 < line["status"] < _ERRORS:
            latency[ceil(line["seconds"] * 10_000)] += 1
    return {"statuses": dict(statuses), "latency": {str(took): count for took, count in sorted(latency.items())}}


def _counts(record: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Compare counts. A request that failed without a response may have arrived or not."""
    warm_up, arrived = record["warm_up"], sum(seen["statuses"].values())
    silent = warm_up["failed"] + sum(
        count
        for cell in record["seconds"]
        for name, count in cell["failed"].items()
        if not name.startswith(ANSWERED_FAILURES)
    )
    sent = warm_up["sent"] + count_requests(record)
    unmatched = max(0, arrived - sent, sent - silent - arrived)
    return {
        "sent": sent,
        "arrived": arrived,
        "unmatched": percent(unmatched, sent) if sent else Unread("no request was sent"),
    }


def _percentiles(record: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    sent = as_sent(record)
    if not sent and (reason := why_unsound(record)):
        return dict.fromkeys(("client_p95", "server_p95", "apart"), Unread(reason))
    disturbed, record = describe_disturbance(record) if sent else "", sent or record
    took, counted = Counter[int](), set(list_counted(record))
    for cell in (each for each in record["seconds"] if each["second"] in counted):
        took.update({int(tenths): count for tenths, count in cell["latency"].items()})
    client, server = p95(took), p95({int(tenths): count for tenths, count in seen["latency"].items()})
    if client is None or server is None:
        return dict.fromkeys(("client_p95", "server_p95", "apart"), Unread("no request succeeded"))
    apart = exact_value(
        Quantity.of(abs(client.magnitude - server.magnitude), "ms"), samples=sum(took.values()), at_most=disturbed
    )
    return {"client_p95": client, "server_p95": server, "apart": apart}


def p95(took: Mapping[int, int]) -> Quantity | None:
    """Return the latency that no more than a twentieth exceed; None without requests."""
    tenths = nearest_rank(took, 950)
    return None if tenths is None else Quantity.of(Decimal(tenths) / 10, "ms")


# ── The requests of a run as the account that serves them counted them, in the whole minutes of the run
# Other readers come meanwhile, a cache answers a part of the requests, and clocks differ. So no numbers must be equal;
# only differences that none of this can explain count against a run:
#
# - The entrance, which is the distribution that serves the host or else the load balancers, counted no fewer requests
#   than were answered, and no fewer 5xx than readers saw. Fewer means that something else answered them.
# - Responses that certainly came from targets (all of them, or behind a distribution those that no cache may give) are
#   among all that load balancers timed. However slow the others were, their 95th percentile lies between two
#   percentiles of all. If the readers' measurement lies outside, they wait where no alarm sees it, or the measurement
#   hides a wait.
#
# It proves nothing if CloudFront counts more 5xx than the load balancers: it also serves errors from its cache.

# ── The counts of an account in the minutes of a run, at the distribution of a host and at load balancers

_MINUTE: Final = timedelta(minutes=1)
_ANSWERS: Final = "TargetResponseTime"
#: RequestCount excludes responses of the load balancer itself.
_REQUESTS: Final = (
    "RequestCount",
    "HTTP_Fixed_Response_Count",
    "HTTPCode_ELB_3XX_Count",
    "HTTPCode_ELB_4XX_Count",
    BALANCER_ERRORS,
)
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressCounts:
    """Counts at the entrance of the load. They include real readers, so they may exceed the sent requests."""

    entrance: str
    """The counter, as a person would look it up."""
    requests: Series
    """By minute."""
    errors: int
    """Responses with 5xx."""
    cached: bool
    """Whether a distribution stands in front, which serves a part by itself."""
    balancers: tuple[str, ...]
    """The application load balancers, as CloudWatch names them."""
    answers: int
    """Responses of targets that they timed."""

    def missing(self, begun: datetime, ended: datetime) -> Sequence[datetime]:
        """Return the minutes without data."""
        every = (begun + number * _MINUTE for number in range((ended - begun) // _MINUTE))
        return [minute for minute in every if minute not in self.requests]


def count_at_ingress(account: Account, host: str, foreign: Sequence[str], begun: datetime) -> IngressCounts | None:
    """Return the counts from ``begun`` until the account's now; None if nothing counts. Raises Unreadable.

    A load balancer or distribution whose name or ARN matches a pattern of ``foreign`` belongs to another system.
    """
    window = account.now - begun
    site, own = _find_distribution(account, host, foreign), tuple(_list_balancers(account, foreign))
    behind = _count_by_balancers(account, own, window) if own else {}
    timed = int(total(behind.get((_ANSWERS, "SampleCount"), {})))
    if site is not None:
        requests, errors = _count_by_distribution(account, site["Id"], window)
        entrance = f"distribution {site['Id']}"
    elif own:
        requests = _add_series(behind[name, "Sum"] for name in _REQUESTS)
        errors = int(sum(total(behind[name, "Sum"]) for name in (BALANCER_ERRORS, TARGET_ERRORS)))
        entrance = f"load balancer {' and '.join(own)}"
    else:
        return None
    return IngressCounts(
        entrance=entrance, requests=requests, errors=errors, cached=site is not None, balancers=own, answers=timed
    )


def percentile_range(account: Account, seen: IngressCounts, own: int, begun: datetime) -> tuple[Decimal, Decimal]:
    """Return the limits, in seconds, of the 95th percentile of ``own`` responses among all timed ones.

    Whether all others were slower or faster, the percentile of our own lies between two of all. Percentiles of minutes
    can't be averaged, but that of the whole is no lower than the lowest and no higher than the highest.
    """
    part = Decimal(own) / seen.answers
    low, high = (95 * part).quantize(_CENT, ROUND_DOWN), (100 - 5 * part).quantize(_CENT, ROUND_UP)
    asked = {
        edge: [_query(name, _ANSWERS, f"p{edge.normalize():f}") for name in seen.balancers] for edge in (low, high)
    }
    found = read_series(
        account, [one for each in asked.values() for one in each], window=account.now - begun, period=_MINUTE
    )
    least, most = ([value for one in asked[edge] for value in found[one].values()] for edge in (low, high))
    if not least or not most:
        raise Unreadable("CloudWatch GetMetricData: has no percentiles of TargetResponseTime where it has its samples")
    return min(least), max(most)


def _find_distribution(account: Account, host: str, foreign: Sequence[str]) -> Mapping[str, Any] | None:
    """Return the distribution that serves a host: one with its exact name before one with a wildcard."""
    own = [site for site in list_distributions(account) if not _is_foreign(foreign, site["ARN"], site["Id"])]
    exact = [site for site in own if host in (*items(site, "Aliases"), site["DomainName"])]
    wild = [site for site in own if any(fnmatchcase(host, alias) for alias in items(site, "Aliases"))]
    return next(iter([*exact, *wild]), None)


def _list_balancers(account: Account, foreign: Sequence[str]) -> Iterator[str]:
    for balancer in list_application_balancers(account):
        arn = balancer["LoadBalancerArn"]
        if not _is_foreign(foreign, arn, balancer["LoadBalancerName"]):
            yield metric_name(arn)


def _is_foreign(foreign: Sequence[str], *names: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in foreign)


def _count_by_distribution(account: Account, id_: str, window: timedelta) -> tuple[Series, int]:
    """Return requests by minute, and how many got a 5xx, of which CloudFront states the share."""
    own = (("DistributionId", id_), ("Region", "Global"))
    requests = Query("AWS/CloudFront", "Requests", own, "Sum")
    share = Query("AWS/CloudFront", "5xxErrorRate", own, "Average")
    found = read_series(account, [requests, share], window=window, period=_MINUTE, region=GLOBAL)
    told = {minute: count for minute, count in found[requests].items() if minute in found[share]}
    return told, ceil(sum(count * found[share][minute] / 100 for minute, count in told.items()))


def _count_by_balancers(account: Account, own: Sequence[str], window: timedelta) -> Mapping[tuple[str, str], Series]:
    """Return the counts of all load balancers together, by metric and statistic."""
    asked = [*((name, "Sum") for name in (*_REQUESTS, TARGET_ERRORS)), (_ANSWERS, "SampleCount")]
    queries = {one: [_query(name, *one) for name in own] for one in asked}
    found = read_series(account, [query for each in queries.values() for query in each], window=window, period=_MINUTE)
    return {one: _add_series(found[query] for query in each) for one, each in queries.items()}


def _query(balancer: str, metric: str, statistic: str) -> Query:
    return Query("AWS/ApplicationELB", metric, (("LoadBalancer", balancer),), statistic)


def _add_series(several: Iterable[Series]) -> Series:
    added: dict[datetime, Decimal] = {}
    for one in several:
        for minute, value in one.items():
            added[minute] = added.get(minute, Decimal(0)) + value
    return added


# ── The whole minutes of a run, by which AWS counts, and the requests that certainly lie within them

#: Seconds by which the clocks of the generator and of AWS may differ.
_SKEW: Final = 2.0
#: Requests of one visit, each of which may take as long as the timeout: only the start of a visit is recorded.
_IN_A_ROW: Final = 2
_SECONDS: Final = 60
_ERROR: Final = re.compile(r"HTTP 5\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequests:
    """Requests of the seconds that lie within the minutes to their end, however the clocks differ."""

    answered: int
    """Requests that got a response, successful or not."""
    errors: int
    """Those answered with 5xx."""
    took: Counter[int]
    """Tenths of a millisecond -> how many successes took as long."""
    took_uncached: Counter[int]
    """The same for requests that no cache may answer."""


def find_whole_minutes(record: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return begin and end of the whole minutes within a run's measured window.

    Raises Unreadable if there is none, or the run can't be trusted or was stopped early.
    """
    early = record["why"] if record["stopped_early"] else ""
    if reason := why_incomplete(record) or early or why_clock_differs(record):
        raise Unreadable(reason)
    started = datetime.fromisoformat(record["started"]).astimezone(UTC)
    ended = (started + timedelta(seconds=measured_seconds(record))).replace(second=0, microsecond=0)
    begun = started + timedelta(seconds=-started.timestamp() % _SECONDS)
    if begun >= ended or not count_sent(record, begun, ended).answered:
        raise Unreadable(
            f"the measured {measured_seconds(record):g} s hold no whole minute in which anything was answered, "
            "and AWS counts by the minute; let it last 3 min or more"
        )
    return begun, ended


def count_sent(record: Mapping[str, Any], begun: datetime, ended: datetime) -> SentRequests:
    """Return the requests that were sent and ended between two times."""
    answered = errors = 0
    took, uncached = Counter[int](), Counter[int]()
    for cell in _seconds_within(record, begun, ended):
        latency = {int(tenths): count for tenths, count in cell["latency"].items()}
        failed = cell["failed"].items()
        answered += sum(latency.values()) + sum(count for kind, count in failed if kind.startswith(ANSWERED_FAILURES))
        errors += sum(count for kind, count in failed if _ERROR.match(kind))
        took.update(latency)
        if not record["requests"][cell["request"]]["cacheable"]:
            uncached.update(latency)
    return SentRequests(answered=answered, errors=errors, took=took, took_uncached=uncached)


def _seconds_within(record: Mapping[str, Any], begun: datetime, ended: datetime) -> Iterator[Mapping[str, Any]]:
    started = datetime.fromisoformat(record["started"])
    first = (begun - started).total_seconds() + _SKEW
    last = (ended - started).total_seconds() - _SKEW - _IN_A_ROW * record["profile"]["timeout"]
    return (cell for cell in record["seconds"] if first <= cell["second"] and cell["second"] + 1 <= last)


#: Profiles whose run is compared with the account's counts.
ACCOUNT_PROFILES: Final = ("steady", "surge")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EntranceCount(Fact):
    """A run as counted at the entrance of the account; ``subject`` names both."""

    answered: int
    """Requests of readers that were answered within the minutes, with success or without."""
    unknown: Quantity
    """Share of them that the account did not count."""
    unknown_errors: Quantity
    """5xx that the account did not count, as a share of all responses."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BalancerTimes(Fact):
    """A run as load balancers timed it; ``subject`` names both."""

    answers: int
    """Successes that certainly came from their targets."""
    client_p95: Quantity
    """Their 95th percentile, from the intended send to the last byte."""
    least: Quantity
    """Lower limit of their 95th percentile as load balancers timed it."""
    most: Quantity
    """Its upper limit."""
    apart: Quantity
    """How far outside these limits the readers' own is; 0 within."""


@contextmanager
def account_at(now: datetime, calls: Calls, about: Mapping[str, Any]) -> Iterator[Account]:
    """Yield an account at a time; ``about`` holds its id and region."""
    with ThreadPoolExecutor(1, thread_name_prefix="calls") as pool:
        nothing: Any = lambda _: {}  # noqa: E731
        yield Account(
            id=about["id"], region=about["region"], now=now, calls=calls, pool=pool, declared=nothing, files=nothing
        )


def account_view(stored: Mapping[str, Any], account: Mapping[str, Any] | None) -> Iterator[Fact]:
    """Yield a run as the account saw it; ``account`` is its stored evidence, None if it was not observed.

    Nothing for a run whose server's own log was read.
    """
    if stored["server"] is not None or stored["record"]["profile"]["name"] not in ACCOUNT_PROFILES:
        return
    if account is None or account["unreadable"]:
        reason = "the account was not asked" if account is None else account["unreadable"]
        yield from _unread(stored, reason)
    else:
        yield from view_through(recall(account["answers"]), stored, account)


def view_through(calls: Calls, stored: Mapping[str, Any], about: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield a run as the account behind ``calls`` saw it; nothing if nothing in it counts requests."""
    record = stored["record"]
    try:
        begun, ended = find_whole_minutes(record)
        with account_at(ended, calls, about) as account:
            seen = count_at_ingress(account, host_of(record), about["foreign"], begun)
            if seen is not None:
                yield _entrance_count(stored, seen, begun, ended)
                yield from _balancer_times(stored, seen, account, begun)
    except Unreadable as error:
        yield from _unread(stored, error.reason)
    except Absent as error:
        yield from _unread(stored, f"AWS answered {error.code}, where it should list what there is")


def host_of(record: Mapping[str, Any]) -> str:
    """Return the name of the host under load."""
    return urlsplit(record["host"]).hostname or ""


def _entrance_count(stored: Mapping[str, Any], seen: IngressCounts, begun: datetime, ended: datetime) -> EntranceCount:
    own, requests = count_sent(stored["record"], begun, ended), int(sum(seen.requests.values()))
    subject = f"{run_name(stored)}, as {seen.entrance} counts"
    if missing := seen.missing(begun, ended):
        reason = (
            f"CloudWatch tells no requests of {seen.entrance} in {len(missing)} of {(ended - begun) // _MINUTE} minutes"
            f", first at {missing[0]:%H:%M} UTC: it is late, or the load does not come here; look there, and run again"
        )
        return EntranceCount.unread(subject, reason, answered=own.answered)
    return EntranceCount(
        subject=subject,
        answered=own.answered,
        unknown=percent(own.answered - requests, own.answered),
        unknown_errors=percent(own.errors - seen.errors, own.answered),
    )


def _balancer_times(
    stored: Mapping[str, Any], seen: IngressCounts, account: Account, begun: datetime
) -> Iterator[BalancerTimes]:
    """Compare response times, if a part of the load certainly reached targets of load balancers."""
    own = count_sent(stored["record"], begun, account.now)
    took = own.took_uncached if seen.cached else own.took
    client, answers = p95(took), sum(took.values())
    if client is None or not seen.balancers:
        return
    subject = f"{run_name(stored)}, as {len(seen.balancers)} load balancers time it"
    if reason := why_unsound(stored["record"]) or stored["record"]["health"].get("aside", ""):
        yield BalancerTimes.unread(subject, reason, answers=answers, client_p95=client)
        return
    try:
        compared = _compare_percentiles(account, seen, client, answers, begun)
    except Unreadable as error:
        yield BalancerTimes.unread(subject, error.reason, answers=answers, client_p95=client)
    else:
        yield BalancerTimes(subject=subject, answers=answers, client_p95=client, **compared)


def _compare_percentiles(
    account: Account, seen: IngressCounts, client: Quantity, own: int, begun: datetime
) -> dict[str, Quantity]:
    if seen.answers < own:
        raise Unreadable(
            f"load balancers timed {seen.answers:,} answers, and readers had {own:,} that no cache may give: "
            "something else gave them, or CloudWatch is late; name what a cache may answer in the locustfile"
        )
    least, most = (1000 * seconds for seconds in percentile_range(account, seen, own, begun))
    apart = max(least - client.magnitude, client.magnitude - most, Decimal(0))
    told = {"least": least, "most": most, "apart": apart}
    return {name: Quantity.of(value.quantize(Decimal("0.1"), ROUND_UP), "ms") for name, value in told.items()}


def _unread(stored: Mapping[str, Any], reason: str) -> Iterator[Fact]:
    subject = f"{run_name(stored)}, as the account counts"
    yield EntranceCount.unread(subject, reason)
    yield BalancerTimes.unread(subject, reason)
