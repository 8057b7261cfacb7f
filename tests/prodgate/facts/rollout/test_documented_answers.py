"""Answers in the forms that AWS documents and gives for deployments of ECS's own: each is read, and none for another.

Every one has the members that AWS's own examples and pages show for its status, which are fewer than our other answers
have: the documented one that waits has no time but that of its last change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.facts.rollout.deployments import Deployment, deployment_facts
from prodgate.facts.rollout.reading import read_newest_deployments
from prodgate.facts.rollout.routes import read_routes
from prodgate.facts.rollout.samples import take_sample
from prodgate.facts.rollout.states import State
from prodgate.facts.rollout.watched import is_over, state_of
from prodgate.findings import NotObserved
from prodgate.layers.rollout.kinds import DEPLOYMENT
from prodgate.testing import Outcome
from tests.suites.rollout.harness import judged_evidence, outcomes, project, rollout_checks

from .answers import ECS_ARN, Answer, Answers, account, ecs_revision, listing, service
from .test_routes import BLUE, RULE

ARN = f"{ECS_ARN}:service-deployment/shop/api/NCWGC2ZR-waits"
OLD, NEW = (f"{ECS_ARN}:service-revision/shop/api/{version}" for version in (1, 2))
MADE, STARTED, DONE = (datetime(2026, 11, 24, 13, minute, tzinfo=UTC) for minute in (0, 1, 20))


def revision(arn: str, tasks: int = 2, **weights: float) -> dict[str, Any]:
    return {"arn": arn, "requestedTaskCount": tasks, "runningTaskCount": tasks, "pendingTaskCount": 0, **weights}


def documented(status: str, **more: Any) -> dict[str, Any]:
    """What every documented answer has."""
    return {
        "serviceDeploymentArn": ARN,
        "serviceArn": f"{ECS_ARN}:service/shop/api",
        "clusterArn": f"{ECS_ARN}:cluster/shop",
        "updatedAt": DONE,
        "status": status,
        "targetServiceRevision": revision(NEW),
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
        **more,
    }


BLUE_GREEN = {
    "createdAt": MADE,
    "startedAt": STARTED,
    "sourceServiceRevisions": [revision(OLD, requestedProductionTrafficWeight=0.0)],
    "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 15, "maximumPercent": 200},
    "alarms": {"status": "MONITORING", "alarmNames": ["shop-errors"], "triggeredAlarmNames": []},
}
FIRED = {"status": "TRIGGERED", "alarmNames": ["shop-errors"], "triggeredAlarmNames": ["shop-errors"]}
BACK = {"reason": "Service deployment rolled back because of alarms.", "startedAt": DONE, "serviceRevisionArn": OLD}
BREAKER = {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}


@dataclass(frozen=True)
class Case:
    """An answer, and what is to be read from it."""

    row: Mapping[str, Any]
    state: State
    over: bool
    outcome: Outcome
    reason: str = ""
    stopped_by: str = ""
    unread: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return str(self.row["status"])


CASES = (
    Case(
        documented("PENDING", targetServiceRevision=revision(NEW, 0)),
        State.WAITING, False, Outcome.NOT_SATISFIED, unread=frozenset({"began", "source"}),
    ),
    Case(
        documented("IN_PROGRESS", **BLUE_GREEN, lifecycleStage="BAKE_TIME"),
        State.RUNNING, False, Outcome.NOT_SATISFIED,
    ),
    Case(
        documented("SUCCESSFUL", **BLUE_GREEN, finishedAt=DONE, lifecycleStage="CLEAN_UP"),
        State.SUCCEEDED, True, Outcome.SATISFIED,
    ),
    Case(
        documented("STOPPED", **BLUE_GREEN, stoppedAt=DONE, statusReason="Service deployment stopped by user."),
        State.STOPPED, True, Outcome.NOT_SATISFIED, "Service deployment stopped by user.", "STOPPED",
    ),
    Case(
        documented("ROLLBACK_SUCCESSFUL", **{**BLUE_GREEN, "alarms": FIRED}, rollback=BACK, finishedAt=DONE),
        State.ROLLED_BACK, True, Outcome.NOT_SATISFIED, BACK["reason"],  # type: ignore[arg-type]
    ),
    Case(
        documented(
            "ROLLBACK_FAILED", **BLUE_GREEN, rollback=BACK, deploymentCircuitBreaker=BREAKER, finishedAt=DONE,
            statusReason="Rollback failed: tasks did not start.",
        ),
        State.ROLLBACK_FAILED, True, Outcome.NOT_SATISFIED, f"Rollback failed: tasks did not start.: {BACK['reason']}",
    ),
)  # fmt: skip


#: What else a look at a service asks.
BESIDE: dict[str, Answer] = {
    "elbv2.DescribeRules": {"Rules": [{"RuleArn": RULE, "Actions": [{"Type": "forward", "TargetGroupArn": BLUE}]}]},
    "elbv2.DescribeTargetHealth": {"TargetHealthDescriptions": []},
    "cloudwatch.DescribeAlarms": {"MetricAlarms": [{"AlarmName": "shop-errors", "StateValue": "OK"}]},
}


def answers(row: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers about one deployment; the list has it as AWS's example does, with no more than it must."""
    listed = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status")
    brief = {name: row[name] for name in listed if name in row} | {"targetServiceRevisionArn": NEW}
    return {
        **listing(service("api", "ECS")),
        "ecs.ListServiceDeployments": {"serviceDeployments": [brief]},
        "ecs.DescribeServiceDeployments": {"serviceDeployments": [dict(row)], "failures": []},
        "ecs.DescribeServiceRevisions": {"serviceRevisions": [ecs_revision("api", 1), ecs_revision("api", 2)]},
    }


