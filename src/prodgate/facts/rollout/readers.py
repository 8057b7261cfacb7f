"""What readers met while a deployment was carried out, as the load balancers counted it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...findings import NotObserved
from ...quantities import Quantity
from ...semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS
from .. import Fact
from ..live.load_balancers import list_application_balancers, metric_name
from ..live.watching.metric_data import Query, read_series, total
from .deployments import Deployment

#: How long CloudWatch may still add to a minute.
SETTLED: Final = timedelta(minutes=5)
_MINUTE: Final = timedelta(minutes=1)
_METRICS: Final = (
    "RequestCount",
    BALANCER_ERRORS,
    TARGET_ERRORS,
    "TargetConnectionErrorCount",
    "RejectedConnectionCount",
)
#: Those that count a request, or a connection, that failed. A connection error is among the balancer's own errors.
_FAILED: Final = (BALANCER_ERRORS, TARGET_ERRORS, "RejectedConnectionCount")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReadersDuringDeployment(Fact):
    """What a load balancer answered to readers in the minutes of the last deployment; ``subject`` is its ARN."""

    requests: int
    failed: Quantity
    """Requests that were answered with 5xx, and connections that were refused."""
    settling: str
    """Why the count may still grow; empty when it is final."""


def read_readers(account: Account, began: datetime, ended: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield what each application load balancer counted in the minutes of a deployment. Raises Unreadable."""
    start = began.replace(second=0, microsecond=0)
    minutes = int((ended - start) / _MINUTE) + 1
    then = replace(account, now=start + minutes * _MINUTE)
    for balancer in list_application_balancers(account):
        arn = balancer["LoadBalancerArn"]
        queries = {n: Query("AWS/ApplicationELB", n, (("LoadBalancer", metric_name(arn)),), "Sum") for n in _METRICS}
        found = read_series(then, queries.values(), window=minutes * _MINUTE, period=_MINUTE)
        counts = {name: int(total(found[query])) for name, query in queries.items()}
        yield {"balancer": arn, "counts": counts, "settled": account.now - ended >= SETTLED}


def readers_facts(value: Mapping[str, Any]) -> Iterator[ReadersDuringDeployment]:
    """Yield what a stored count says."""
    counts = value["counts"]
    minutes = int(SETTLED / _MINUTE)
    yield ReadersDuringDeployment(
        subject=value["balancer"],
        requests=counts["RequestCount"] + counts[BALANCER_ERRORS],
        failed=Quantity.of(sum(counts[name] for name in _FAILED)),
        settling=""
        if value["settled"]
        else f"CloudWatch still counts; run again {minutes} minutes after the deployment",
    )


def span_of(deployments: Iterable[Deployment]) -> tuple[datetime, datetime]:
    """Return when the first of some deployments began and the last ended. Raises Unreadable when that is not known."""
    known = [_times_of(fact) for fact in deployments]
    if not known:
        raise Unreadable("no deployment is known")
    return min(began for began, _ in known), max(ended for _, ended in known)


def _times_of(deployment: Deployment) -> tuple[datetime, datetime]:
    try:
        began, ended = deployment.began, deployment.ended
    except NotObserved as unread:
        raise Unreadable(unread.conclusion.reason) from unread
    if ended is None:
        raise Unreadable(f"{deployment.id} still goes on; run again when it is over")
    return began, ended
