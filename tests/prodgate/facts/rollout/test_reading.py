"""Deployments are read from answers that AWS could give: of ECS, of CodeDeploy, whole, denied and unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest

from prodgate.aws.answers import Absent, Unreadable
from prodgate.facts.rollout.deployments import Deployment, deployment_facts
from prodgate.facts.rollout.reading import WITHIN, find_since, read_by_id, read_newest_deployments
from prodgate.facts.rollout.states import State
from prodgate.findings import NotObserved
from tests.suites.rollout import evidence

from .answers import ECS_ARN, NOW, Answer, Answers, account, ecs_deployment, ecs_revision, listing, service

GROUPS: dict[str, Answer] = {
    "codedeploy.ListApplications": {"applications": ["shop"]},
    "codedeploy.ListDeploymentGroups": {"applicationName": "shop", "deploymentGroups": ["api"]},
    "codedeploy.GetDeploymentGroup": {
        "deploymentGroupInfo": {
            "applicationName": "shop",
            "deploymentGroupName": "api",
            "ecsServices": [{"clusterName": "shop", "serviceName": "api"}],
            "alarmConfiguration": {"enabled": True, "alarms": [{"name": "shop-errors"}]},
        }
    },
}


def codedeploy(deployment: Mapping[str, Any] | None = None) -> dict[str, Answer]:
    """The answers about one deployment of CodeDeploy, and an older one."""
    whole = evidence.deployment("api")
    row = deployment or whole["deployment"]
    older = {**row, "deploymentId": "d-OLDER0001", "createTime": row["createTime"] - timedelta(days=1)}
    return {
        **listing(service("api")),
        **GROUPS,
        "codedeploy.ListDeployments": {"deployments": [older["deploymentId"], row["deploymentId"]]},
        "codedeploy.BatchGetDeployments": {"deploymentsInfo": [older, row]},
        "codedeploy.GetDeployment": {"deploymentInfo": row},
        "codedeploy.ListDeploymentTargets": {"targetIds": ["shop:api"]},
        "codedeploy.GetDeploymentTarget": {"deploymentTarget": whole["targets"][0]},
    }


def ecs(**changes: Any) -> dict[str, Answer]:
    """The answers about one blue/green deployment of ECS's own, and an older one."""
    row = ecs_deployment("api", **changes)
    brief = {key: row[key] for key in ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "status")}
    older = {**brief, "serviceDeploymentArn": f"{row['serviceDeploymentArn'][:-1]}0", "createdAt": NOW - WITHIN}
    return {
        **listing(service("api", "ECS")),
        "ecs.ListServiceDeployments": {"serviceDeployments": [older, brief]},
        "ecs.DescribeServiceDeployments": {"serviceDeployments": [row], "failures": []},
        "ecs.DescribeServiceRevisions": {"serviceRevisions": [ecs_revision("api", 1), ecs_revision("api", 2)]},
    }


def read(answers: Mapping[str, Answer]) -> Deployment:
    with account(Answers(dict(answers))) as asked:
        (found,) = [fact for value in read_newest_deployments(asked) for fact in deployment_facts(value)]
    return found


def enum(service_name: str, shape: str) -> list[str]:
    found: Any = botocore.session.get_session().get_service_model(service_name).shape_for(shape)
    return list(found.enum)


