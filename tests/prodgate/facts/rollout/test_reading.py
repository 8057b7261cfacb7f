"""Deployments of ECS and CodeDeploy, readers' routes to a service and their failures, from possible AWS responses:
whole, denied and unknown; and the length of the rollback, as far as it is known."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.stub import Stubber

from prodgate.aws.answers import Absent, Unread, Unreadable
from prodgate.aws.recording import revive
from prodgate.criteria import Criterion
from prodgate.facts.rollout.deployed import deployed_facts, read_readers, readers_facts
from prodgate.facts.rollout.deployments import (
    OVER,
    WITHIN,
    Deployment,
    State,
    deployment_facts,
    find_since,
    read_by_id,
    read_codedeploy_state,
    read_ecs_state,
    read_newest_deployments,
)
from prodgate.facts.rollout.drills import WayBack, way_back_facts
from prodgate.facts.rollout.migrations import (
    MigrationRuns,
    RestorablePoint,
    Run,
    read_restorable,
    read_run,
    read_runs,
    restorable_facts,
)
from prodgate.facts.rollout.watched import (
    Route,
    is_over,
    read_routes,
    read_surroundings,
    read_weights,
    state_of,
    take_sample,
)
from prodgate.facts.rollout.windows import Window, find_window
from prodgate.findings import NotObserved, NotSatisfied, Undetermined
from prodgate.layers.rollout.kinds import DEPLOYMENT
from prodgate.testing import Outcome
from tests.prodgate.facts.live.stated_account import account_answering, see
from tests.prodgate.report.samples import criterion
from tests.suites.judging import outcomes
from tests.suites.rollout import evidence
from tests.suites.rollout.evidence import drill, sample, watch
from tests.suites.rollout.harness import judged_evidence

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


def enum(service: str, shape: str) -> list[str]:
    """Return the values that botocore's model lists."""
    found: Any = botocore.session.get_session().get_service_model(service).shape_for(shape)
    return list(found.enum)


def test_a_blue_green_deployment_of_ecs_is_read() -> None:
    found = read(ecs())
    assert (found.carrier, found.state, found.id.rpartition("/")[2]) == ("ECS", State.SUCCEEDED, "0000000000000001")
    assert found.target.digests == {"app": f"sha256:{2:064d}"}
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
    paused = read(ecs(lifecycleHookDetails=[{"hookId": "1", "targetType": "PAUSE", "status": "AWAITING_ACTION"}]))
    assert paused.reason == "a hook awaits a person"


def test_a_deployment_of_codedeploy_is_read() -> None:
    found = read(codedeploy())
    assert (found.carrier, found.state, found.id) == ("CODE_DEPLOY", State.SUCCEEDED, "d-API00001")
    assert [stage.name for stage in found.stages] == list(evidence.EVENTS)
    assert found.target.definition == evidence.definition("api", 2)


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
    """By the time of the first look there are two, and CodeDeploy promises no order."""
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


# ── The route of readers to a service: its groups, the rules that divide traffic between them, and the steps

LISTENER = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/shop/1/2"
RULE = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/shop/1/2/3"
BLUE, GREEN = (service("api")["loadBalancers"][0]["targetGroupArn"].replace("-b/", f"-{colour}/") for colour in "bg")
PAIR = {
    "targetGroups": [{"name": "shop-api-b"}, {"name": "shop-api-g"}],
    "prodTrafficRoute": {"listenerArns": [LISTENER]},
}


def ecs_route(**deploys: Any) -> Route:
    own = service("api", "ECS")
    own["deploymentConfiguration"] |= deploys
    with account(Answers(listing(own))) as asked:
        (found,) = read_routes(asked)
    return found


