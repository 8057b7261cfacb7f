"""Could readers always be served while traffic moved from one version to the other?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.requests import WatchedRequests
from prodgate.facts.rollout.watched import Surroundings, WatchedService


@check(
    "deployment-shifts-after-health",
    remedy="Wait for the new targets' health checks before the shift: a hook, or a longer wait of the deployment.",
)
def test_traffic_moves_to_healthy_targets(service: WatchedService, criterion: Criterion) -> None:
    """Were all new targets healthy before traffic moved to them?"""
    criterion.hold(not service.moved_early, expected="all new targets healthy", observed=service.moved_early)


@check(
    "deployment-shifts-after-health",
    remedy="Raise the deregistration delay above the longest request, and let tasks finish on SIGTERM.",
)
def test_requests_under_way_are_finished(requests: WatchedRequests, criterion: Criterion) -> None:
    """Was no request cut off after traffic began to move?"""
    criterion.hold(not requests.cut_off, expected="all requests finished", observed=requests.cut_off)


@check(
    "during-health-checks",
    remedy="Keep the old tasks until the new ones are healthy; look why the health check failed on both sides.",
    measures="count",
)
def test_somebody_always_takes_traffic(service: WatchedService, criterion: Criterion) -> None:
    """Was there a healthy target in a group with traffic, at every observation?"""
    criterion.require(service.least_healthy)


@check(
    "deployment-live-weights",
    remedy="Set the weights of the rule to 100 and 0 as the last deployment left them, then find out who changed them.",
)
def test_one_version_serves_before_and_after(service: WatchedService, criterion: Criterion) -> None:
    """Did one group get all traffic before and after the shift, and the new one no more than declared in between?"""
    criterion.hold(not service.weights_before, expected="one group with all", observed=service.weights_before)
    criterion.hold(not service.weights_after, expected="one group with all", observed=service.weights_after)
    criterion.hold(not service.wrong_steps, expected="the declared steps", observed=service.wrong_steps)


@check(
    "rollback-alarms-have-data",
    remedy="Name metrics and dimensions that exist, and say what missing data means; deploy when the alarms are OK.",
)
def test_alarms_could_have_fired(service: WatchedService, criterion: Criterion) -> None:
    """Could every alarm that guards the deployment have fired when traffic moved?"""
    unready = ", ".join(service.unready_alarms)
    criterion.hold(not unready, expected="alarms in state OK", observed=unready)


@check(
    "rollback-brings-all-back",
    remedy="Change it in a release of its own, before the one that needs it; or undo it wherever a rollback ends.",
)
def test_nothing_is_changed_beside_the_revision(beside: Surroundings, criterion: Criterion) -> None:
    """Is everything that no rollback brings back as it was before the deployment?"""
    criterion.exclude(beside.changed, expected="no change beside the revision")
