"""Traffic over a month and in surges, measured at load balancers, canaries and the edge."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...quantities import Quantity
from ...semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS
from .. import Fact
from ..observers import observes_each
from .airflow import list_environments
from .cloudwatch import Query, Series, answered_percent, failed_percent, read_series, total
from .distributions import GLOBAL, list_distributions
from .ecs_services import list_services
from .load_balancers import list_application_balancers, list_balancers, metric_name

_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
_ALL: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BalancerTraffic(Fact):
    """The responses of an application load balancer in the last 30 days; ``subject`` is its ARN."""

    days: Quantity
    """Days with requests; a live load balancer reports every day."""
    requests: int
    """Requests that reached it, including those without a target."""
    p95: Quantity | None
    """95th percentile of response times over all days together, or an upper limit of it. None without a request."""
    failed: Quantity
    """Share of requests answered with 5xx, by it or by its targets."""
    answered: Quantity
    """Share of requests with any other status."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CanaryVisits(Fact):
    """A canary's visits to the site in the last 30 days; ``subject`` is its name."""

    days: Quantity
    """Days with visits."""
    visits: int
    succeeded: Quantity
    """Share of visits that succeeded."""


@observes_each(BalancerTraffic, list_application_balancers, "LoadBalancerArn")
def observe_balancer_traffic(account: Account, row: Mapping[str, Any]) -> BalancerTraffic:
    """Observe the traffic of every application load balancer."""
    balancer = metric_name(row["LoadBalancerArn"])
    metrics = ("RequestCount", BALANCER_ERRORS, TARGET_ERRORS)
    queries = [Query("AWS/ApplicationELB", name, (("LoadBalancer", balancer),), "Sum") for name in metrics]
    found = read_series(account, queries, window=_MONTH, period=_DAY)
    requests, unplaced, broken = (found[query] for query in queries)
    # RequestCount excludes requests without a target, which are exactly those that the load balancer fails
    reached = total(requests) + total(unplaced)
    failed = 100 * (total(broken) + total(unplaced)) / (reached or 1)
    return BalancerTraffic(
        subject=row["LoadBalancerArn"],
        days=Quantity.days(sum(1 for count in requests.values() if count)),
        requests=int(reached),
        p95=account.attempt(_p95, account, balancer, total(unplaced) / (reached or 1)),
        failed=failed_percent(failed),
        answered=answered_percent(failed),
    )


@observes_each(CanaryVisits, lambda account: account.list("synthetics", "DescribeCanaries", "Canaries"), "Name", "Id")
def observe_canary_visits(account: Account, row: Mapping[str, Any]) -> CanaryVisits:
    """Observe the visits of every canary."""
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
        succeeded=answered_percent(100 - total(found[share]) / (visits or 1)),
    )


def _p95(account: Account, balancer: str, unanswered: Decimal) -> Quantity | None:
    """Return the percentile over the whole window: those of its parts can't be averaged.

    If CloudWatch divides the window into periods, the highest of their percentiles is no lower. TargetResponseTime
    excludes requests that no target answered, which took longer than all others: the percentile to take of the answered
    ones is higher accordingly.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    percentile = (Decimal(95) / (1 - unanswered)).quantize(Decimal("0.01"), ROUND_UP) if unanswered < 1 else _ALL
    if percentile >= _ALL:
        raise Unreadable("so many requests had no answer that the slowest twentieth has no response time")
    name = f"p{percentile.normalize():f}"
    query = Query("AWS/ApplicationELB", "TargetResponseTime", (("LoadBalancer", balancer),), name)
    found = read_series(account, [query], window=_MONTH, period=_MONTH)[query]
    if any(value < 0 for value in found.values()):
        raise Unreadable("CloudWatch shows a negative response time")
    return Quantity.seconds(max(found.values()).quantize(Decimal("0.000001"))) if found else None


# ── Users' experience over a month at the edge, where some requests end that no load balancer counts


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EdgeTraffic(Fact):
    """The responses of a distribution in the last 30 days; ``subject`` is its ARN.

    CloudFront itself returns 502, 503 and 504 if it can't reach an origin or gets no response in time:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/troubleshooting-response-errors.html
    """

    days: Quantity
    """Days with requests."""
    requests: int
    answered: Quantity
    """Share of requests without a 5xx, including CloudFront's own."""


@observes_each(EdgeTraffic, list_distributions, "ARN", "Id")
def observe_edge_traffic(account: Account, site: Mapping[str, Any]) -> EdgeTraffic:
    """Observe the traffic of every distribution."""
    counted, errors = _read_edge(account, site, "5xxErrorRate", window=_MONTH, period=_DAY)
    requests = {time: count for time, count in counted.items() if count}
    # a day without a known rate counts as one without any response
    failed = sum((count * errors.get(time, Decimal(100)) for time, count in requests.items()), Decimal(0))
    return EdgeTraffic(
        subject=site["ARN"],
        days=Quantity.days(len(requests)),
        requests=int(total(requests)),
        answered=answered_percent(failed / (total(requests) or 1)),
    )


