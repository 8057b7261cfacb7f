"""What runs beside what is stated, what a scan found, and what an image gives away; and when none of it is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate import Quantity
from prodgate.facts.live.images import DeployedImage, observe_images
from prodgate.facts.live.running_services import RunningService, observe_running_services
from prodgate.facts.live.services import observe_services, parse_image
from prodgate.facts.rollout.scans import observe_image_scans
from prodgate.findings import Undetermined

from .stated_account import ACCOUNT, REGION, account_answering

A, B, C = ("sha256:" + letter * 64 for letter in "abc")
REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/news/api"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/news"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/blue/1"
SERVICE = {
    "serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/news/api",
    "serviceName": "api",
    "clusterArn": CLUSTER,
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "taskDefinition": "older",
    "taskSets": [{"status": "PRIMARY", "taskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:7"}],
    "loadBalancers": [{"targetGroupArn": GROUP}],
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
    with account_answering(found, declared) as account:
        return next(iter(observe_running_services(account)))


def deployed(found: Mapping[str, Any]) -> DeployedImage:
    with account_answering(found) as account:
        return next(iter(observe_images(account)))


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
    with account_answering(stands) as account:
        assert f"{REPOSITORY}@{B}" in [one.subject for one in observe_images(account)]


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
    with account_answering(answers(DescribeServices={"services": [own]})) as account:
        assert next(iter(observe_services(account))).providers == {"FARGATE_SPOT"}


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
    alone = service(answers(DescribeServices={"services": [{**SERVICE, "loadBalancers": []}]}))
    assert alone.healthy is None


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
    with account_answering({**found, "DescribeTasks": {"tasks": []}, "ListTasks": {}}) as account:
        (only,) = observe_images(account)
    with pytest.raises(Undetermined, match=why):
        getattr(only, field)


def test_a_tag_that_runs_is_the_digest_that_runs() -> None:
    container = {"name": "api", "image": f"{REPOSITORY}:latest", "imageDigest": A}
    found = answers(DescribeTaskDefinition={"taskDefinition": {"containerDefinitions": [container]}})
    tasks = {"tasks": [{"taskArn": "arn:task/1", "containers": [container]}]}
    with account_answering({**found, "DescribeTasks": tasks}) as account:
        assert [one.subject for one in observe_images(account)] == [f"{REPOSITORY}@{A}"]


@pytest.mark.parametrize("field", ["grave", "scan_age", "secrets"])
@pytest.mark.parametrize("listed", [[], INDEX["manifests"][1:]])
def test_a_list_of_no_image_is_not_clean(listed: list[Any], field: str) -> None:
    with pytest.raises(Undetermined, match="its manifest lists no image"):
        _ = getattr(deployed(answers(BatchGetImage=manifest({"manifests": listed}))), field)
