"""How a new version replaces the old one, and how the old one comes back."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Block, Configuration, Criterion, Quantity, Resource, policy
from prodgate.semantics.cloudwatch import alarms_in_rule

from .alarms import ALARM, COMPOSITE, readings

SERVICE = ("aws_ecs_service",)
GROUP = "aws_codedeploy_deployment_group"
#: Strategies of ECS's own deployment controller that shift traffic between two target groups.
SHIFTING = ("BLUE_GREEN", "CANARY", "LINEAR")
#: What must be among the metrics of the alarms that stop a deployment.
FELT_BY_USERS = {"response time": {"TargetResponseTime"},
                 "errors": {"HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "5xxErrorRate"}}  # fmt: skip


@policy(
    "PG_DEP_1",
    criterion="deployment-blue-green",
    resources=SERVICE,
    remedy=(
        "Set deployment_controller to CODE_DEPLOY with a deployment group of two target groups, or "
        'deployment_configuration.strategy = "BLUE_GREEN" with an alternate target group.'
    ),
    required=True,
)
def services_deploy_blue_green(service: Resource, criterion: Criterion) -> None:
    """Each service deploys blue/green: the new tasks stand behind a second target group before traffic moves.

    The way back is then the way the traffic came, and needs no new tasks. CodeDeploy does it, or ECS itself.
    """
    if _controller(service) == "CODE_DEPLOY":
        groups = _groups_of(service)
        criterion.hold(
            bool(groups), expected="a CodeDeploy deployment group", observed="none names this service", premise=True
        )
        criterion.hold(any(map(_shifts, groups)), expected="two target groups", observed="no pair to shift between")
        return
    strategy = service.text("deployment_configuration.strategy") if service.blocks("deployment_configuration") else ""
    criterion.hold(
        strategy in SHIFTING, expected="BLUE_GREEN", observed=strategy or "rolling update", held=strategy, premise=True
    )
    paired = [one for balancer in service.blocks("load_balancer") for one in balancer.blocks("advanced_configuration")]
    criterion.hold(bool(paired), expected="an alternate target group", observed="none")


@policy(
    "PG_DEP_2",
    criterion="deployment-bake-time",
    resources=SERVICE,
    remedy=(
        "Set termination_wait_time_in_minutes of the deployment group, or "
        "deployment_configuration.bake_time_in_minutes."
    ),
    required=True,
)
def old_tasks_stay_for_a_while(service: Resource, criterion: Criterion) -> None:
    """The old tasks stay for the agreed time after traffic has moved.

    What goes wrong after a release mostly does within minutes; once the old tasks are gone, a rollback is a deployment.
    """
    if _controller(service) == "CODE_DEPLOY":
        ends = _ends_of_old_tasks(service)
        criterion.hold(bool(ends), expected="a time to stay", observed="no deployment group that states one")
    if (stays := bake_time(service)) is not None:
        criterion.require(stays)


@policy(
    "PG_DEP_3",
    criterion="deployment-automatic-rollback",
    resources=SERVICE,
    remedy=(
        "Enable auto_rollback_configuration with the event DEPLOYMENT_FAILURE, or deployment_circuit_breaker with "
        "rollback."
    ),
    population=0,
)
def failed_deployments_roll_back(service: Resource, criterion: Criterion) -> None:
    """A deployment that fails rolls back by itself.

    Off by default, with CodeDeploy as with ECS: the failed version stays until somebody wakes up.
    """
    if _controller(service) == "CODE_DEPLOY":
        groups = _groups_of(service)
        able = bool(groups) and all("DEPLOYMENT_FAILURE" in _rollback_events(group) for group in groups)
        criterion.hold(able, expected="rollback on DEPLOYMENT_FAILURE", observed="no automatic rollback")
        return
    breakers = service.blocks("deployment_circuit_breaker")
    able = any(one.flag("enable") and one.flag("rollback") for one in breakers)
    criterion.hold(able, expected="a circuit breaker with rollback", observed="no automatic rollback")


@policy(
    "PG_DEP_4",
    criterion="deployment-alarms-in-rollback",
    resources=SERVICE,
    remedy=(
        "List declared alarms on response time and on 5xx answers among the reasons for a rollback, and enable "
        "them (CodeDeploy: the event DEPLOYMENT_STOP_ON_ALARM as well)."
    ),
    population=0,
)
def alarms_roll_a_deployment_back(service: Resource, criterion: Criterion) -> None:
    """Alarms on response time and on errors, both declared, are among the reasons that roll a deployment back.

    A health check sees a task that is dead, and nothing of one that answers wrong or slowly. A name that no alarm has
    stops nothing.
    """
    metrics = service.configuration.once(_metrics)
    names = set(rollback_alarms(service))
    criterion.hold(bool(names), expected="alarms in the rollback", observed="none that are enabled", premise=True)
    lost = sorted(names - metrics.keys())
    criterion.exclude(lost, expected="declared alarms", observed="{} not declared")
    seen = {metric for name in names for metric in metrics[name]}
    missing = sorted(what for what, wanted in FELT_BY_USERS.items() if not wanted & seen)
    criterion.exclude(missing, expected="alarms on what users feel", observed="none on {}")


@policy(
    "PG_DEP_5",
    criterion="deployment-keeps-capacity",
    resources=SERVICE,
    remedy="Set deployment_minimum_healthy_percent = 100 and deployment_maximum_percent of at least 200.",
    population=0,
)
def deployments_keep_capacity(service: Resource, criterion: Criterion) -> None:
    """A rolling deployment keeps all the wanted tasks; it starts new ones before it stops old ones.

    100 is the default. Blue/green keeps the old tasks whole, so the question does not arise there.
    """
    if _controller(service) != "ECS" or shifts_traffic(service):
        raise criterion.not_applicable("deploys blue/green")
    percent = service.number("deployment_minimum_healthy_percent", 100)
    criterion.hold(percent >= 100, expected="at least 100 %", observed=f"{percent} %")


def shifts_traffic(service: Resource) -> bool:
    """Whether traffic moves from old tasks to new ones, so that the old ones can stay behind."""
    strategies = [one.text("strategy") for one in service.blocks("deployment_configuration")]
    return _controller(service) == "CODE_DEPLOY" or bool(set(strategies) & set(SHIFTING))


def bake_time(service: Resource) -> Quantity | None:
    """Return how long the old tasks stay after traffic has moved; None if until somebody ends them."""
    if _controller(service) != "CODE_DEPLOY":
        baking = service.blocks("deployment_configuration")
        return Quantity.of(baking[0].number("bake_time_in_minutes", 0) if baking else 0, "min")
    ends = _ends_of_old_tasks(service)
    if ends and ends[0].text("action", "TERMINATE") != "TERMINATE":
        return None
    return Quantity.of(ends[0].number("termination_wait_time_in_minutes", 0) if ends else 0, "min")


def _ends_of_old_tasks(service: Resource) -> list[Block]:
    return [one for group in _groups_of(service) for config in group.blocks("blue_green_deployment_config")
            for one in config.blocks("terminate_blue_instances_on_deployment_success")]  # fmt: skip


def _controller(service: Resource) -> str:
    return next((one.text("type") or "ECS" for one in service.blocks("deployment_controller")), "ECS")


def _groups_of(service: Resource) -> tuple[Resource, ...]:
    groups = service.configuration.once(_map_groups)
    return tuple(dict.fromkeys(group for name in sorted(service.identities) for group in groups.get(name, ())))


def _map_groups(configuration: Configuration) -> dict[str, list[Resource]]:
    """Return the groups that deploy a service, by what they call it."""
    found: dict[str, list[Resource]] = {}
    for group in configuration.of(GROUP):
        for named in group.blocks("ecs_service"):
            found.setdefault(named.text("service_name") or "", []).append(group)
    return found


def _shifts(group: Resource) -> bool:
    style = [(one.text("deployment_type"), one.text("deployment_option")) for one in group.blocks("deployment_style")]
    pairs = [pair for info in group.blocks("load_balancer_info") for pair in info.blocks("target_group_pair_info")]
    two = any(len({one.text("name") for one in pair.blocks("target_group")}) == 2 for pair in pairs)
    return two and style == [("BLUE_GREEN", "WITH_TRAFFIC_CONTROL")]


def _rollback_events(group: Resource) -> set[str]:
    return {
        event
        for one in group.blocks("auto_rollback_configuration")
        if one.flag("enabled")
        for event in one.texts("events")
    }


def rollback_alarms(service: Resource) -> Iterator[str]:
    """Yield the names of the alarms that stop a deployment of the service and roll it back."""
    if _controller(service) != "CODE_DEPLOY":
        for one in service.blocks("alarms"):
            yield from one.texts("alarm_names") if one.flag("enable") and one.flag("rollback") else ()
    for group in _groups_of(service):
        stops: tuple[Block, ...] = group.blocks("alarm_configuration")
        for one in stops if "DEPLOYMENT_STOP_ON_ALARM" in _rollback_events(group) else ():
            yield from (
                one.texts("alarms") if one.flag("enabled", True) and not one.flag("ignore_poll_alarm_failure") else ()
            )


def _metrics(configuration: Configuration) -> dict[str, set[str]]:
    """Return the metrics that each alarm reads, by its name; a composite alarm reads what its parts read."""
    found = {
        alarm.text("alarm_name") or "": {one.metric for one in readings(alarm)} for alarm in configuration.of(ALARM)
    }
    waiting = {
        one.text("alarm_name") or "": alarms_in_rule(one.text("alarm_rule") or "")
        for one in configuration.of(COMPOSITE)
    }
    for _ in range(len(waiting)):  # a composite alarm may be part of another one
        found |= {name: set().union(*(found.get(part, set()) for part in parts)) for name, parts in waiting.items()}
    return found