def test_a_blue_green_deployment_of_ecs_is_read() -> None:
    found = read(ecs())
    assert (found.carrier, found.state, found.id.rpartition("/")[2]) == ("ECS", State.SUCCEEDED, "0000000000000001")
    assert found.target.digests == {"app": f"sha256:{2:064d}"}
    assert found.source.definition == f"{ECS_ARN}:task-definition/shop-api:1"
    assert found.alarms == ("shop-errors",)
    assert (found.began, found.ended) == (
        datetime(2026, 11, 24, 13, 0, 2, tzinfo=UTC),
        datetime(2026, 11, 24, 13, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize("status", enum("ecs", "ServiceDeploymentStatus"))
@pytest.mark.parametrize("stage", enum("ecs", "ServiceDeploymentLifecycleStage"))
def test_every_status_and_stage_of_ecs_is_read(status: str, stage: str) -> None:
    found = read(ecs(status=status, lifecycleStage=stage))
    assert isinstance(found.state, State)
    assert [one.name for one in found.stages] == [stage]


def test_why_ecs_took_it_back_is_said() -> None:
    rollback = {"reason": "alarm shop-errors", "serviceRevisionArn": ecs_revision("api", 1)["serviceRevisionArn"]}
    found = read(ecs(status="ROLLBACK_SUCCESSFUL", statusReason="Service deployment rolled back", rollback=rollback))
    assert (found.state, found.reason) == (State.ROLLED_BACK, "Service deployment rolled back: alarm shop-errors")


@pytest.mark.parametrize("status", ["STOPPED", "STOP_REQUESTED", "ROLLBACK_REQUESTED"])
def test_a_person_who_stopped_it_is_seen(status: str) -> None:
    assert read(ecs(status=status)).stopped_by == status


def test_a_deployment_of_codedeploy_is_read() -> None:
    found = read(codedeploy())
    assert (found.carrier, found.state, found.id) == ("CODE_DEPLOY", State.SUCCEEDED, "d-API00001")
    assert [stage.name for stage in found.stages] == list(evidence.EVENTS)
    assert found.target.definition == evidence.definition("api", 2)
    assert found.source.definition == evidence.definition("api", 1)
    assert found.alarms == ("shop-errors",)


@pytest.mark.parametrize("status", enum("codedeploy", "DeploymentStatus"))
def test_every_status_of_codedeploy_is_read(status: str) -> None:
    assert isinstance(read(codedeploy({**evidence.deployment("api")["deployment"], "status": status})).state, State)


@pytest.mark.parametrize(
    ("back", "state"),
    [("InProgress", State.ROLLING_BACK), ("Succeeded", State.ROLLED_BACK), ("Failed", State.ROLLBACK_FAILED)],
)
def test_a_failed_deployment_is_what_became_of_its_rollback(back: str, state: State) -> None:
    row = evidence.deployment("api")["deployment"]
    failed = {
        **row,
        "status": "Failed",
        "errorInformation": {"code": "ALARM_ACTIVE", "message": "shop-errors"},
        "rollbackInfo": {"rollbackDeploymentId": "d-BACK00001"},
    }
    other = {**row, "deploymentId": "d-BACK00001", "status": back, "creator": "codeDeployRollback"}

    def get(asked: Mapping[str, Any]) -> Any:
        return {"deploymentInfo": other if asked["deploymentId"] == "d-BACK00001" else failed}

    found = read({**codedeploy(failed), "codedeploy.GetDeployment": get})
    assert (found.state, found.reason) == (state, "ALARM_ACTIVE: shop-errors")


def test_a_rollback_is_no_release() -> None:
    info = {"rollbackTriggeringDeploymentId": "d-FAILED001"}
    row = {**evidence.deployment("api")["deployment"], "creator": "codeDeployRollback", "rollbackInfo": info}
    assert read(codedeploy(row)).takes_back == "d-FAILED001"


def test_an_app_spec_in_yaml_names_its_task_definition_too() -> None:
    content = f"version: 0.0\nResources:\n  - TargetService:\n      TaskDefinition: {evidence.definition('api', 7)}\n"
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    row = {**evidence.deployment("api")["deployment"], "revision": revision}
    assert read(codedeploy(row)).target.definition == evidence.definition("api", 7)


def test_a_revision_that_aws_has_forgotten_is_undetermined_by_itself() -> None:
    answers = ecs()
    answers["ecs.DescribeServiceRevisions"] = {"serviceRevisions": [], "failures": [{"arn": "x", "reason": "MISSING"}]}
    found = read(answers)
    assert found.state == State.SUCCEEDED
    with pytest.raises(NotObserved, match=r"does not describe the revision .*/2"):
        assert found.target


@pytest.mark.parametrize(
    ("operation", "answer", "reason"),
    [
        ("ecs.ListServiceDeployments", Unreadable("access denied"), "access denied"),
        ("ecs.ListServiceDeployments", {"serviceDeployments": []}, "no deployment in the last 90 days is on record"),
        ("ecs.DescribeServiceDeployments", Absent("ClusterNotFoundException"), "AWS answers ClusterNotFoundException"),
        (
            "ecs.DescribeServiceDeployments",
            {"serviceDeployments": [], "failures": [{"reason": "MISSING"}]},
            "ECS answers MISSING",
        ),
    ],
)
def test_a_deployment_that_can_t_be_read_says_why(operation: str, answer: Answer, reason: str) -> None:
    found = read({**ecs(), operation: answer})
    with pytest.raises(NotObserved, match=reason):
        assert found.state


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"codedeploy.ListDeployments": {"deployments": []}}, "no deployment in the last 90 days"),
        ({"codedeploy.ListApplications": {"applications": []}}, "no deployment group of CodeDeploy names it"),
        (listing(service("api", "EXTERNAL")), "is deployed by EXTERNAL, which keeps no record"),
    ],
)
def test_what_codedeploy_does_not_know_is_undetermined(changes: Mapping[str, Answer], reason: str) -> None:
    found = read({**codedeploy(), **changes})
    with pytest.raises(NotObserved, match=reason):
        assert found.state


def test_a_deployment_is_found_as_soon_as_it_is_made() -> None:
    since: list[Any] = []

    def listed(asked: Mapping[str, Any]) -> Any:
        since.append(asked.get("createTimeRange") or asked.get("createdAt"))
        return {"deployments": ["d-API00001"]}

    made = {"codedeploy.BatchGetDeployments": {"deploymentsInfo": [evidence.deployment("api")["deployment"]]}}
    with account(Answers({**codedeploy(), **made, "codedeploy.ListDeployments": listed})) as asked:
        assert find_since(asked, service("api"), NOW) == "d-API00001"
    assert since == [{"start": NOW}]


def test_a_deployment_that_is_taken_back_at_once_is_found_and_not_the_one_that_takes_it_back() -> None:
    """By the time anybody looks there are two, and CodeDeploy promises no order."""
    row = evidence.deployment("api")["deployment"]
    back = {**row, "deploymentId": "d-BACK00001", "createTime": row["createTime"] + timedelta(seconds=1)}
    both = {"codedeploy.ListDeployments": {"deployments": ["d-BACK00001", row["deploymentId"]]}}
    described = {"codedeploy.BatchGetDeployments": {"deploymentsInfo": [back, row]}}
    with account(Answers({**codedeploy(), **both, **described})) as asked:
        assert find_since(asked, service("api"), NOW) == row["deploymentId"]


def test_nothing_is_found_before_a_deployment_is_made() -> None:
    with account(Answers({**ecs(), "ecs.ListServiceDeployments": {"serviceDeployments": []}})) as asked:
        assert find_since(asked, service("api", "ECS"), NOW) == ""


def test_one_is_read_by_its_id() -> None:
    with account(Answers({**codedeploy(), **ecs()})) as asked:
        assert read_by_id(asked, "d-API00001")["carrier"] == "CODE_DEPLOY"
        assert read_by_id(asked, f"{ECS_ARN}:service-deployment/shop/api/1")["carrier"] == "ECS"
