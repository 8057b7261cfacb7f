"""Views of a system: canaries, traces, and dashboards."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...quantities import Quantity
from ...semantics.aws_settings import COLLECTORS, TRACING_POLICIES
from ...semantics.cloudwatch import metrics_on
from ...semantics.json_texts import read_json
from .. import Fact
from ..observers import apart, observes, observes_each
from .alarms import find_owners
from .cloudwatch import AlarmSettings, find_unpublished, read_alarms
from .distributions import list_distributions
from .ecs_services import RunningTask, list_running_tasks
from .load_balancers import list_balancers, metric_name
from .permissions import read_rights

#: Runs to look through for one that has ended; AWS returns the newest first.
_RUNS: Final = 10

#: Metrics that are worse when higher; SuccessPercent is worse when lower.
_FAILURES: Final = frozenset({"Failed", "FailedRequests"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Canary(Fact):
    """A canary; ``subject`` is its name."""

    state: str
    """``RUNNING`` if it follows its schedule."""
    recurs: bool
    """Whether its schedule is more than one run."""
    last_run: str
    """``PASSED``, ``FAILED`` with the reason, or empty if it has never run."""
    alarms: tuple[str, ...]
    """Names of the alarms that fire when it fails, with their actions on."""


@observes_each(Canary, lambda account: account.list("synthetics", "DescribeCanaries", "Canaries"), "Name", "Id")
def observe_canaries(account: Account, found: Mapping[str, Any]) -> Canary:
    """Observe every canary."""
    name = found["Name"]
    return Canary(
        subject=name,
        state=found["Status"]["State"],
        recurs=not found["Schedule"]["Expression"].startswith("rate(0"),
        last_run=account.attempt(_read_last_run, account, name),
        alarms=account.attempt(_list_alarms, account, name),
    )


def _read_last_run(account: Account, name: str) -> str:
    """Return the result of the last finished run; a run in progress says nothing yet, and there often is one."""
    runs = account.list("synthetics", "DescribeCanariesLastRun", "CanariesLastRun")
    status = next((one["LastRun"].get("Status") or {} for one in runs if one["CanaryName"] == name), {})
    if status.get("State") == "RUNNING":
        newest = account.get("synthetics", "GetCanaryRuns", Name=name, MaxResults=_RUNS)["CanaryRuns"]
        ended = [one.get("Status") or {} for one in newest if (one.get("Status") or {}).get("State") != "RUNNING"]
        status = ended[0] if ended else {}
    state, why = status.get("State", ""), status.get("StateReason", "")
    if state == "PASSED" and (result := status.get("TestResult", state)) != state:
        return f"{state}, and its script {result}"
    return state if state == "PASSED" or not why else f"{state}: {why}"


def _list_alarms(account: Account, name: str) -> tuple[str, ...]:
    alarms = account.once(read_alarms)
    return tuple(one.name for one in alarms if one.actions_on and one.actions and _watches(one, name))


def _watches(alarm: AlarmSettings, name: str) -> bool:
    """Whether an alarm fires when the canary of this name fails."""
    metrics = {one.metric for one in alarm.readings if one.reads("CloudWatchSynthetics", one.metric, CanaryName=name)}
    low = alarm.fires_below and (alarm.threshold or 0) > 0
    return ("SuccessPercent" in metrics and low) or (bool(_FAILURES & metrics) and alarm.fires_above)


# ── Traces: whether the services can send them to X-Ray, and whether X-Ray has them


#: How far back X-Ray is queried; it answers for six hours at most.
LOOKED_BACK: Final = timedelta(hours=6)
#: Variables that give instrumentation the service name to report.
_NAMES: Final = ("OTEL_SERVICE_NAME", "AWS_XRAY_TRACING_NAME")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TracedService(Fact):
    """An ECS service; ``subject`` is its ARN."""

    collectors: tuple[str, ...]
    """Containers of its task that collect traces."""
    may_send: bool
    """Whether the role of its task may send traces to X-Ray."""
    names: tuple[str, ...]
    """Names of its traces: those set on its containers, else the service's own."""
    newest: Quantity | None
    """Time since its newest trace; None if X-Ray has none from the last six hours."""


@observes_each(TracedService, list_running_tasks, "arn")
def observe_traced_services(account: Account, task: RunningTask) -> TracedService:
    """Observe every service."""
    names = _names(task)
    return TracedService(
        subject=task.arn,
        collectors=tuple(one["name"] for one in task.containers if any(word in one["image"] for word in COLLECTORS)),
        may_send=account.attempt(_may_send, account, task.role),
        names=names,
        newest=account.attempt(_newest_trace_age, account, names),
    )


