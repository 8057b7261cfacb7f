"""Would somebody see a fault: in traces, on a dashboard, through a canary?"""

from prodgate import Criterion, check
from prodgate.facts.live import Canary, Dashboard, ShownComponent, TracedService


@check("tracing", remedy="Run a collector beside the application, and allow the task role xray:PutTraceSegments.")
def test_services_can_send_traces(service: TracedService, criterion: Criterion) -> None:
    """Does the service's task hold a trace collector, and may its role send the traces?"""
    criterion.hold(bool(service.collectors), expected="a trace collector", observed="none among the containers")
    criterion.hold(service.may_send, expected="xray:PutTraceSegments", observed="not allowed to the task role")


@check(
    "traces-arrive",
    remedy="Read the collector's log: it says which segments X-Ray refused, and why.",
    measures="time",
)
def test_traces_arrive(service: TracedService, criterion: Criterion) -> None:
    """How long ago did X-Ray receive the newest trace of the service?

    The containers' configuration names the service under which they report traces.
    """
    if service.newest is None:
        criterion.hold(False, expected="a trace", observed=f"none of {', '.join(service.names)} in six hours")
    else:
        criterion.require(service.newest)


@check("dashboard")
def test_dashboards_show_metrics(dashboard: Dashboard, criterion: Criterion) -> None:
    """Does the dashboard show metrics?"""
    criterion.hold(dashboard.metrics > 0, expected="widgets with metrics", observed="none")


@check("dashboard-covers-components", remedy="Add a widget with a metric of the component to the dashboard.")
def test_components_are_on_a_dashboard(component: ShownComponent, criterion: Criterion) -> None:
    """Is the service, database, load balancer, distribution or Airflow environment on a dashboard?"""
    observed = ", ".join(component.dashboards) or "on none"
    criterion.hold(bool(component.dashboards), expected="on a dashboard", observed=observed, held=observed)


@check("dashboard-covers-components", remedy="Take the metric off, or name the resource that replaced the lost one.")
def test_dashboards_show_what_exists(dashboard: Dashboard, criterion: Criterion) -> None:
    """Does every metric on the dashboard belong to a resource that exists?"""
    observed = "; ".join(dashboard.lost) or "all there"
    criterion.hold(not dashboard.lost, expected="resources that exist", observed=observed, held=observed)


@check("metrics-published", population=0)
def test_dashboards_show_published_metrics(dashboard: Dashboard, criterion: Criterion) -> None:
    """Does AWS publish the metrics on this dashboard, under the dimensions that it states?"""
    if dashboard.unpublished is None:
        raise criterion.not_applicable("shows no metric of a service whose metrics are listed here")
    criterion.exclude(dashboard.unpublished, expected="a published metric")


@check("canary", remedy="Start the canary, give it a recurring schedule, and mend what its last run met.")
def test_canaries_run(canary: Canary, criterion: Criterion) -> None:
    """Does the canary run on a schedule, and did its last run pass?"""
    criterion.hold(canary.state == "RUNNING", expected="RUNNING", observed=canary.state)
    criterion.hold(canary.recurs, expected="a recurring schedule", observed="runs once")
    criterion.hold(
        canary.last_run == "PASSED",
        expected="PASSED",
        observed=canary.last_run or "has never run",
        held=canary.last_run,
    )


@check("canary", remedy="Add an alarm with an action on CloudWatchSynthetics SuccessPercent that fires when it is low.")
def test_failing_canaries_raise_an_alarm(canary: Canary, criterion: Criterion) -> None:
    """Does an alarm fire when the canary fails?"""
    criterion.hold(
        bool(canary.alarms),
        expected="an alarm",
        observed=", ".join(canary.alarms) or "none",
        held=", ".join(canary.alarms),
    )