def codedeploy_route(config: Answer) -> Route:
    group: Any = GROUPS["codedeploy.GetDeploymentGroup"]
    info = {**group["deploymentGroupInfo"], "deploymentConfigName": "ours"}
    info["loadBalancerInfo"] = {"targetGroupPairInfoList": [PAIR]}
    rows = [{"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[1]} for arn in (BLUE, GREEN)]
    answers: dict[str, Answer] = {
        **listing(service("api")),
        **GROUPS,
        "codedeploy.GetDeploymentGroup": {"deploymentGroupInfo": info},
        "codedeploy.GetDeploymentConfig": config,
        "elbv2.DescribeTargetGroups": {"TargetGroups": rows},
    }
    with account(Answers(answers)) as asked:
        (found,) = read_routes(asked)
    return found


def routing(**stated: Any) -> Mapping[str, Any]:
    return {"deploymentConfigInfo": {"trafficRoutingConfig": stated}}


@pytest.mark.parametrize(
    ("deploys", "steps"),
    [
        ({"strategy": "BLUE_GREEN"}, ()),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0}}, (5.0,)),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0}}, (30.0, 60.0, 90.0)),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0}}, (25.0, 50.0, 75.0)),
        ({"strategy": "CANARY"}, None),
        ({"strategy": "ROLLING"}, None),
    ],
)
def test_the_steps_of_ecs_are_those_of_its_strategy(deploys: dict[str, Any], steps: tuple[float, ...] | None) -> None:
    found = ecs_route(**deploys)
    assert (found.steps, found.groups, found.rules) == (steps, (BLUE, GREEN), (RULE,))
    assert found.alarms == ("shop-errors",)


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        (routing(type="AllAtOnce"), ()),
        (routing(type="TimeBasedCanary", timeBasedCanary={"canaryPercentage": 10, "canaryInterval": 5}), (10.0,)),
        (
            routing(type="TimeBasedLinear", timeBasedLinear={"linearPercentage": 40, "linearInterval": 1}),
            (40.0, 80.0),
        ),
        (Absent("DeploymentConfigDoesNotExistException"), None),
    ],
)
def test_the_steps_of_codedeploy_are_those_of_its_configuration(
    config: Answer, steps: tuple[float, ...] | None
) -> None:
    found = codedeploy_route(config)
    assert (found.steps, found.groups, found.listeners) == (steps, (BLUE, GREEN), (LISTENER,))
    assert Route.from_json(asdict(found)) == found


@pytest.mark.parametrize(
    ("action", "weights"),
    [
        ({"Type": "forward", "TargetGroupArn": BLUE}, {BLUE: 100.0}),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GREEN}]}}, {GREEN: 100.0}),
        (
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": BLUE, "Weight": 3}, {"TargetGroupArn": GREEN, "Weight": 1}]
                },
            },
            {BLUE: 75.0, GREEN: 25.0},
        ),
    ],
)
def test_weights_are_of_100_together(action: dict[str, Any], weights: dict[str, float]) -> None:
    other = {"RuleArn": f"{RULE}4", "Actions": [{"Type": "fixed-response"}]}
    answer = {"Rules": [{"RuleArn": RULE, "Actions": [action]}, other]}
    with account(Answers({"elbv2.DescribeRules": answer})) as asked:
        assert read_weights(asked, ecs_route(strategy="BLUE_GREEN")) == {RULE: weights}


def test_a_rule_that_is_gone_is_no_answer() -> None:
    with (
        account(Answers({"elbv2.DescribeRules": Absent("RuleNotFound")})) as asked,
        pytest.raises(Unreadable, match="api: a listener or rule of its deployments does not exist: RuleNotFound"),
    ):
        read_weights(asked, ecs_route(strategy="BLUE_GREEN"))


# ── Answers in the forms that AWS documents and gives for deployments of ECS's own: each is read as itself

ARN = f"{ECS_ARN}:service-deployment/shop/api/NCWGC2ZR-waits"
OLD, NEW = (f"{ECS_ARN}:service-revision/shop/api/{version}" for version in (1, 2))
MADE, STARTED, DONE = (datetime(2026, 11, 24, 13, minute, tzinfo=UTC) for minute in (0, 1, 20))


def revision(arn: str, tasks: int = 2, **weights: float) -> dict[str, Any]:
    return {"arn": arn, "requestedTaskCount": tasks, "runningTaskCount": tasks, "pendingTaskCount": 0, **weights}