def stored(row: Mapping[str, Any]) -> Mapping[str, Any]:
    with account(Answers(answers(row))) as asked:
        (found,) = read_newest_deployments(asked)
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_documented_answer_is_read(case: Case) -> None:
    (found,) = deployment_facts(stored(case.row))
    assert isinstance(found, Deployment)
    assert (found.id, found.carrier, found.state, found.reason) == (ARN, "ECS", case.state, case.reason)
    assert (found.takes_back, found.stopped_by, found.ended) == ("", case.stopped_by, DONE if case.over else None)
    assert found.target.definition == f"{ECS_ARN}:task-definition/shop-api:2"
    for name, value in (("began", STARTED), ("source", f"{ECS_ARN}:task-definition/shop-api:1")):
        if name in case.unread:
            with pytest.raises(NotObserved):
                getattr(found, name)
        else:
            seen = getattr(found, name)
            assert getattr(seen, "definition", seen) == value


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_watch_knows_whether_it_is_over(case: Case) -> None:
    with account(Answers({**answers(case.row), **BESIDE})) as asked:
        routes = read_routes(asked)
        sample = take_sample(asked, routes, {routes[0].service: ARN})
    assert sample["unread"] == {}
    seen = sample["services"][routes[0].service]["deployment"]
    assert state_of(seen) == case.state
    assert is_over(sample, {routes[0].service: ARN}) is case.over


def test_only_the_one_that_succeeded_is_a_release() -> None:
    checks, stated = rollout_checks("deployments"), project()
    for case in CASES:
        found = outcomes(judged_evidence([(DEPLOYMENT, stored(case.row))], checks, stated))
        assert found["service-deployments-completed"] is case.outcome, str(case)


def test_of_several_deployments_the_newest_is_read_also_where_one_has_no_time() -> None:
    row = CASES[2].row
    brief = {name: row[name] for name in ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "status")}
    timeless = {**brief, "serviceDeploymentArn": f"{ARN}-else"}
    del timeless["createdAt"]
    told = {**answers(row), "ecs.ListServiceDeployments": {"serviceDeployments": [timeless, brief]}}
    with account(Answers(told)) as asked:
        (found,) = read_newest_deployments(asked)
    assert found["deployment"]["serviceDeploymentArn"] == ARN
