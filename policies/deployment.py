"""Deployments: how a new version replaces the old one, which image runs, and how the old version comes back."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from prodgate import Block, Configuration, Criterion, Quantity, Resource, policy
from prodgate.semantics.aws_settings import SHIFTING, UNCONNECTED, is_connected
from prodgate.semantics.cloudwatch import alarms_in_rule, list_unfelt
from prodgate.semantics.policy_documents import Statement

from .containers import list_containers
from .identity import grants, managed_by_aws
from .observability import ALARM, COMPOSITE, readings

SERVICE = ("aws_ecs_service",)
GROUP = "aws_codedeploy_deployment_group"
T = TypeVar("T")


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

    A rollback then only moves traffic back, and needs no new tasks. CodeDeploy does it, or ECS itself.
    """
    _require_connected(service, criterion)
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

    Most faults of a release show within minutes; once the old tasks are gone, a rollback is a new deployment.
    """
    _require_connected(service, criterion)
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

    Off by default in both CodeDeploy and ECS: the failed version stays until a person acts.
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

    A health check finds a dead task, but not one that answers wrongly or slowly. A name that belongs to no alarm stops
    nothing.
    """
    _require_connected(service, criterion)
    metrics = service.configuration.once(_metrics)
    names = set(rollback_alarms(service))
    criterion.hold(bool(names), expected="alarms in the rollback", observed="none that are enabled", premise=True)
    lost = sorted(names - metrics.keys())
    criterion.exclude(lost, expected="declared alarms", observed="{} not declared")
    seen = {metric for name in names for metric in metrics[name]}
    criterion.exclude(sorted(list_unfelt(seen)), expected="alarms on what users feel", observed="none on {}")


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


def _require_connected(service: Resource, criterion: Criterion) -> None:
    """End the judgement of a service that nothing connects to; only a declared task definition can show that."""
    tasks = service.related("task_definition", "aws_ecs_task_definition")
    containers = (one for task in tasks for one in list_containers(task))
    named = (service.blocks(name) for name in ("load_balancer", "service_registries"))
    if not is_connected(containers, not tasks, *named):
        raise criterion.not_applicable(UNCONNECTED)


def shifts_traffic(service: Resource) -> bool:
    """Whether traffic moves from old tasks to new ones, so that the old ones can stay behind."""
    strategies = [one.text("strategy") for one in service.blocks("deployment_configuration")]
    return _controller(service) == "CODE_DEPLOY" or bool(set(strategies) & set(SHIFTING))


def bake_time(service: Resource) -> Quantity | None:
    """Return how long the old tasks stay after traffic has moved; None if they stay until somebody ends them."""
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
    """Return the groups that deploy a service, keyed by the service's name."""
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
    """Return the metrics that each alarm reads, by its name."""
    return _read_alarms(configuration, lambda alarm: {one.metric for one in readings(alarm)})


def _read_alarms(configuration: Configuration, read: Callable[[Resource], set[T]]) -> dict[str, set[T]]:
    """Return what each alarm reads, by its name; a composite alarm reads what its parts read."""
    found = {alarm.text("alarm_name") or "": read(alarm) for alarm in configuration.of(ALARM)}
    waiting = {
        one.text("alarm_name") or "": alarms_in_rule(one.text("alarm_rule") or "")
        for one in configuration.of(COMPOSITE)
    }
    for _ in range(len(waiting)):  # a composite alarm may be part of another one
        found |= {name: set().union(*(found.get(part, set()) for part in parts)) for name, parts in waiting.items()}
    return found


# ── How much of a service a deployment may take at once


@policy(
    "PG_DEP_11",
    criterion="deployment-keeps-capacity",
    resources=("aws_codedeploy_deployment_group",),
    population=0,
    remedy="Choose CodeDeployDefault.HalfAtATime or OneAtATime, or deploy blue/green.",
)
def not_all_instances_are_replaced_at_once(group: Resource, criterion: Criterion) -> None:
    """No deployment in place takes all instances out of service at the same time."""
    styles = [one.text("deployment_type", "IN_PLACE") for one in group.blocks("deployment_style")]
    if "BLUE_GREEN" in styles:
        raise criterion.not_applicable("the old instances stay until the new ones serve")
    chosen = group.text("deployment_config_name")
    ok = chosen != "CodeDeployDefault.AllAtOnce"
    criterion.hold(ok, expected="some at a time", observed=chosen)


# ── Which image runs, and whether it is the one that was tested

REPOSITORY = ("aws_ecr_repository",)
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


@policy(
    "PG_DEP_7",
    criterion="image-by-digest",
    resources=("aws_ecs_task_definition",),
    remedy="Name the image by digest: repository@sha256:….",
    population=0,
)
def tasks_name_images_by_digest(task: Resource, criterion: Criterion) -> None:
    """Every container names its image by digest.

    A tag can move between the test and the deploy, and again between two tasks of the same service.
    """
    loose = [str(one.get("image")) for one in list_containers(task) if not DIGEST.fullmatch(str(one.get("image")))]
    criterion.exclude(loose, expected="a digest")