def documented(status: str, **more: Any) -> dict[str, Any]:
    """The members of every documented response."""
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
    """A response, and its expected reading."""

    row: Mapping[str, Any]
    state: State
    over: bool
    outcome: Outcome
    reason: str = ""

    def __str__(self) -> str:
        return str(self.row["status"])


CASES = (
    Case(
        documented("PENDING", targetServiceRevision=revision(NEW, 0)),
        State.WAITING, False, Outcome.NOT_SATISFIED,
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
        State.STOPPED, True, Outcome.NOT_SATISFIED, "Service deployment stopped by user.",
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


#: The other requests of a look at a service.
BESIDE: dict[str, Answer] = {
    "elbv2.DescribeRules": {"Rules": [{"RuleArn": RULE, "Actions": [{"Type": "forward", "TargetGroupArn": BLUE}]}]},
    "elbv2.DescribeTargetHealth": {"TargetHealthDescriptions": []},
    "cloudwatch.DescribeAlarms": {"MetricAlarms": [{"AlarmName": "shop-errors", "StateValue": "OK"}]},
}


def answers(row: Mapping[str, Any]) -> dict[str, Answer]:
    """The responses about one deployment; the list has only the required members, as in AWS's example."""
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
    assert (found.takes_back, found.ended) == ("", DONE if case.over else None)
    assert found.target.definition == f"{ECS_ARN}:task-definition/shop-api:2"
    unread = Unread("ECS does not say when it was made")
    assert found.peek("began") == (unread if case.state is State.WAITING else STARTED)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_watch_knows_whether_it_is_over(case: Case) -> None:
    with account(Answers({**answers(case.row), **BESIDE})) as asked:
        routes = read_routes(asked)
        sample = take_sample(asked, routes, {routes[0].service: ARN})
    assert sample["unread"] == {}
    assert state_of(sample["services"][routes[0].service]["deployment"]) == case.state
    assert is_over(sample, {routes[0].service: ARN}) is case.over


def test_only_the_one_that_succeeded_is_a_release() -> None:
    for case in CASES:
        found = outcomes(judged_evidence({DEPLOYMENT: [stored(case.row)]}, ["deployments"]))
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


# ── Every status that AWS's own models list has a meaning, and one that they do not list has none


def test_every_status_of_ecs_is_known() -> None:
    states = {status: read_ecs_state(status) for status in enum("ecs", "ServiceDeploymentStatus")}
    over = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
    assert {status for status, state in states.items() if state in OVER} == over


def test_every_status_of_codedeploy_is_known() -> None:
    states = {each: read_codedeploy_state({"status": each}, None) for each in enum("codedeploy", "DeploymentStatus")}
    assert {status for status, state in states.items() if state in OVER} == {"Succeeded", "Failed", "Stopped"}


@pytest.mark.parametrize("ended", ["Failed", "Stopped"])
@pytest.mark.parametrize(
    ("back", "state"),
    [
        ("Created", State.ROLLING_BACK),
        ("InProgress", State.ROLLING_BACK),
        ("Succeeded", State.ROLLED_BACK),
        ("Failed", State.ROLLBACK_FAILED),
        ("Stopped", State.ROLLBACK_FAILED),
    ],
)
def test_a_deployment_that_another_takes_back_is_what_became_of_that(ended: str, back: str, state: State) -> None:
    assert read_codedeploy_state({"status": ended}, {"status": back}) == state


def test_a_status_that_aws_adds_tomorrow_is_no_state() -> None:
    for read in (read_ecs_state, lambda status: read_codedeploy_state({"status": status}, None)):
        with pytest.raises(Unreadable, match="'PAUSED' .* none that this version knows"):
            read("PAUSED")
    with pytest.raises(Unreadable, match="'PAUSED'"):
        read_codedeploy_state({"status": "Failed"}, {"status": "PAUSED"})


# ── Readers' failures over the whole minutes of the deployments

BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop/1"
BEGAN = datetime(2026, 11, 24, 13, 0, 20, tzinfo=UTC)


def test_the_window_is_that_of_all_deployments() -> None:
    found = find_window([evidence.stored_deployment(name) for name in ("api", "web")])
    assert (found.began, found.ended) == (evidence.at(evidence.ACTED), evidence.at(evidence.ENDED))


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        ([], "no deployment is on record"),
        ([{**evidence.stored_deployment("api"), "unreadable": "access denied"}], "began is not known: access denied"),
    ],
)
def test_without_a_deployment_that_can_be_read_there_is_no_window(stored: list[Any], why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        find_window(stored)


def test_what_goes_on_is_not_counted() -> None:
    going = evidence.stored_deployment("api")
    going["deployment"].pop("completeTime")
    with account(Answers({})) as looked, pytest.raises(Unreadable, match="still goes on; run again when it is over"):
        next(read_readers(looked, find_window([going, evidence.stored_deployment("web")])))


@pytest.mark.parametrize(("later", "settling"), [(timedelta(minutes=6), False), (timedelta(minutes=2), True)])
def test_whole_minutes_are_counted_and_may_still_grow(later: timedelta, settling: bool) -> None:
    asked: list[Mapping[str, Any]] = []
    numbers = {"RequestCount": 500.0, "HTTPCode_Target_5XX_Count": 2.0, "HTTPCode_ELB_5XX_Count": 1.0}

    def metrics(given: Mapping[str, Any]) -> Any:
        asked.append(given)
        rows = []
        for query in given["MetricDataQueries"]:
            values = [numbers.get(query["MetricStat"]["Metric"]["MetricName"], 0.0)]
            rows.append({"Id": query["Id"], "StatusCode": "Complete", "Timestamps": [BEGAN], "Values": values})
        return {"MetricDataResults": rows}

    answers: dict[str, Answer] = {
        "elbv2.DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "Type": "application"}]},
        "cloudwatch.GetMetricData": metrics,
    }
    with account(Answers(answers)) as looked:
        (found,) = [
            f for value in read_readers(looked, Window(began=BEGAN, ended=NOW - later)) for f in readers_facts(value)
        ]
    assert (asked[0]["StartTime"], asked[0]["EndTime"]) == (
        BEGAN.replace(second=0),
        (NOW - later).replace(second=0) + timedelta(minutes=1),
    )
    assert (found.requests, int(found.failed.base), bool(found.settling)) == (501, 3, settling)


# ── The length of the rollback, as far as looks and requests show it

SOON = criterion("soon", require="<= 15 min")


def looks(*away: float, back: float | None) -> list[dict[str, Any]]:
    """Looks at a build that gets traffic at some seconds, and is taken back."""
    before = [sample(0, green=0, status="InProgress", stage="Install", greens=0)]
    after = [] if back is None else [sample(back, green=0, status="Failed", stage="", greens=0)]
    seen = [sample(at, green=10, status="InProgress", stage="AllowTraffic", greens=2) for at in away]
    return [*before, *seen, *after]


def ways(samples: list[dict[str, Any]], build: str = "failing-in-public", **changes: Any) -> Mapping[str, WayBack]:
    """Return the rollbacks of a drill in which one build was seen so."""
    made = drill()
    (tried,) = (one for one in made["tried"] if one["build"] == build)
    tried["watch"] = {**watch(samples), **changes}
    return {way.subject.removeprefix("build "): way for way in way_back_facts(made)}


def way(samples: list[dict[str, Any]], *failures: float, speed: int = 1) -> WayBack:
    stream = watch([])["stream"]
    stream["failures"] = [{"at": at, "class": "HTTP 500", "method": "GET"} for at in failures]
    return ways(samples, stream=stream, speed=speed)["failing-in-public"]


def ends(way: WayBack) -> tuple[str, str]:
    return str(way.took.low), str(way.took.high)


def test_it_took_from_the_failed_request_to_between_the_last_look_away_and_the_one_that_saw_it_back() -> None:
    found = way(looks(10, 20, back=30), 12.5, speed=10)
    assert (ends(found), str(found.took.value)) == (("75 s", "175 s"), "175 s")


def test_a_sign_that_a_look_saw_came_after_the_look_before_it() -> None:
    samples = looks(10, 14, 20, back=30)
    samples[2]["alarms"]["shop-errors"]["state"] = "ALARM"
    assert ends(way(samples)) == ("6 s", "20 s")


def test_a_look_that_could_not_be_read_does_not_say_when_a_sign_came() -> None:
    samples = looks(10, 14, 20, back=30)
    samples[2].update(alarms={}, unread={"alarms": "denied"})
    samples[3]["alarms"]["shop-errors"]["state"] = "ALARM"
    assert ends(way(samples)) == ("0 s", "20 s")


def test_a_look_that_saw_nothing_of_the_traffic_does_not_say_that_it_was_where_it_was() -> None:
    samples = looks(10, 20, back=30)
    blind = sample(8, green=0, status="InProgress", stage="Install", greens=0)
    samples.insert(1, {**blind, "services": {}, "unread": {"services": "denied"}})
    assert ends(way(samples, 5)) == ("15 s", "25 s")
    samples[-1] = sample(30, green=0, status="InProgress", stage="AllowTraffic", greens=2)
    assert ends(way(samples)) == ("10 s", "30 s")


def test_a_sign_is_not_older_than_the_traffic() -> None:
    samples = looks(10, 20, back=30)
    samples.insert(0, sample(-5, green=0, status="InProgress", stage="Install", greens=0))
    for each in samples:
        each["alarms"]["shop-errors"]["state"] = "ALARM"
    assert ends(way(samples)) == ("10 s", "30 s")


def test_without_a_sign_it_took_from_the_traffic_on() -> None:
    samples = looks(10, 20, back=None)
    samples.append(sample(30, green=0, status="InProgress", stage="AllowTraffic", greens=2))
    assert ends(way(samples)) == ("10 s", "30 s")


def require(found: WayBack, criterion: Criterion = SOON) -> None:
    criterion.require(found.took)


def test_traffic_that_was_never_seen_back_breaks_a_bound_that_it_is_over_already() -> None:
    found = way(looks(10, 20, back=None), 11, speed=120)
    assert ends(found) == ("1080 s", "Infinity s")
    with pytest.raises(NotSatisfied, match="1080 s"):
        require(found)


def test_traffic_that_was_never_seen_back_keeps_no_bound() -> None:
    with pytest.raises(Undetermined, match="never seen to be back"):
        require(way(looks(10, 20, back=None), 11))


def test_a_bound_between_the_looks_is_not_kept() -> None:
    samples = looks(10, 14, 20, back=30)
    samples[2]["alarms"]["shop-errors"]["state"] = "ALARM"
    with pytest.raises(NotSatisfied, match="300–1000 s"):
        require(way(samples, speed=50))


def test_each_bad_build_that_got_traffic_has_a_way_back() -> None:
    assert set(ways(looks(10, 20, back=30), "failing-hook")) == {"failing-in-public", "failing-hook"}
    silent = ways(looks(10, 20, back=30), "failing-hook", stream=None, silent="nobody allowed any")["failing-hook"]
    with pytest.raises(NotObserved, match="nobody allowed any"):
        assert silent.took


def test_whether_a_build_that_can_not_be_read_got_traffic_is_not_known() -> None:
    made = drill()
    made["tried"][1] = {"build": "failing-hook", "expects": "rolled back", "unreadable": "denied"}
    found = {way.subject: way for way in way_back_facts(made)}
    with pytest.raises(NotObserved, match="denied"):
        assert found["build failing-hook"].took


# ── Only the containers that its definition names count in a task that ran migrations

AGENT = "aws-guardduty-agent-1a2b3"
AT = datetime(2025, 12, 31, 23, tzinfo=UTC)


def failure(defined: tuple[str, ...], **codes: Any) -> str:
    """Return the result of a task whose containers ended with these codes; None for a code that ECS omits."""
    ended = [
        {"name": name.replace("_", "-"), **({} if code is None else {"exitCode": code})} for name, code in codes.items()
    ]
    task = {
        "taskArn": "arn:task/1", "taskDefinitionArn": "migrate:1", "createdAt": AT, "startedAt": AT, "stoppedAt": AT,
        "containers": ended,
    }  # fmt: skip
    database_answers = {
        "ListClusters": {"clusterArns": ["news"]},
        "ListTasks": lambda asked: {"taskArns": ["arn:task/1"] if asked["desiredStatus"] == "STOPPED" else []},
        "DescribeTasks": {"tasks": [task]},
        "DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": [{"name": name} for name in defined]}},
    }
    with account_answering(database_answers) as account:
        (told,) = revive(read_runs(account, "migrate"))["tasks"]
    return read_run(told).failure


