"""What people and robots look at: dashboards and canaries."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Configuration, Criterion, Resource, policy
from prodgate.semantics.dashboard_metrics import metrics_on

from .alarms import Reading, alarms_on, fires_below, point_at_nearest
from .observability_notice import DIMENSIONS

DASHBOARD = "aws_cloudwatch_dashboard"
#: What people ask about first when something is wrong.
COMPONENTS = ("aws_ecs_service", "aws_rds_cluster", "aws_lb", "aws_cloudfront_distribution", "aws_mwaa_environment")
#: What may be shown in the place of a component.
PARTS = {"aws_rds_cluster": ("aws_rds_cluster_instance",)}


@policy(
    "PG_OBS_26",
    criterion="dashboard",
    resources=(DASHBOARD,),
    required=True,
)
def dashboards_show_metrics(dashboard: Resource, criterion: Criterion) -> None:
    """Every dashboard shows metrics.

    CloudWatch takes an empty dashboard, or one of headings only, without a word.
    """
    shown = list(_metrics(dashboard))
    criterion.hold(bool(shown), expected="widgets with metrics", observed="none")


@policy(
    "PG_OBS_27",
    criterion="dashboard-covers-components",
    resources=COMPONENTS,
    required=True,
    remedy="Add a widget with a metric of this resource to the dashboard.",
)
def components_are_on_a_dashboard(component: Resource, criterion: Criterion) -> None:
    """Every service, database, load balancer, distribution and Airflow environment is on a dashboard.

    During an incident nobody builds a graph first. A database counts when its cluster or one of its instances is shown.
    """
    shown = component.configuration.once(_index_shown)
    own = component.configuration.naming(component, "cluster_identifier", *PARTS.get(component.type, ()))
    seen = any(one.identities & shown.get(one.type, set()) for one in (component, *own))
    criterion.hold(seen, expected="on a dashboard", observed="on none")


def _index_shown(configuration: Configuration) -> dict[str, set[str]]:
    """Return what metrics name, by the type it is of: a cluster of tasks and one of databases may share a name."""
    found: dict[str, set[str]] = {}
    for namespace, dimensions in (metric for board in configuration.of(DASHBOARD) for metric in _metrics(board)):
        for key, value in dimensions.items():
            for type_ in DIMENSIONS.get((namespace, key), ()):
                found.setdefault(type_, set()).add(value)
    return found


@policy(
    "PG_OBS_28",
    criterion="dashboard-covers-components",
    resources=(DASHBOARD,),
    required=True,
    remedy="Take the dimension from the resource itself instead of writing its name out.",
)
def dashboards_show_what_exists(dashboard: Resource, criterion: Criterion) -> None:
    """Every metric on a dashboard belongs to a resource that is declared.

    A graph of a resource that was renamed is an empty graph, and an empty graph looks calm.
    """
    named = [(space, key, value) for space, dimensions in _metrics(dashboard) for key, value in dimensions.items()]
    lost = [
        f"{key} = {value}" for space, key, value in named if not _exists(dashboard.configuration, space, key, value)
    ]
    criterion.exclude(sorted(set(lost)), expected="declared resources")


@policy(
    "PG_OBS_29",
    criterion="canary",
    resources=("aws_synthetics_canary",),
    required=True,
    remedy=(
        "Set start_canary, a recurring schedule, and an alarm on CloudWatchSynthetics SuccessPercent that fires "
        "when it is low."
    ),
)
def canaries_run_and_are_watched(canary: Resource, criterion: Criterion) -> None:
    """Every canary runs on a schedule, and an alarm fires when it fails.

    start_canary is off by default; a schedule of rate(0 ...) runs once.
    """
    found = alarms_on(canary, "CloudWatchSynthetics", "SuccessPercent", "Failed", "FailedRequests")
    watched = [one for one in found if one.mentions("CanaryName", canary)]
    point_at_nearest(canary, "CanaryName", "CloudWatchSynthetics", "SuccessPercent")
    criterion.hold(
        any(_fires(one) for one in watched),
        expected="an alarm on its success",
        observed="none",
    )
    once = any((one.text("expression") or "").startswith("rate(0") for one in canary.blocks("schedule"))
    criterion.hold(not once, expected="a recurring schedule", observed="runs once")
    criterion.hold(canary.flag("start_canary"), expected="start_canary = true", observed="never started")


def _fires(reading: Reading) -> bool:
    """Whether an alarm can fire: failures above a number, or success below one that is more than nothing."""
    return reading.metric != "SuccessPercent" or (fires_below(reading.alarm) and reading.alarm.number("threshold") > 0)


def _metrics(dashboard: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    yield from metrics_on(dashboard.json("dashboard_body") or {})


def _exists(configuration: Configuration, namespace: str, dimension: str, value: str) -> bool:
    """Whether a dimension names something declared, or something whose kind is not looked up."""
    types = DIMENSIONS.get((namespace, dimension), ())
    declared = configuration.of(*types)
    return not declared or any(value in resource.identities for resource in declared)