def _read_edge(
    account: Account, site: Mapping[str, Any], rate: str, *, window: timedelta, period: timedelta
) -> tuple[Series, Series]:
    """Return the number of a distribution's requests, and one of its rates in percent."""
    own = (("DistributionId", site["Id"]), ("Region", "Global"))
    queries = [Query("AWS/CloudFront", "Requests", own, "Sum"), Query("AWS/CloudFront", rate, own, "Average")]
    found = read_series(account, queries, window=window, period=period, region=GLOBAL)
    return found[queries[0]], found[queries[1]]


# ── The system in surges: whether the cache responded, services scaled out, and new tasks took traffic


_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
#: How far back surges are looked for; CloudWatch keeps minute values as long, and scaling activities longer.
_FORTNIGHT: Final = timedelta(days=14)
_COUNT: Final = re.compile(r"desired count to (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CacheInSurge(Fact):
    """CloudFront in the busiest hour of two weeks; ``subject`` is the distribution's ARN."""

    requests: int
    hit_rate: Quantity | None
    """Share of the cacheable requests that the cache served; None if CloudFront does not publish it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceInSurge(Fact):
    """How a service scaled out in two weeks; ``subject`` is its ARN."""

    grown: int
    """How often it scaled out."""
    served: int
    """How often all its new tasks took traffic within the hour."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkerUse(Fact):
    """The load of an Airflow environment's workers in a week; ``subject`` is its ARN."""

    days: Quantity
    """Days with data; the base worker always reports."""
    highest: Quantity
    """Mean CPU use of the busiest hour."""


@observes_each(CacheInSurge, list_distributions, "ARN", "Id")
def observe_cache_in_surge(account: Account, site: Mapping[str, Any]) -> CacheInSurge:
    """Observe the busiest hour of every distribution."""
    requests, hits = _read_edge(account, site, "CacheHitRate", window=_FORTNIGHT, period=_HOUR)
    busiest = max(requests, key=lambda time: (requests[time], time), default=None)
    hit_rate = hits.get(busiest) if busiest else None
    return CacheInSurge(
        subject=site["ARN"],
        requests=int(requests[busiest]) if busiest else 0,
        hit_rate=None if hit_rate is None else Quantity.of(hit_rate, "%"),
    )


@observes_each(ServiceInSurge, lambda account: account.once(list_services), "serviceArn", "serviceName", at_once=True)
def observe_services_in_surge(account: Account, service: Mapping[str, Any]) -> ServiceInSurge:
    """Observe how every service scaled out."""
    grown = tuple(_list_growth(account, service))
    served = [account.attempt(_took_traffic, account, service, time, count) for time, count in grown]
    unread = [one for one in served if not isinstance(one, bool)]
    return ServiceInSurge(subject=service["serviceArn"], grown=len(grown), served=unread[0] if unread else sum(served))


@observes_each(WorkerUse, list_environments, "Arn", "Name")
def observe_worker_use(account: Account, environment: Mapping[str, Any]) -> WorkerUse:
    """Observe the workers of every Airflow environment."""
    base, more = (
        Query("AWS/MWAA", "CPUUtilization", (("Cluster", cluster), ("Environment", environment["Name"])), "Average")
        for cluster in ("BaseWorker", "AdditionalWorker")
    )
    found = read_series(account, [base, more], window=_WEEK, period=_HOUR)
    highest = max([*found[base].values(), *found[more].values()], default=Decimal(0))
    return WorkerUse(
        subject=environment["Arn"],
        days=Quantity.days(min(len({time.date() for time in found[base]}), _WEEK.days)),
        highest=Quantity.of(highest, "%"),
    )


def _list_growth(account: Account, service: Mapping[str, Any]) -> Iterator[tuple[datetime, int]]:
    """Yield when a service scaled out, and to how many tasks."""
    name = f"service/{service['clusterArn'].rpartition('/')[2]}/{service['serviceName']}"
    listed = account.list(
        "application-autoscaling", "DescribeScalingActivities", "ScalingActivities", ServiceNamespace="ecs"
    )
    own = [one for one in listed if one["ResourceId"] == name and one["StatusCode"] == "Successful"]
    before = 0
    for activity in sorted(own, key=lambda one: one["StartTime"]):
        count = _COUNT.search(activity["Description"])
        if count and before and int(count[1]) > before and activity["StartTime"] > account.now - _FORTNIGHT:
            yield activity["StartTime"], int(count[1])
        before = int(count[1]) if count else before


def _took_traffic(account: Account, service: Mapping[str, Any], start: datetime, count: int) -> bool:
    """Whether as many targets as the service had tasks were healthy within the hour, and requests reached them."""
    groups = [one["targetGroupArn"].rpartition(":")[2] for one in service.get("loadBalancers") or ()]
    return any(_group_took_traffic(account, group, start, count) for group in groups)


def _group_took_traffic(account: Account, group: str, start: datetime, count: int) -> bool:
    found = False
    for balancer in list_balancers(account):
        own = (("LoadBalancer", metric_name(balancer["LoadBalancerArn"])), ("TargetGroup", group))
        healthy = Query("AWS/ApplicationELB", "HealthyHostCount", own, "Maximum")
        requests = Query("AWS/ApplicationELB", "RequestCount", own, "Sum")
        known = read_series(account, [healthy, requests], window=_FORTNIGHT, period=_HOUR)
        after = [time for time in known[healthy] if start - _HOUR < time <= start + _HOUR]
        found = found or any(known[healthy][time] >= count and known[requests].get(time, 0) for time in after)
    return found