def test_an_agent_that_aws_kills_with_the_task_fails_no_migration() -> None:
    assert failure(("migrate",), migrate=0, aws_guardduty_agent_1a2b3=137) == ""
    assert failure(("migrate",), migrate=0, aws_guardduty_agent_1a2b3=None) == ""


def test_a_container_of_the_team_counts_whatever_it_is_called() -> None:
    assert failure(("migrate", AGENT), migrate=0, aws_guardduty_agent_1a2b3=137) == f"{AGENT}: exit code 137"
    assert failure(("migrate",), migrate=1, aws_guardduty_agent_1a2b3=0) == "migrate: exit code 1"


def test_a_task_of_which_only_the_agent_is_left_ran_nothing() -> None:
    assert failure(("migrate",), aws_guardduty_agent_1a2b3=0) == "no container"


# ── To which moment a database could go back: a cluster, or an instance of RDS that belongs to none

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
RUNS = MigrationRuns(
    subject="shop-migration",
    runs=(Run(task="1", began=NEW_YEAR - timedelta(minutes=10), ended=NEW_YEAR - timedelta(minutes=9), failure=""),),
)
INSTANCE: Mapping[str, Any] = {
    "DBInstanceArn": "arn:aws:rds:ap-northeast-1:123456789012:db:shop",
    "DBInstanceIdentifier": "shop",
    "DbiResourceId": "db-NEW",
    "LatestRestorableTime": NEW_YEAR - timedelta(minutes=4),
    "TagList": [],
}
WINDOW = {"EarliestTime": NEW_YEAR - timedelta(days=30), "LatestTime": NEW_YEAR - timedelta(minutes=4)}
BACKUP: Mapping[str, Any] = {"DbiResourceId": "db-NEW", "Status": "active", "RestoreWindow": WINDOW}


