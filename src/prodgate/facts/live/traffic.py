"""What users met over a month, measured where their requests arrive: load balancers and canaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...quantities import Quantity
from ...semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS
from .. import Fact
from ..observers import apart, observes, reads
from .load_balancers import list_application_balancers, metric_name
from .watching.metric_data import Query, Series, read_series, total

reads("synthetics", "DescribeCanaries")

_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
_PERCENTILE: Final = Decimal(95)
_ALL: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BalancerTraffic(Fact):
    """What an application load balancer answered in the last 30 days; ``subject`` is its ARN."""

    days: Quantity
    """Days of them with requests; a load balancer that lives reports every day."""
    requests: int
    """Requests that reached it, including those for which it found no target."""
    p95: Quantity | None
    """95th percentile of response times over all days at once, or an upper limit of it. None without a request."""
    failed: Quantity
    """Share of requests answered with 5xx, by it or by its targets."""
    answered: Quantity
    """Share of requests answered otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CanaryVisits(Fact):
    """How a canary found the site in the last 30 days; ``subject`` is its name."""

    days: Quantity
    """Days of them with visits."""
    visits: int
    succeeded: Quantity
    """Share of visits that succeeded."""


@observes(BalancerTraffic)
def observe_balancer_traffic(account: Account) -> Iterator[BalancerTraffic]:
    """Look at the traffic of every application load balancer."""
    yield from map(
        apart(BalancerTraffic, partial(_balancer, account), "LoadBalancerArn"), list_application_balancers(account)
    )


def _balancer(account: Account, row: Mapping[str, Any]) -> BalancerTraffic:
    return BalancerTraffic(subject=row["LoadBalancerArn"], **_traffic(account, metric_name(row["LoadBalancerArn"])))


@observes(CanaryVisits)
def observe_canary_visits(account: Account) -> Iterator[CanaryVisits]:
    """Look at the visits of every canary."""
    rows = account.list("synthetics", "DescribeCanaries", "Canaries")
    yield from map(apart(CanaryVisits, partial(_canary, account), "Name", "Id"), rows)


def _canary(account: Account, row: Mapping[str, Any]) -> CanaryVisits:
    name = row["Name"]
    share, counted = (
        Query("CloudWatchSynthetics", "SuccessPercent", (("CanaryName", name),), statistic)
        for statistic in ("Sum", "SampleCount")
    )
    found = read_series(account, [share, counted], window=_MONTH, period=_DAY)
    visits = total(found[counted])
    return CanaryVisits(
        subject=name,
        days=Quantity.days(len(found[counted])),
        visits=int(visits),
        succeeded=Quantity.of(total(found[share]) / (visits or 1), "%"),
    )


def _traffic(account: Account, balancer: str) -> dict[str, Any]:
    found = _counts(account, balancer)
    requests, unplaced = found["RequestCount"], found[BALANCER_ERRORS]
    # RequestCount excludes requests that found no target, which are exactly those that the load balancer fails
    reached = total(requests) + total(unplaced)
    failed = 100 * (total(found[TARGET_ERRORS]) + total(unplaced)) / (reached or 1)
    return {
        "days": Quantity.days(sum(1 for count in requests.values() if count)),
        "requests": int(reached),
        "p95": account.attempt(_p95, account, balancer, total(unplaced) / (reached or 1)),
        "failed": Quantity.of(failed, "%"),
        "answered": Quantity.of(100 - failed, "%"),
    }


def _counts(account: Account, balancer: str) -> Mapping[str, Series]:
    metrics = ("RequestCount", BALANCER_ERRORS, TARGET_ERRORS)
    queries = {name: Query("AWS/ApplicationELB", name, (("LoadBalancer", balancer),), "Sum") for name in metrics}
    found = read_series(account, queries.values(), window=_MONTH, period=_DAY)
    return {name: found[query] for name, query in queries.items()}


def _p95(account: Account, balancer: str, unanswered: Decimal) -> Quantity | None:
    """Return the percentile over the whole window: those of its parts can't be averaged.

    If CloudWatch divides the window into periods, the highest of their percentiles is no lower. TargetResponseTime
    knows nothing of requests that no target answered, which took longer than all others: the percentile of the
    answered ones is so much higher.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    percentile = (_PERCENTILE / (1 - unanswered)).quantize(Decimal("0.01"), ROUND_UP) if unanswered < 1 else _ALL
    if percentile >= _ALL:
        raise Unreadable("so many requests had no answer that the slowest twentieth has no response time")
    name = f"p{percentile.normalize():f}"
    query = Query("AWS/ApplicationELB", "TargetResponseTime", (("LoadBalancer", balancer),), name)
    found = read_series(account, [query], window=_MONTH, period=_MONTH)[query]
    if any(value < 0 for value in found.values()):
        raise Unreadable("CloudWatch shows a negative response time")
    return Quantity.seconds(max(found.values()).quantize(Decimal("0.000001"))) if found else None
