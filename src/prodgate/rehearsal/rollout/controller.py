"""Carries deployments out as CodeDeploy does: install, try, shift by the declared steps, bake, end the old tasks."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Final

from .builds import Build
from .colours import Stage, TaskSet, end_tasks, find_unwell, shift, start_tasks
from .deployments import FAILED, ON_ALARM, ON_REQUEST, Halted, Release, event, now, tell
from .hook import find_failure
from .rollback import roll_back

#: Seconds between looks at whether a deployment must be stopped.
_LOOK: Final = 0.1
#: Seconds that an event of CodeDeploy takes even if nothing happens in it; there they are five to ten.
_EVENT: Final = 0.5
#: What is moved at the first step where the weights are wrong.
_HALF: Final = 50
_NOT_HEALTHY: Final = "The deployment timed out while waiting for the replacement task set to become healthy."
_HOOK_FAILED: Final = "One or more of the lifecycle event validation functions failed."
_ALARMED: Final = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected "
    "deployments have been stopped. Activated alarms: "
)


def carry_out(stage: Stage, releases: Sequence[Release], build: Build, schema: str) -> None:
    """Carry out deployments of a build, side by side; one that can't go on is rolled back where that is declared."""
    for release in releases:
        tell(stage, release, status="InProgress", startTime=now())
    try:
        _install(stage, releases, build, schema)
        _try(stage, releases, build)
        _move(stage, releases)
        _bake(stage, releases)
    except Halted as halted:
        roll_back(stage, releases, halted)
        return
    _end_blue(stage, releases)
    for release in releases:
        tell(stage, release, status="Succeeded", completeTime=now())


def _install(stage: Stage, releases: Sequence[Release], build: Build, schema: str) -> None:
    with event(stage, releases, "BeforeInstall"):
        pass
    with event(stage, releases, "Install"):
        for release in releases:
            release.green = _create_green(stage, release, build, schema)
        greens = _greens(releases)
        if "naive-restart" in stage.faults:
            stage.fleet.end([one.task for each in releases for one in each.blue.targets], at_once=True)
        if stage.faults & {"naive-restart", "early-shift"}:
            _shift_all(stage, releases, 100)
        for release, green in zip(releases, greens, strict=True):
            start_tasks(stage, release.service, green)
        if "early-shift" in stage.faults:
            return
        if why := find_unwell(stage, greens):
            raise Halted(FAILED, "TIMEOUT", f"{_NOT_HEALTHY} {why}")
    with event(stage, releases, "AfterInstall"):
        sleep(_EVENT)


def _create_green(stage: Stage, release: Release, build: Build, schema: str) -> TaskSet:
    service, (first, second) = release.service, release.service.groups
    group = second if release.blue.group.arn == first.arn else first
    balancer = {"targetGroupArn": group.arn, "containerName": service.container, "containerPort": service.port}
    made = stage.aws("ecs").create_task_set(
        cluster=service.cluster,
        service=service.name,
        taskDefinition=release.definition,
        launchType="FARGATE",
        loadBalancers=[balancer],
    )["taskSet"]
    named = {"id": made["id"], "arn": made["taskSetArn"], "definition": release.definition}
    return TaskSet(**named, group=group, build=build, schema=schema)


def _greens(releases: Sequence[Release]) -> list[TaskSet]:
    return [release.green for release in releases if release.green]


def _try(stage: Stage, releases: Sequence[Release], build: Build) -> None:
    with event(stage, releases, "AllowTestTraffic"):
        for release, green in zip(releases, _greens(releases), strict=True):
            if release.service.test:
                shift(stage, release.service, green.group, 100, test=True)
    with event(stage, releases, "AfterAllowTestTraffic"):
        if stage.hook and "early-shift" not in stage.faults and (why := find_failure(stage, stage.hook, build)):
            raise Halted(FAILED, "HOOK_EXECUTION_FAILURE", f"{_HOOK_FAILED} {why}")
        sleep(_EVENT)
    with event(stage, releases, "BeforeAllowTraffic"):
        sleep(_EVENT)


def _move(stage: Stage, releases: Sequence[Release]) -> None:
    """Move the traffic by the steps of the first service; all services of a rehearsal are deployed side by side."""
    with event(stage, releases, "AllowTraffic"):
        for percent, minutes in releases[0].service.steps:
            if percent == 100 and "kill-at-switch" in stage.faults:
                stage.fleet.end([one.task for each in releases for one in each.blue.targets], at_once=True)
                sleep(_LOOK)  # else all of the few readers of a test may happen to ask after the traffic has moved
            wrong = percent < 100 and "wrong-weights" in stage.faults
            _shift_all(stage, releases, _HALF if wrong else percent)
            _wait(stage, releases, minutes)
        for release, green in zip(releases, _greens(releases), strict=True):
            where = {"cluster": release.service.cluster, "service": release.service.name}
            stage.aws("ecs").update_service_primary_task_set(**where, primaryTaskSet=green.arn)
    with event(stage, releases, "AfterAllowTraffic"):
        pass


def _shift_all(stage: Stage, releases: Sequence[Release], percent: int) -> None:
    for release, green in zip(releases, _greens(releases), strict=True):
        shift(stage, release.service, green.group, percent)
        release.percent = percent
        tell(stage, release)


def _bake(stage: Stage, releases: Sequence[Release]) -> None:
    if "slow-drain" in stage.faults:
        return
    for release in releases:
        tell(stage, release, instanceTerminationWaitTimeStarted=True)
    _wait(stage, releases, max(release.service.bake for release in releases))


def _end_blue(stage: Stage, releases: Sequence[Release]) -> None:
    for release, green in zip(releases, _greens(releases), strict=True):
        stage.serving[release.service.arn] = green
    alive = all(one.task.alive for release in releases for one in release.blue.targets)
    ending = [(release.service, release.blue) for release in releases]
    end_tasks(stage, ending, waits=alive and "slow-drain" not in stage.faults)


def _wait(stage: Stage, releases: Sequence[Release], minutes: float) -> None:
    """Wait so many declared minutes. Raises Halted when an alarm fires or somebody asks for the end."""
    until = monotonic() + stage.seconds(minutes)
    while monotonic() < until:
        _check_alarms(stage, releases)
        _check_requests(stage, releases)
        sleep(min(_LOOK, max(0.0, until - monotonic())))


def _check_alarms(stage: Stage, releases: Sequence[Release]) -> None:
    stage.keeper.look()
    names = sorted({name for release in releases for name in release.service.alarms})
    if firing := stage.keeper.find_firing(names):
        raise Halted(ON_ALARM, "ALARM_ACTIVE", f"{_ALARMED}<{', '.join(firing)}>")


def _check_requests(stage: Stage, releases: Sequence[Release]) -> None:
    client = stage.aws("codedeploy")
    for release in releases:
        found = client.get_deployment(deploymentId=release.id)["deploymentInfo"].get("errorInformation") or {}
        if found.get("code") == "MANUAL_STOP":
            raise Halted(ON_REQUEST, found["code"], found["message"])