def snapshot(minutes: float, **more: Any) -> dict[str, Any]:
    made = {"DBSnapshotIdentifier": f"before-{minutes:g}", "SnapshotCreateTime": NEW_YEAR - timedelta(minutes=minutes)}
    return {**made, "DbiResourceId": "db-NEW", "Status": "available", "SnapshotType": "manual", **more}


def database_answers(**changes: Any) -> dict[str, Any]:
    return {
        "DescribeDBClusters": {"DBClusters": []},
        "DescribeDBInstances": {"DBInstances": [INSTANCE]},
        "DescribeDBSnapshots": {"DBSnapshots": [snapshot(40)]},
        "DescribeDBInstanceAutomatedBackups": {"DBInstanceAutomatedBackups": [BACKUP]},
        **changes,
    }


def point(stated: Mapping[str, Any], name: str = "") -> RestorablePoint:
    with account_answering(stated) as account:
        (found,) = restorable_facts(read_restorable(account, name), [], RUNS)
    return found


def test_an_instance_without_a_cluster_is_restorable_from_its_own_backups() -> None:
    found = point(database_answers())
    assert found.subject == INSTANCE["DBInstanceArn"]
    assert (found.snapshot, str(found.snapshot_age), str(found.age)) == ("before-40", "1800 s", "0 s")


