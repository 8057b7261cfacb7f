"""Deployments, images and variables of services: by CodeDeploy or ECS, beside the declaration, in plain text."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate import Quantity
from prodgate.facts.live.ecs_services import (
    DeployedImage,
    Handed,
    RunningService,
    Service,
    ServiceDeployment,
    TargetGroup,
    observe_deployments,
    observe_functions,
    observe_images,
    observe_running_services,
    observe_services,
    observe_tasks,
    parse_image,
)
from prodgate.facts.rollout.deployed import observe_image_scans
from prodgate.findings import Undetermined

from .stated_account import ACCOUNT, REGION, account_answering, see

# ── Deployments of services, by CodeDeploy or by ECS itself, and the alarms that really roll one back

CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/news"
PAIR = {"targetGroups": [{"name": "blue"}, {"name": "green"}], "prodTrafficRoute": {"listenerArns": ["arn:live"]}}
GROUP = {
    "deploymentGroupName": "api",
    "ecsServices": [{"clusterName": "news", "serviceName": "api"}],
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "loadBalancerInfo": {"targetGroupPairInfoList": [PAIR]},
    "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30}
    },
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "felt"}]},
}
ALARM = {"StateValue": "OK", "ActionsEnabled": True, "AlarmActions": []}


def alarm(name: str, **stated: Any) -> dict[str, Any]:
    return {**ALARM, "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}", "AlarmName": name, **stated}


def deploying(service: Mapping[str, Any], *groups: Mapping[str, Any]) -> dict[str, Any]:
    stated = {
        "serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/news/api",
        "serviceName": "api",
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "desiredCount": 2,
        "taskDefinition": "api:1",
    }
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime"}
    names = [str(number) for number in range(len(groups))]
    return {
        "ListClusters": {"clusterArns": [CLUSTER]},
        "ListServices": {"serviceArns": [stated["serviceArn"]]},
        "DescribeServices": {"services": [{**stated, **service}]},
        "DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": []}},
        "ListApplications": {"applications": ["news"]},
        "ListDeploymentGroups": {"deploymentGroups": names},
        "GetDeploymentGroup": lambda asked: {"deploymentGroupInfo": groups[int(asked["deploymentGroupName"])]},
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": "arn:lb"}]},
        "DescribeListeners": {"Listeners": [{"ListenerArn": "arn:live", "Protocol": "HTTPS"}]},
        "DescribeAlarms": {
            "MetricAlarms": [alarm("slow", **metric)],
            "CompositeAlarms": [alarm("felt", AlarmRule='ALARM("slow") OR ALARM("gone")')],
        },
    }


def seen(service: Mapping[str, Any], *groups: Mapping[str, Any]) -> ServiceDeployment:
    (found,) = see(observe_deployments, deploying(service, *groups))
    return found


def by_codedeploy(*groups: Mapping[str, Any]) -> ServiceDeployment:
    return seen({"deploymentController": {"type": "CODE_DEPLOY"}}, *groups)


def test_codedeploy_shifts_traffic() -> None:
    found = by_codedeploy(GROUP)
    assert (found.shift.rolling, str(found.shift.stays), found.shift.rolls_back) == ("", "30 min", True)


def test_a_composite_alarm_reads_what_its_parts_read() -> None:
    found = by_codedeploy(GROUP)
    assert found.watched == {"TargetResponseTime"}
    assert found.lost_alarms == ()


@pytest.mark.parametrize(
    ("changes", "rolling"),
    [
        ({"deploymentStyle": {"deploymentType": "IN_PLACE"}}, "api deploys IN_PLACE"),
        ({"loadBalancerInfo": {}}, "no two target groups behind a listener that exists"),
        (
            {"loadBalancerInfo": {"targetGroupPairInfoList": [{**PAIR, "prodTrafficRoute": {"listenerArns": ["x"]}}]}},
            "no two target groups behind a listener that exists",
        ),
        ({"ecsServices": [{"clusterName": "other", "serviceName": "api"}]}, "no deployment group names it"),
    ],
)
def test_what_keeps_codedeploy_from_shifting(changes: Mapping[str, Any], rolling: str) -> None:
    assert rolling in by_codedeploy({**GROUP, **changes}).shift.rolling


@pytest.mark.parametrize(
    "changes",
    [
        {"alarmConfiguration": {"enabled": False, "alarms": [{"name": "felt"}]}},
        {"alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": True, "alarms": [{"name": "felt"}]}},
        {"autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}},
        {"autoRollbackConfiguration": {"enabled": False, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}},
    ],
)
def test_alarms_that_roll_nothing_back_do_not_count(changes: Mapping[str, Any]) -> None:
    assert not by_codedeploy({**GROUP, **changes}).shift.alarms
    assert not by_codedeploy(GROUP, {**GROUP, **changes}).shift.alarms


def test_an_alarm_that_is_gone_is_named() -> None:
    found = by_codedeploy({**GROUP, "alarmConfiguration": {"enabled": True, "alarms": [{"name": "renamed"}]}})
    assert (found.lost_alarms, found.watched) == (("renamed",), frozenset())


def test_old_tasks_may_stay_for_ever() -> None:
    end = {"terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"}}
    assert by_codedeploy({**GROUP, "blueGreenDeploymentConfiguration": end}).shift.stays is None


def test_ecs_shifts_traffic_itself() -> None:
    settings = {
        "strategy": "BLUE_GREEN",
        "bakeTimeInMinutes": 10,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "alarms": {"alarmNames": ["felt"], "enable": True, "rollback": True},
    }
    paired = [{"targetGroupArn": "arn:blue", "advancedConfiguration": {"alternateTargetGroupArn": "arn:green"}}]
    found = seen({"deploymentConfiguration": settings, "loadBalancers": paired})
    assert (found.shift.rolling, str(found.shift.stays), found.shift.rolls_back) == ("", "10 min", True)
    assert found.watched == {"TargetResponseTime"}
    assert seen({"deploymentConfiguration": settings}).shift.rolling == "no second target group"


def test_ecs_rolls_unless_told_otherwise() -> None:
    found = seen({"deploymentConfiguration": {"minimumHealthyPercent": 50}})
    assert (found.shift.rolling, found.shift.rolls_back, found.shift.alarms) == (
        "rolling deployment",
        False,
        frozenset(),
    )
    assert str(found.keeps) == "50 %"


@pytest.mark.parametrize(
    ("matcher", "lax"), [("200", ()), ("200-299,301", ()), ("200-499", ("200-499",)), ("200,404", ("404",)), ("", ())]
)
def test_what_counts_as_healthy(matcher: str, lax: tuple[str, ...]) -> None:
    assert TargetGroup(subject="it", checked=True, protocol="HTTP", matcher=matcher).lax_codes == lax


def stepping(*steps: int, kind: str = "ChangeInCapacity") -> dict[str, Any]:
    adjustments = [{"ScalingAdjustment": step} for step in steps]
    own = {"AdjustmentType": kind, "StepAdjustments": adjustments}
    return {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": own}


#: Policies that never add a task.
ONLY_IN = {
    "steps": stepping(-1, -2),
    "number": stepping(1, kind="ExactCapacity"),
    "forecast": {"PolicyType": "PredictiveScaling", "PredictiveScalingPolicyConfiguration": {"Mode": "ForecastOnly"}},
}


def test_sizes_and_scaling_are_those_of_the_service() -> None:
    place = {"ResourceId": "service/news/api", "ScalableDimension": "ecs:service:DesiredCount"}
    targets = [{**place, "MinCapacity": 1, "MaxCapacity": 4}, {**place, "ResourceId": "service/other/api"}]
    policies = [{**place, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}]
    policies += [{**place, "PolicyName": f"in by {name}", **one} for name, one in ONLY_IN.items()]
    policies += [
        {**place, "PolicyName": "steps", **stepping(-1, 2)},
        {"ResourceId": "service/other/api", "PolicyName": "other"},
    ]
    task = {"taskDefinition": {"cpu": "512", "memory": "1024", "containerDefinitions": []}}
    scaled = {"DescribeScalableTargets": {"ScalableTargets": targets}}
    scaled |= {"DescribeScalingPolicies": {"ScalingPolicies": policies}}
    providers = [{"capacityProvider": name, "weight": 1} for name in ("FARGATE", "FARGATE_SPOT")]
    strategy = {"capacityProviderStrategy": providers}
    (found,) = see(observe_services, {**deploying(strategy), **scaled, "DescribeTaskDefinition": task})
    assert isinstance(found, Service)
    assert (str(found.task.cpu), str(found.task.memory), str(found.least)) == ("512 cpu", "1024 MiB", "1")
    assert found.providers == {"FARGATE", "FARGATE_SPOT"}
    assert (found.scaling.policies, str(found.scaling.room)) == (("cpu", "steps"), "3")


# ── Running beside declared images, scan results, and secrets in an image; and when none of it is known

A, B, C = ("sha256:" + letter * 64 for letter in "abc")
REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/news/api"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/blue/1"
SERVICE = {
    "serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/news/api",
    "serviceName": "api",
    "clusterArn": CLUSTER,
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "taskDefinition": "older",
    "taskSets": [{"status": "PRIMARY", "taskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:7"}],
    "loadBalancers": [{"targetGroupArn": TARGET_GROUP}],
}
INDEX = {
    "manifests": [
        {"digest": B, "platform": {"architecture": "arm64"}},
        {"digest": C, "platform": {"architecture": "unknown"}},
    ]
}
SETTINGS = {"config": {"Env": ["PATH=/bin"]}}


def answers(**changes: Any) -> dict[str, Any]:
    container = {"name": "api", "image": f"{REPOSITORY}@{A}", "imageDigest": A, "healthStatus": "HEALTHY"}
    return {
        "ListClusters": {"clusterArns": [CLUSTER]},
        "ListServices": {"serviceArns": [SERVICE["serviceArn"]]},
        "DescribeServices": {"services": [SERVICE]},
        "DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": [container]}},
        "ListTasks": {"taskArns": ["arn:task/1"]},
        "DescribeTasks": {"tasks": [{"taskArn": "arn:task/1", "containers": [container]}]},
        "DescribeTargetHealth": {"TargetHealthDescriptions": [target("a"), target("b")]},
        "BatchGetImage": manifest({"config": {"digest": "sha256:settings"}}),
        "GetDownloadUrlForLayer": {"document": SETTINGS},
        "DescribeImageScanFindings": {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {}},
        **changes,
    }


def target(id_: str, state: str = "healthy") -> dict[str, Any]:
    return {"Target": {"Id": id_, "Port": 80}, "TargetHealth": {"State": state}}


def manifest(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"images": [{"imageManifest": json.dumps(content)}]}


def running(digest: str) -> dict[str, Any]:
    container = {"name": "api", "image": REPOSITORY, "imageDigest": digest}
    return {"tasks": [{"taskArn": "arn:task/1", "containers": [container]}]}


def stated(containers: Any) -> dict[str, Any]:
    text = json.dumps(containers) if isinstance(containers, list) else containers
    return {"aws_ecs_task_definition": {"it": {"family": "api", "container_definitions": text}}}


INTENDED = stated([{"name": "api", "image": f"{REPOSITORY}@{A}"}])


def service(found: Mapping[str, Any], declared: Mapping[str, Any] = INTENDED) -> RunningService:
    return next(iter(see(observe_running_services, found, declared=declared)))


def deployed(found: Mapping[str, Any]) -> DeployedImage:
    return next(iter(see(observe_images, found)))


@pytest.mark.parametrize(
    ("states", "unwell", "healthy"),
    [
        (("healthy", "healthy", "draining", "unhealthy.draining"), (), "2"),
        (("healthy", "healthy", "initial"), None, "2"),
        (("healthy", "initial"), None, None),
        (("healthy", "unhealthy", "initial"), ("i1:80 unhealthy",), None),
    ],
)
def test_a_target_that_goes_or_is_new_is_not_ill(
    states: tuple[str, ...], unwell: tuple[str, ...] | None, healthy: str | None
) -> None:
    shown = [target(f"i{number}", state) for number, state in enumerate(states)]
    found = service(answers(DescribeTargetHealth={"TargetHealthDescriptions": shown}))
    for name, expected in (("unwell", unwell), ("healthy", healthy)):
        if expected is None:
            with pytest.raises(Undetermined, match="first health checks"):
                getattr(found, name)
        else:
            assert getattr(found, name) == (expected if name == "unwell" else Quantity.of(int(healthy or 0)))


@pytest.mark.parametrize(
    ("reference", "repository", "digest"),
    [
        ("nginx", "nginx", ""),
        ("host:5000/team/api:1.2", "host:5000/team/api", ""),
        (f"{REPOSITORY}@{A}", REPOSITORY, A),
        (f"{REPOSITORY}:tag@{A}", REPOSITORY, A),
        (f"{REPOSITORY}@sha256:short", f"{REPOSITORY}@sha256:short", ""),
    ],
)
def test_a_reference_is_read(reference: str, repository: str, digest: str) -> None:
    found = parse_image(reference)
    assert (found.repository, found.digest) == (repository, digest)


def test_the_stated_image_runs() -> None:
    assert service(answers()).strange_images == ()


def test_the_variant_of_a_stated_image_for_one_machine_is_that_image() -> None:
    assert service(answers(DescribeTasks=running(B), BatchGetImage=manifest(INDEX))).strange_images == ()
    other = service(answers(DescribeTasks=running(C), BatchGetImage=manifest(INDEX)))
    assert other.strange_images == (f"task 1 runs api {C[:19]}…, not {A[:19]}…",)


def test_a_container_that_nobody_declared_is_strange() -> None:
    found = service(answers(), stated([{"name": "web", "image": f"{REPOSITORY}@{A}"}]))
    assert found.strange_images == ("task 1 runs api, which the project does not declare",)


@pytest.mark.parametrize(
    ("found", "declared", "why"),
    [
        (answers(ListTasks={"taskArns": []}), INTENDED, "no task runs"),
        (answers(DescribeTasks=running("")), INTENDED, "the digest of api is not known"),
        (answers(), stated([{"name": "api", "image": f"{REPOSITORY}:latest"}]), "the digest of api is not known"),
        (answers(), {}, "Terraform declares no task definition 'api'"),
        (answers(), stated(None), "known before it is applied"),
        (answers(DescribeTasks={"tasks": [], "failures": [{"reason": "MISSING"}]}), INTENDED, "MISSING"),
        (answers(DescribeTasks=running(B), BatchGetImage=None), INTENDED, "not in the repository"),
    ],
)
def test_what_runs_is_not_known(found: Mapping[str, Any], declared: Mapping[str, Any], why: str) -> None:
    with pytest.raises(Undetermined, match=why):
        _ = service(found, declared).strange_images


@pytest.mark.parametrize("name", ["aws-guardduty-agent-1a2b3", "ecs-service-connect-oRK9o"])
def test_what_aws_adds_to_a_task_is_aws_s(name: str) -> None:
    container = {"name": "api", "image": f"{REPOSITORY}@{A}", "imageDigest": A}
    added = {"name": name, "image": "593207742271.dkr.ecr.us-east-1.amazonaws.com/agent:v1", "imageDigest": B}
    tasks = {"tasks": [{"taskArn": "arn:task/1", "taskDefinitionArn": "api:1", "containers": [container, added]}]}
    assert service(answers(DescribeTasks=tasks)).strange_images == ()
    with account_answering(answers(DescribeTasks=tasks)) as account:
        assert [one.subject for one in observe_images(account)] == [f"{REPOSITORY}@{A}"]
        assert [one["image"] for one in observe_image_scans(account)] == [f"{REPOSITORY}@{A}"]


def test_what_only_calls_itself_so_is_not_aws_s() -> None:
    added = {"name": "aws-guardduty-agent-1a2b3", "image": f"{REPOSITORY}@{B}", "imageDigest": B}
    tasks = {"tasks": [{"taskArn": "arn:task/1", "taskDefinitionArn": "api:1", "containers": [added]}]}
    definition = {"taskDefinition": {"containerDefinitions": [added]}}
    found = service(answers(DescribeTasks=tasks, DescribeTaskDefinition=definition))
    assert found.strange_images == ("task 1 runs aws-guardduty-agent-1a2b3, which the project does not declare",)


def test_what_an_earlier_definition_calls_so_is_not_aws_s_while_its_task_still_runs() -> None:
    container = {"name": "api", "image": f"{REPOSITORY}@{A}", "imageDigest": A}
    added = {"name": "aws-guardduty-agent-1a2b3", "image": f"{REPOSITORY}@{B}", "imageDigest": B}
    tasks = {"tasks": [{"taskArn": "arn:task/1", "taskDefinitionArn": "api:old", "containers": [container, added]}]}

    def describe(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        named = [container, added] if asked["taskDefinition"] == "api:old" else [container]
        return {"taskDefinition": {"containerDefinitions": named}}

    stands = answers(DescribeTasks=tasks, DescribeTaskDefinition=describe)
    assert service(stands).strange_images == (
        "task 1 runs aws-guardduty-agent-1a2b3, which the project does not declare",
    )
    assert f"{REPOSITORY}@{B}" in [one.subject for one in see(observe_images, stands)]


@pytest.mark.parametrize(("age", "expected"), [(timedelta(days=40), "40 d"), (timedelta(hours=6), "0.25 d")])
def test_a_basic_scan_is_as_old_as_it_is(age: timedelta, expected: str) -> None:
    at = {"imageScanCompletedAt": datetime(2026, 1, 1, tzinfo=UTC) - age}
    scan = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": at}
    assert deployed(answers(DescribeImageScanFindings=scan)).scan_age.base == Quantity.parse(expected).base


def test_a_continuous_scan_is_of_now() -> None:
    assert deployed(answers()).scan_age.base == 0


def test_a_capacity_provider_without_weight_and_base_gets_no_task() -> None:
    spot = [{"capacityProvider": "FARGATE", "weight": 0, "base": 0}, {"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    own = {**SERVICE, "capacityProviderStrategy": spot, "taskSets": []}
    assert next(iter(see(observe_services, answers(DescribeServices={"services": [own]})))).providers == {
        "FARGATE_SPOT"
    }


def test_targets_on_their_way_out_say_nothing() -> None:
    rows = [target("a"), target("b", "unhealthy"), target("c", "draining")]
    found = service(answers(DescribeTargetHealth={"TargetHealthDescriptions": rows}))
    assert (found.unwell, str(found.healthy)) == (("b:80 unhealthy",), "1")
    gone = service(answers(DescribeTargetHealth=None))
    assert (gone.unwell, str(gone.healthy)) == ((), "0")


def test_either_colour_may_have_the_targets() -> None:
    colours = {"targetGroupArn": "arn:blue", "advancedConfiguration": {"alternateTargetGroupArn": "arn:green"}}
    green = {"TargetHealthDescriptions": [target("a"), target("b")]}
    health = lambda asked: green if asked["TargetGroupArn"] == "arn:green" else {}  # noqa: E731
    own = {**SERVICE, "loadBalancers": [colours]}
    found = service(answers(DescribeServices={"services": [own]}, DescribeTargetHealth=health))
    assert str(found.healthy) == "2"


@pytest.mark.parametrize(
    ("changes", "container", "connected"),
    [
        ({}, {}, True),
        ({"loadBalancers": []}, {}, False),
        ({"loadBalancers": []}, {"portMappings": [{"containerPort": 80}]}, True),
        ({"loadBalancers": [], "serviceRegistries": [{"registryArn": "arn:registry"}]}, {}, True),
    ],
)
def test_nothing_connects_to_a_worker(changes: Mapping[str, Any], container: Any, connected: bool) -> None:
    named = {"taskDefinition": {"containerDefinitions": [container]}}
    found = answers(DescribeServices={"services": [{**SERVICE, **changes}]}, DescribeTaskDefinition=named)
    (deployment,) = see(observe_deployments, found)
    assert (service(found).connected, deployment.connected) == (connected, connected)


def test_grave_findings_are_counted_over_all_variants() -> None:
    rows = [{"severity": "HIGH"}, {"severity": "LOW"}]
    enhanced = [{"severity": "CRITICAL", "status": "ACTIVE"}, {"severity": "CRITICAL", "status": "SUPPRESSED"}]
    scan = {
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"findings": rows, "enhancedFindings": enhanced},
    }
    assert str(deployed(answers(DescribeImageScanFindings=scan)).grave) == "2"
    two = {"manifests": [{"digest": A, "platform": {}}, {"digest": B}]}
    assert str(deployed(answers(DescribeImageScanFindings=scan, BatchGetImage=manifest(two))).grave) == "4"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"DescribeImageScanFindings": None}, "was never scanned"),
        ({"DescribeImageScanFindings": {"imageScanStatus": {"status": "PENDING"}}}, "has the state PENDING"),
        ({"BatchGetImage": {"images": []}}, "not in the repository"),
    ],
)
def test_findings_are_not_known(changes: Mapping[str, Any], why: str) -> None:
    with pytest.raises(Undetermined, match=why):
        _ = deployed(answers(**changes)).grave


@pytest.mark.parametrize(
    ("document", "secrets"),
    [
        (SETTINGS, ()),
        ({"config": {"Env": ["DB_PASSWORD=hunter2"]}}, ("environment: DB_PASSWORD (by its name)",)),
        ({"config": {"Env": ["DB_PASSWORD=(redacted: its name)"]}}, ("environment: DB_PASSWORD (by its name)",)),
        ({"config": {"Labels": {"x": "AKIAIOSFODNN7EXAMPLE"}}}, ("label: x (by an AWS access key id)",)),
        ({"history": [{"created_by": "ARG NPM_TOKEN=abc"}]}, ("history: NPM_TOKEN (by its name)",)),
        ({"history": [{"created_by": "RUN --mount=type=secret,id=npm npm ci"}]}, ()),
    ],
)
def test_what_an_image_gives_away(document: Mapping[str, Any], secrets: tuple[str, ...]) -> None:
    assert deployed(answers(GetDownloadUrlForLayer={"document": document})).secrets == secrets


@pytest.mark.parametrize("answer", [None, {}, {"document": None}])
def test_settings_that_can_t_be_had_give_nothing_away(answer: Any) -> None:
    with pytest.raises(Undetermined, match="not where its manifest says"):
        _ = deployed(answers(GetDownloadUrlForLayer=answer)).secrets


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (f"public.ecr.aws/x/y@{A}", "not in this account's registry"),
        ("nginx:latest", "not in this account's registry"),
        (f"{REPOSITORY}:latest", "has no digest"),
    ],
)
@pytest.mark.parametrize("field", ["grave", "secrets"])
def test_an_image_that_can_t_be_looked_into_is_not_passed_over(reference: str, why: str, field: str) -> None:
    container = {"name": "api", "image": reference}
    found = answers(DescribeTaskDefinition={"taskDefinition": {"containerDefinitions": [container]}})
    (only,) = see(observe_images, {**found, "DescribeTasks": {"tasks": []}, "ListTasks": {}})
    with pytest.raises(Undetermined, match=why):
        getattr(only, field)


def test_a_tag_that_runs_is_the_digest_that_runs() -> None:
    container = {"name": "api", "image": f"{REPOSITORY}:latest", "imageDigest": A}
    found = answers(DescribeTaskDefinition={"taskDefinition": {"containerDefinitions": [container]}})
    tasks = {"tasks": [{"taskArn": "arn:task/1", "containers": [container]}]}
    assert [one.subject for one in see(observe_images, {**found, "DescribeTasks": tasks})] == [f"{REPOSITORY}@{A}"]


@pytest.mark.parametrize("field", ["grave", "scan_age", "secrets"])
@pytest.mark.parametrize("listed", [[], INDEX["manifests"][1:]])
def test_a_list_of_no_image_is_not_clean(listed: list[Any], field: str) -> None:
    with pytest.raises(Undetermined, match="its manifest lists no image"):
        _ = getattr(deployed(answers(BatchGetImage=manifest({"manifests": listed}))), field)


# ── Plain-text values of running code; hidden ones do not count as none

ARN = "arn:aws:lambda:ap-northeast-1:123456789012:function:fetch"
HIDDEN = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}


def functions(*rows: dict[str, Any]) -> list[Handed]:
    return list(see(observe_functions, {"ListFunctions": {"Functions": rows}}))


def test_variables_that_lambda_can_not_decrypt_for_the_caller_are_not_taken_for_none() -> None:
    hidden, none, open_ = functions(
        {"FunctionArn": ARN, "Environment": HIDDEN},
        {"FunctionArn": f"{ARN}-none"},
        {"FunctionArn": f"{ARN}-open", "Environment": {"Variables": {"DB_PASSWORD": "Xk29vbQz7Lw1"}}},
    )
    assert (hidden.subject, none.plain) == (ARN, ())
    assert len(open_.plain) == 1
    with pytest.raises(
        Undetermined, match=r"variables of .*:fetch \(AccessDeniedException\); let the policy of the key"
    ):
        _ = hidden.plain


def test_a_function_without_its_arn_costs_itself_alone() -> None:
    nameless, known = functions({"FunctionName": "fetch"}, {"FunctionArn": ARN})
    assert (nameless.subject, known.plain) == ("fetch", ())


def test_a_task_definition_is_seen_beside_one_with_a_variable_without_a_name() -> None:
    def define(asked: dict[str, str]) -> dict[str, Any]:
        variables = [{"value": "x"}] if asked["taskDefinition"] == "odd" else [{"name": "TZ", "value": "UTC"}]
        container = {"name": "app", "environment": variables}
        return {"taskDefinition": {"taskDefinitionArn": asked["taskDefinition"], "containerDefinitions": [container]}}

    answers = {"ListTaskDefinitionFamilies": {"families": ["odd", "whole"]}, "DescribeTaskDefinition": define}
    odd, whole = see(observe_tasks, answers)
    assert (odd.subject, whole.plain) == ("odd", ())
    with pytest.raises(Undetermined):
        _ = odd.plain
