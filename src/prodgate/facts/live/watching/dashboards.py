"""Dashboards: what they show, whether it exists, and which components they omit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ....aws.account import Account
from ....aws.answers import Unread, Unreadable
from ....semantics.dashboard_metrics import metrics_on
from ....semantics.json_texts import read_json
from ... import Fact
from ...observers import apart, observes, reads
from ..distributions import list_distributions
from ..load_balancers import list_balancers, metric_name
from ..running_tasks import list_running_tasks
from .metric_owners import find_owners

#: The ARN of a component, and what finds the dimension and the values that mark its metrics.
_Component = tuple[str, Callable[[], tuple[str, frozenset[str]]]]

reads("cloudwatch", "GetDashboard", "ListDashboards")
reads("mwaa", "ListEnvironments")
reads("rds", "DescribeDBClusters")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dashboard(Fact):
    """A dashboard; ``subject`` is its name."""

    metrics: int
    """Number of metrics on it."""
    lost: tuple[str, ...]
    """``dimension = value`` of what a metric on it names and does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShownComponent(Fact):
    """A service, database, load balancer, distribution or Airflow environment; ``subject`` is its ARN."""

    dashboards: tuple[str, ...]
    """Names of the dashboards that show a metric of it, or of a part of it."""


@dataclass(frozen=True, slots=True)
class DashboardMetrics:
    """A dashboard's name, and namespace and dimensions of each metric on it, which may be deferred."""

    name: str
    metrics: tuple[tuple[str, dict[str, str]], ...]

    def shows(self, dimension: str, values: frozenset[str]) -> bool:
        """Whether a metric on it has a dimension with one of the values."""
        return any(dimensions.get(dimension) in values for _, dimensions in self.metrics)


@observes(Dashboard)
def observe_dashboards(account: Account) -> Iterator[Dashboard]:
    """Look at every dashboard."""

    def look(one: DashboardMetrics) -> Dashboard:
        lost = account.attempt(_find_lost_dimensions, account, one)
        return Dashboard(subject=one.name, metrics=len(one.metrics), lost=lost)

    yield from map(apart(Dashboard, look, "name"), _list_dashboards(account))


@observes(ShownComponent)
def observe_shown_components(account: Account) -> Iterator[ShownComponent]:
    """Look for every component on every dashboard."""
    found = _list_dashboards(account)
    unread = [one for one in found if isinstance(one.metrics, Unread)]
    known = [one for one in found if one not in unread]

    def look(row: _Component) -> ShownComponent:
        arn, marks = row
        dimension, values = marks()
        names = tuple(one.name for one in known if one.shows(dimension, values))
        if not names:  # one that is not known may show it
            any(one.shows(dimension, values) for one in unread)
        return ShownComponent(subject=arn, dashboards=names)

    yield from map(apart(ShownComponent, look), _list_components(account))


def _list_dashboards(account: Account) -> tuple[DashboardMetrics, ...]:
    rows = account.list("cloudwatch", "ListDashboards", "DashboardEntries")
    return account.each(partial(_dashboard, account), rows)


def _dashboard(account: Account, row: Mapping[str, Any]) -> DashboardMetrics:
    named = row.get("DashboardName", "a dashboard without DashboardName")
    return DashboardMetrics(named, account.defer(_list_metrics, account, row["DashboardName"]))


def _list_metrics(account: Account, name: str) -> tuple[tuple[str, dict[str, str]], ...]:
    body = account.get("cloudwatch", "GetDashboard", DashboardName=name)["DashboardBody"]
    if isinstance(body, Unread):
        raise Unreadable(body.reason)
    try:
        return tuple(metrics_on(read_json(body)))
    except (ValueError, AttributeError, TypeError):
        raise Unreadable(f"the body of dashboard {name!r} is not in the form that CloudWatch documents") from None


def _find_lost_dimensions(account: Account, dashboard: DashboardMetrics) -> tuple[str, ...]:
    """Return what is named and does not exist; dimensions whose owners are not known here are not judged."""
    named = {(space, key, value) for space, dimensions in dashboard.metrics for key, value in dimensions.items()}
    found = {(space, key): find_owners(account, space, key) for space, key, _ in named}
    lost = {f"{key} = {value}" for space, key, value in named if value not in (found[space, key] or {value})}
    return tuple(sorted(lost))


def _list_components(account: Account) -> Iterator[_Component]:
    for task in list_running_tasks(account):
        yield task.arn, partial(_mark, "ServiceName", task.name)
    for cluster in account.list("rds", "DescribeDBClusters", "DBClusters"):
        yield cluster.get("DBClusterArn") or cluster["DBClusterIdentifier"], partial(_mark_cluster, cluster)
    for row in list_balancers(account):
        arn = row.get("LoadBalancerArn") or row.get("LoadBalancerName", "a load balancer without LoadBalancerArn")
        yield arn, partial(lambda row: _mark("LoadBalancer", metric_name(row["LoadBalancerArn"])), row)
    for site in list_distributions(account):
        yield site.get("ARN") or site["Id"], partial(_mark, "DistributionId", site["Id"])
    for name in account.list("mwaa", "ListEnvironments", "Environments"):
        arn = f"arn:aws:airflow:{account.region}:{account.id}:environment/{name}"
        yield arn, partial(_mark, "Environment", name)


def _mark(dimension: str, value: str) -> tuple[str, frozenset[str]]:
    return dimension, frozenset({value})


def _mark_cluster(cluster: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    if parts := {one["DBInstanceIdentifier"] for one in cluster["DBClusterMembers"]}:
        return "DBInstanceIdentifier", frozenset(parts)
    return "DBClusterIdentifier", frozenset({cluster["DBClusterIdentifier"]})