@pytest.mark.parametrize(
    "row",
    [
        snapshot(5),  # after the migration began
        snapshot(40, Status="creating"),
        snapshot(40, SnapshotType="automated"),
        snapshot(40, DbiResourceId="db-OLD"),  # of a deleted instance that had the same name
    ],
)
def test_a_snapshot_that_helps_nobody_is_none(row: dict[str, Any]) -> None:
    found = point(database_answers(DescribeDBSnapshots={"DBSnapshots": [row]}))
    assert (found.snapshot, found.snapshot_age) == ("", None)


@pytest.mark.parametrize("changes", [{"Status": "retained"}, {"DbiResourceId": "db-OLD"}, {"RestoreWindow": {}}])
def test_backups_of_another_instance_reach_back_to_nothing(changes: dict[str, Any]) -> None:
    stated = database_answers(
        DescribeDBInstanceAutomatedBackups={"DBInstanceAutomatedBackups": [{**BACKUP, **changes}]}
    )
    with pytest.raises(NotObserved, match="RDS names no restorable time of it"):
        point(stated).age  # noqa: B018  a field that raises


def test_backups_that_stopped_are_as_old_as_their_last_moment() -> None:
    stopped = {**INSTANCE, "LatestRestorableTime": NEW_YEAR - timedelta(hours=3)}
    assert str(point(database_answers(DescribeDBInstances={"DBInstances": [stopped]})).age) == "10200 s"


