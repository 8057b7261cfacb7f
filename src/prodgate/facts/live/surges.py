"""How the system stood surges: whether the cache answered, services scaled out, and new tasks took traffic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .distributions import GLOBAL, list_distributions
from .ecs_services import list_services
from .load_balancers import list_balancers, metric_name
from .watching.metric_data import Query, read_series

reads("application-autoscaling", "DescribeScalingActivities")

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
#: How far back surges are looked for; CloudWatch keeps values by the minute as long, and scaling activities longer.
_FORTNIGHT: Final = timedelta(days=14)
_COUNT: Final = re.compile(r"desired count to (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CacheInSurge(Fact):
    """How CloudFront answered in the busiest hour of two weeks; ``subject`` is the distribution's ARN."""

    requests: int
    hit_rate: Quantity | None
    """Share of the cacheable requests that the cache answered; None if CloudFront does not publish it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceInSurge(Fact):
    """How a service scaled out in two weeks; ``subject`` is its ARN."""

    grown: int
    """How often it scaled out."""
    served: int
    """How often all its new tasks took traffic within the hour."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkerUse(Fact):
    """How busy the workers of an Airflow environment were in a week; ``subject`` is its ARN."""

    days: Quantity
    """Days of it with data; the base worker always reports."""
    highest: Quantity
    """Mean CPU use of the busiest hour."""


@observes(CacheInSurge)
def observe_cache_in_surge(account: Account) -> Iterator[CacheInSurge]:
    """Look at the busiest hour of every distribution."""
    yield from map(apart(CacheInSurge, partial(_cache, account), "ARN", "Id"), list_distributions(account))


def _cache(account: Account, site: Mapping[str, Any]) -> CacheInSurge:
    own = (("DistributionId", site["Id"]), ("Region", "Global"))
    counted = Query("AWS/CloudFront", "Requests", own, "Sum")
    rate = Query("AWS/CloudFront", "CacheHitRate", own, "Average")
    found = read_series(account, [counted, rate], window=_FORTNIGHT, period=_HOUR, region=GLOBAL)
    requests, hits = found[counted], found[rate]
    busiest = max(requests, key=lambda time: (requests[time], time), default=None)
    known = busiest is not None and busiest in hits
    return CacheInSurge(
        subject=site["ARN"],
        requests=int(requests[busiest]) if busiest else 0,
        hit_rate=Quantity.of(hits[busiest], "%") if known and busiest else None,
    )


@observes(ServiceInSurge)
def observe_services_in_surge(account: Account) -> Iterator[ServiceInSurge]:
    """Look at how every service grew."""
    look = apart(ServiceInSurge, partial(_service, account), "serviceArn", "serviceName")
    yield from account.each(look, account.once(list_services))


@observes(WorkerUse)
def observe_worker_use(account: Account) -> Iterator[WorkerUse]:
    """Look at the workers of every Airflow environment."""
    yield from map(apart(WorkerUse, partial(_workers, account), "Arn", "Name"), list_environments(account))


def _workers(account: Account, environment: Mapping[str, Any]) -> WorkerUse:
    base, more = (
        Query("AWS/MWAA", "CPUUtilization", (("Cluster", cluster), ("Environment", environment["Name"])), "Average")
        for cluster in ("BaseWorker", "AdditionalWorker")
    )
    found = read_series(account, [base, more], window=_WEEK, period=_HOUR)
    highest = max([*found[base].values(), *found[more].values()], default=Decimal(0))
    days = {time.date() for time in found[base]}
    return WorkerUse(
        subject=environment["Arn"],
        days=Quantity.days(min(len(days), _WEEK.days)),
        highest=Quantity.of(highest, "%"),
    )


def _service(account: Account, service: Mapping[str, Any]) -> ServiceInSurge:
    grown = tuple(_list_growth(account, service))
    served = [account.attempt(_took_traffic, account, service, time, count) for time, count in grown]
    unread = [one for one in served if not isinstance(one, bool)]
    return ServiceInSurge(subject=service["serviceArn"], grown=len(grown), served=unread[0] if unread else sum(served))


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