def _may_send(account: Account, role: str) -> bool:
    if not role:
        return False
    found = read_rights(account, role)
    return bool(found.by_aws & set(TRACING_POLICIES)) or found.may("xray:PutTraceSegments", "*")


def _names(task: RunningTask) -> tuple[str, ...]:
    variables = [one for container in task.containers for one in container.get("environment") or ()]
    return tuple(one["value"] for one in variables if one["name"] in _NAMES) or (task.name,)


def _newest_trace_age(account: Account, names: tuple[str, ...]) -> Quantity | None:
    since = account.now - LOOKED_BACK
    services = account.list("xray", "GetServiceGraph", "Services", StartTime=since, EndTime=account.now)
    heard = [one["EndTime"] for one in services if one.get("EndTime") and one.get("Name") in names]
    return account.age(max(heard)) if heard else None


# ── Dashboards: the metrics they show, whether these exist, and the components they omit

#: The ARN of a component, and the function that finds the dimension and the values of its metrics.
_Component = tuple[str, Callable[[], tuple[str, frozenset[str]]]]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dashboard(Fact):
    """A dashboard; ``subject`` is its name."""

    metrics: int
    """Number of metrics on it."""
    lost: tuple[str, ...]
    """``dimension = value`` of each metric on it that names a missing resource."""
    unpublished: tuple[str, ...] | None
    """Why AWS never publishes metrics on it; None if those of none of their services are listed here."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShownComponent(Fact):
    """A service, database, load balancer, distribution or Airflow environment; ``subject`` is its ARN."""

    dashboards: tuple[str, ...]
    """Names of the dashboards that show a metric of it, or of a part of it."""


@dataclass(frozen=True, slots=True)
class DashboardMetrics:
    """A dashboard's name, and namespace, name and dimensions of each metric on it, which may be deferred."""

    name: str
    metrics: tuple[tuple[str, str, dict[str, str]], ...]

    def shows(self, dimension: str, values: frozenset[str]) -> bool:
        """Whether a metric on it has a dimension with one of the values."""
        return any(dimensions.get(dimension) in values for _, _, dimensions in self.metrics)


def _list_dashboards(account: Account) -> tuple[DashboardMetrics, ...]:
    rows = account.list("cloudwatch", "ListDashboards", "DashboardEntries")
    return account.each(partial(_dashboard, account), rows)


@observes_each(Dashboard, _list_dashboards, "name")
def observe_dashboards(account: Account, one: DashboardMetrics) -> Dashboard:
    """Observe every dashboard."""
    lost = account.attempt(_find_lost_dimensions, account, one)
    unpublished = account.attempt(lambda: find_unpublished(one.metrics))
    return Dashboard(subject=one.name, metrics=len(one.metrics), lost=lost, unpublished=unpublished)


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
        if not names:  # an unknown dashboard may show it
            any(one.shows(dimension, values) for one in unread)
        return ShownComponent(subject=arn, dashboards=names)

    yield from map(apart(ShownComponent, look), _list_components(account))


def _dashboard(account: Account, row: Mapping[str, Any]) -> DashboardMetrics:
    named = row.get("DashboardName", "a dashboard without DashboardName")
    return DashboardMetrics(named, account.defer(_list_metrics, account, row["DashboardName"]))


def _list_metrics(account: Account, name: str) -> tuple[tuple[str, str, dict[str, str]], ...]:
    body = account.get("cloudwatch", "GetDashboard", DashboardName=name)["DashboardBody"]
    if isinstance(body, Unread):
        raise Unreadable(body.reason)
    try:
        return tuple(metrics_on(read_json(body), account.id))
    except (ValueError, AttributeError, TypeError):
        raise Unreadable(f"the body of dashboard {name!r} is not in the form that CloudWatch documents") from None


def _find_lost_dimensions(account: Account, dashboard: DashboardMetrics) -> tuple[str, ...]:
    """Return the named resources that do not exist; dimensions whose owners are not known here are not judged."""
    named = {(space, key, value) for space, _, dimensions in dashboard.metrics for key, value in dimensions.items()}
    found = {(space, key): find_owners(account, space, key) for space, key, _ in named}
    lost = {f"{key} = {value}" for space, key, value in named if value not in (found[space, key] or {value})}
    return tuple(sorted(lost))


def _list_components(account: Account) -> Iterator[_Component]:
    yield from ((task.arn, partial(_mark, "ServiceName", task.name)) for task in list_running_tasks(account))
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