def test_members_of_a_cluster_and_restore_tests_are_no_databases_of_their_own() -> None:
    member = {**INSTANCE, "DBInstanceIdentifier": "member", "DBClusterIdentifier": "news"}
    tried = {**INSTANCE, "DBInstanceIdentifier": "tried", "TagList": [{"Key": "awsbackup-restore-test", "Value": "1"}]}
    assert (
        point(database_answers(DescribeDBInstances={"DBInstances": [member, tried, INSTANCE]})).snapshot == "before-40"
    )


def test_of_several_databases_one_must_be_named() -> None:
    cluster = {"DBClusterArn": "arn:news", "DBClusterIdentifier": "news", "TagList": []}
    stated = database_answers(DescribeDBClusters={"DBClusters": [cluster]})
    with pytest.raises(Unreadable, match=r"these databases: news, shop; write \[rollout.migrations\] cluster ="):
        point(stated)
    assert point(stated, "shop").snapshot == "before-40"


@pytest.mark.parametrize(
    ("operation", "method"),
    [
        ("DescribeDBSnapshots", "describe_db_snapshots"),
        ("DescribeDBInstanceAutomatedBackups", "describe_db_instance_automated_backups"),
        ("DescribeDBInstances", "describe_db_instances"),
    ],
)
def test_the_answers_here_have_the_shape_of_rds(operation: str, method: str) -> None:
    client = boto3.client("rds", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubbed:
        stubbed.add_response(method, database_answers()[operation])
        getattr(client, method)()


# ── What scaling and the first health checks change by themselves is no fault of a release


@pytest.mark.parametrize("scaled", [True, False])
def test_how_many_tasks_a_scaled_service_wants_is_no_setting_of_it(scaled: bool) -> None:
    route = Route(
        service="arn:s", name="api", cluster="arn:cluster/shop", carrier="ECS", groups=(), listeners=(), rules=(), alarms=()
    )  # fmt: skip
    answers = {
        "ListClusters": {"clusterArns": ["arn:cluster/shop"]},
        "ListServices": {"serviceArns": ["arn:s"]},
        "DescribeServices": {"services": [{"serviceArn": "arn:s", "serviceName": "api", "desiredCount": 4}]},
        "DescribeScalableTargets": {"ScalableTargets": [{"ResourceId": "service/shop/api"}] if scaled else []},
    }
    assert ("desiredCount" in see(read_surroundings, answers, (route,))["service api"]) is not scaled


@pytest.mark.parametrize(
    ("targets", "unwell"),
    [
        ({"healthy": 2, "unhealthy.draining": 1, "draining": 1}, ()),
        ({"healthy": 1, "initial": 1}, None),
        ({"healthy": 1, "initial": 1, "unhealthy": 1}, ("1 unhealthy",)),
    ],
)
def test_a_target_whose_first_checks_go_on_is_open(targets: dict[str, int], unwell: tuple[str, ...] | None) -> None:
    value = {"service": "arn:s", "desired": 2, "running": 2, "targets": targets, "tasks": []}
    (found,) = deployed_facts(value, ())
    if unwell is None:
        with pytest.raises(NotObserved, match="first health checks of 1 targets go on"):
            _ = found.unwell
    else:
        assert found.unwell == unwell
