"""What an account counted in the minutes of a run, at the distribution that serves a host and at load balancers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from fnmatch import fnmatchcase
from math import ceil
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS
from ..live.distributions import GLOBAL, items, list_distributions
from ..live.load_balancers import list_application_balancers, metric_name
from ..live.watching.metric_data import Query, Series, read_series, total

_MINUTE: Final = timedelta(minutes=1)
_ANSWERS: Final = "TargetResponseTime"
#: RequestCount excludes what a load balancer answers itself.
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
    """What was counted where the load enters. It includes real readers, so it may be more than was sent."""

    entrance: str
    """Who counted, as a person would look it up."""
    requests: Series
    """By minute."""
    errors: int
    """Answers with 5xx."""
    cached: bool
    """Whether a distribution stands in front, which answers a part by itself."""
    balancers: tuple[str, ...]
    """The application load balancers, as CloudWatch names them."""
    answers: int
    """Answers of targets that they timed."""

    def missing(self, begun: datetime, ended: datetime) -> Sequence[datetime]:
        """Return the minutes without data."""
        every = (begun + number * _MINUTE for number in range((ended - begun) // _MINUTE))
        return [minute for minute in every if minute not in self.requests]


def count_at_ingress(account: Account, host: str, foreign: Sequence[str], begun: datetime) -> IngressCounts | None:
    """Return what was counted from ``begun`` until the account's now; None if nothing counts. Raises Unreadable.

    A load balancer or distribution that fits a pattern of ``foreign`` by name or ARN is of another system.
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
    """Return the limits, in seconds, of the 95th percentile of ``own`` answers among all that were timed.

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
    """Return requests by minute, and how many were answered with 5xx, of which CloudFront states the share."""
    own = (("DistributionId", id_), ("Region", "Global"))
    requests = Query("AWS/CloudFront", "Requests", own, "Sum")
    share = Query("AWS/CloudFront", "5xxErrorRate", own, "Average")
    found = read_series(account, [requests, share], window=window, period=_MINUTE, region=GLOBAL)
    told = {minute: count for minute, count in found[requests].items() if minute in found[share]}
    return told, ceil(sum(count * found[share][minute] / 100 for minute, count in told.items()))


def _count_by_balancers(account: Account, own: Sequence[str], window: timedelta) -> Mapping[tuple[str, str], Series]:
    """Return what all load balancers together counted, by metric and statistic."""
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