@policy(
    "PG_DEP_8",
    criterion="image-tags-immutable",
    resources=REPOSITORY,
    remedy='Set image_tag_mutability = "IMMUTABLE".',
    population=0,
)
def repositories_keep_their_tags(repository: Resource, criterion: Criterion) -> None:
    """Image repositories refuse to overwrite a tag.

    MUTABLE is the default: anybody who may push replaces the image that the next restart runs, under the same name.
    """
    mutability = repository.text("image_tag_mutability", "MUTABLE")
    criterion.hold(mutability == "IMMUTABLE", expected="IMMUTABLE", observed=mutability)


# ── Whether an alarm can still roll a deployment back when it fires


@policy(
    "PG_DEP_10",
    criterion="deployment-bake-outlasts-alarms",
    resources=("aws_ecs_service",),
    population=0,
)
def alarms_fire_while_the_old_tasks_are_there(service: Resource, criterion: Criterion) -> None:
    """Every alarm that rolls a deployment back can fire before the old tasks are gone.

    An alarm needs all of its evaluation periods, and a metric comes a minute or two late. If an alarm takes longer than
    the old tasks stay, the rollback exists in name only.
    """
    if not shifts_traffic(service):
        raise criterion.not_applicable("no traffic moves from old tasks to new ones")
    stays, spans = bake_time(service), service.configuration.once(_spans)
    needs = [span for name in rollback_alarms(service) for span in spans.get(name, ())]
    if stays is None or not needs:
        raise criterion.not_applicable("no alarm takes it back, or the old tasks stay until somebody ends them")
    criterion.require(Quantity.seconds(stays.base - max(needs)))


def _spans(configuration: Configuration) -> dict[str, set[int]]:
    """Return the seconds of data that each alarm needs, by its name."""
    return _read_alarms(configuration, lambda alarm: {_span(alarm)})


def _span(alarm: Resource) -> int:
    metrics = [metric for query in alarm.blocks("metric_query") for metric in query.blocks("metric")]
    periods = [int(one.number("period", 0)) for one in metrics] or [int(alarm.number("period", 0))]
    return max(periods) * int(alarm.number("evaluation_periods", 1))


# ── Who may deploy: only a job that waited for an approval

GITHUB = "token.actions.githubusercontent.com"
#: Actions that put a new version, or new rights, into production.
DEPLOYING = (
    "codedeploy:CreateDeployment", "ecs:UpdateService", "ecs:RegisterTaskDefinition", "iam:PassRole",
    "iam:PutRolePolicy", "iam:AttachRolePolicy", "cloudformation:UpdateStack", "lambda:UpdateFunctionCode",
    "cloudfront:UpdateDistribution",
)  # fmt: skip
ADMINISTRATORS = {"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"}
ENVIRONMENT = re.compile(r"repo:[^*?]+:environment:([^*?]+)")


@policy(
    "PG_DEP_9",
    criterion="deploy-role-needs-approval",
    resources=("aws_iam_role",),
    remedy='Pin the subject of the GitHub token to "repo:OWNER/NAME:environment:production" in the trust policy.',
    population=1,
)
def deploy_roles_wait_for_an_approval(role: Resource, criterion: Criterion) -> None:
    """A role with which GitHub Actions can deploy is taken only by jobs of a protected environment.

    GitHub lets a job into an environment only after its reviewers approve. With a role pinned to a branch instead, any
    workflow that is merged or dispatched there deploys, with or without a gate.
    """
    open_ = [subject for subject in _list_subjects(role, criterion) if not ENVIRONMENT.fullmatch(subject)]
    criterion.exclude(open_, expected="repo:…:environment:…")


@policy(
    "PG_DEP_14",
    criterion="deploy-environments",
    resources=("aws_iam_role",),
    population=0,
    remedy="Name an environment that the criterion states in the subject of the trust policy.",
)
def deploy_roles_trust_stated_environments(role: Resource, criterion: Criterion) -> None:
    """A role with which GitHub Actions can deploy trusts no other environment than a stated one."""
    named = [found[1] for one in _list_subjects(role, criterion) if (found := ENVIRONMENT.fullmatch(one))]
    others = [name for name in named if not (criterion.bound and criterion.bound.admits(name))]
    criterion.exclude(others, expected=str(criterion.bound))


def _list_subjects(role: Resource, criterion: Criterion) -> list[str]:
    """Return the subjects of GitHub's tokens that may take a role. Raises NotApplicable for one that can't deploy."""
    trusts = [
        one for one in role.allow_statements("assume_role_policy") if any(GITHUB in p.name for p in one.principals)
    ]
    if not trusts or not _can_deploy(role):
        raise criterion.not_applicable("not a role with which GitHub Actions deploys")
    return [subject for one in trusts for subject in _subjects(one)]


def _can_deploy(role: Resource) -> bool:
    return bool(managed_by_aws(role) & ADMINISTRATORS) or any(one.covers(*DEPLOYING) for one in grants(role))


def _subjects(trust: Statement) -> tuple[str, ...]:
    return trust.pinned(f"{GITHUB}:sub") or ("any job",)
