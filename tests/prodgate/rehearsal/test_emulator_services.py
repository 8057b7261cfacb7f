"""What the emulator adds for services, their releases and images, called as boto3 calls it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from botocore.exceptions import ClientError

from tests.prodgate.rehearsal.emulated import Account, Zygote, start_zygote

pytestmark = pytest.mark.xdist_group("emulator")
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
REPOSITORY = "news/api"
IMAGE = f"123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/{REPOSITORY}"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with start_zygote() as running:
        serve(running)
        yield running


def code(call: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


def serve(account: Account) -> None:
    """Make a service of two tasks behind a target group, released by CodeDeploy."""
    ec2, elb, ecs = account("ec2"), account("elbv2"), account("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]
        for n, zone in enumerate("ac")
    ]
    group = elb.create_target_group(Name="blue", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    ecs.create_cluster(clusterName="news")
    ecs.create_service(
        cluster="news",
        serviceName="api",
        taskDefinition=defined(account, f"{IMAGE}@{DIGEST}"),
        desiredCount=2,
        launchType="FARGATE",
        deploymentController={"type": "CODE_DEPLOY"},
        deploymentConfiguration={"minimumHealthyPercent": 100, "bakeTimeInMinutes": 5},
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [one["SubnetId"] for one in subnets], "securityGroups": []}
        },
        loadBalancers=[
            {
                "targetGroupArn": group["TargetGroups"][0]["TargetGroupArn"],
                "containerName": "api",
                "containerPort": 8080,
            }
        ],
    )


def defined(account: Account, image: str) -> str:
    made = account("ecs").register_task_definition(
        family="api",
        networkMode="awsvpc",
        cpu="1024",
        memory="2048",
        containerDefinitions=[
            {"name": "api", "image": image, "portMappings": [{"containerPort": 8080}]},
            {"name": "collector", "image": f"{IMAGE}@{OTHER}", "essential": False},
        ],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def service(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = account("ecs").describe_services(cluster="news", services=["api"])["services"][0]
    return found


def running(account: Account) -> list[dict[str, Any]]:
    arns = account("ecs").list_tasks(cluster="news", serviceName="api")["taskArns"]
    found: list[dict[str, Any]] = account("ecs").describe_tasks(cluster="news", tasks=arns)["tasks"]
    return found


def targets(account: Account) -> list[tuple[str, str]]:
    arn = service(account)["loadBalancers"][0]["targetGroupArn"]
    rows = account("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return [(row["Target"]["Id"], row["TargetHealth"]["State"]) for row in rows]


def push(account: Account, config: bytes, digest: str = DIGEST, **annotations: str) -> str:
    """Push an image; return the digest of its settings."""
    ecr, layer = account("ecr"), f"sha256:{hashlib.sha256(config).hexdigest()}"
    upload = {"repositoryName": REPOSITORY}
    upload["uploadId"] = ecr.initiate_layer_upload(**upload)["uploadId"]
    ecr.upload_layer_part(partFirstByte=0, partLastByte=len(config) - 1, layerPartBlob=config, **upload)
    ecr.complete_layer_upload(layerDigests=[layer], **upload)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": layer}, "annotations": annotations}
    ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=json.dumps({**manifest, "layers": []}),
        imageManifestMediaType=MANIFEST,
        imageDigest=digest,
        imageTag=digest[-4:],
    )
    return layer


@pytest.mark.slow
def test_a_service_runs_the_tasks_it_wants(account: Account) -> None:
    found = service(account)
    assert (found["desiredCount"], found["runningCount"], found["pendingCount"]) == (2, 2, 0)
    assert found["deploymentConfiguration"]["bakeTimeInMinutes"] == 5
    assert found["taskSets"][0]["taskDefinition"] == found["taskDefinition"]
    tasks = running(account)
    assert {task["group"] for task in tasks} == {"service:api"}
    zones = {
        detail["value"] for task in tasks for detail in task["attachments"][0]["details"] if "subnet" in detail["name"]
    }
    assert len(zones) == 2
    digests = {one["name"]: one["imageDigest"] for one in tasks[0]["containers"]}
    assert digests == {"api": DIGEST, "collector": OTHER}


def test_tasks_take_traffic_while_they_run(account: Account) -> None:
    assert [state for _, state in targets(account)] == ["healthy", "healthy"]
    account("ecs").stop_task(cluster="news", task=running(account)[0]["taskArn"])
    assert service(account)["runningCount"] == len(targets(account)) == len(running(account)) == 1
    stopped = account("ecs").list_tasks(cluster="news", serviceName="api", desiredStatus="STOPPED")["taskArns"]
    assert len(stopped) == 1


def test_a_service_follows_its_desired_count(account: Account) -> None:
    account("ecs").update_service(cluster="news", service="api", desiredCount=3)
    assert service(account)["runningCount"] == len(targets(account)) == 3
    account("ecs").update_service(cluster="news", service="api", desiredCount=1)
    assert service(account)["runningCount"] == len(targets(account)) == 1


def test_a_release_runs_what_the_appspec_names(account: Account) -> None:
    codedeploy = account("codedeploy")
    codedeploy.create_application(applicationName="news", computePlatform="ECS")
    alarms = {"enabled": True, "alarms": [{"name": "errors"}]}
    codedeploy.create_deployment_group(
        applicationName="news",
        deploymentGroupName="api",
        serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
        ecsServices=[{"clusterName": "news", "serviceName": "api"}],
        alarmConfiguration=alarms,
    )
    newer = defined(account, f"{IMAGE}@{OTHER}")
    target = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": newer}}
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    made = codedeploy.create_deployment(applicationName="news", deploymentGroupName="api", revision=revision)
    assert codedeploy.get_deployment(deploymentId=made["deploymentId"])["deploymentInfo"]["status"] == "Succeeded"
    assert {task["taskDefinitionArn"] for task in running(account)} == {newer}

    named = {"applicationName": "news", "deploymentGroupName": "api"}
    assert codedeploy.get_deployment_group(**named)["deploymentGroupInfo"]["alarmConfiguration"]["alarms"]
    codedeploy.update_deployment_group(
        applicationName="news", currentDeploymentGroupName="api", alarmConfiguration={"enabled": False}
    )
    (group,) = codedeploy.batch_get_deployment_groups(applicationName="news", deploymentGroupNames=["api"])[
        "deploymentGroupsInfo"
    ]
    assert group["alarmConfiguration"]["enabled"] is False
    assert group["ecsServices"] == [{"clusterName": "news", "serviceName": "api"}]
    gone = lambda: codedeploy.update_deployment_group(applicationName="news", currentDeploymentGroupName="x")  # noqa: E731
    assert code(gone) == "DeploymentGroupDoesNotExistException"


def test_traffic_steps_are_kept(account: Account) -> None:
    steps = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}}
    codedeploy = account("codedeploy")
    codedeploy.create_deployment_config(deploymentConfigName="slow", computePlatform="ECS", trafficRoutingConfig=steps)
    found = codedeploy.get_deployment_config(deploymentConfigName="slow")["deploymentConfigInfo"]
    assert found["trafficRoutingConfig"] == steps
    missing = lambda: codedeploy.get_deployment_config(deploymentConfigName="x")  # noqa: E731
    assert code(missing) == "DeploymentConfigDoesNotExistException"


def test_an_image_s_settings_can_be_fetched(account: Account) -> None:
    ecr, config = account("ecr"), b'{"config": {"Env": ["A=b"]}}'
    ecr.create_repository(repositoryName=REPOSITORY)
    layer = push(account, config)
    url = ecr.get_download_url_for_layer(repositoryName=REPOSITORY, layerDigest=layer)["downloadUrl"]
    through = build_opener(ProxyHandler({"http": account.endpoint}))
    with through.open(url.replace("https://", "http://"), timeout=30) as answer:
        assert answer.read() == config
    assert account("s3").list_buckets()["Buckets"] == []
    missing = lambda: ecr.get_download_url_for_layer(repositoryName=REPOSITORY, layerDigest=OTHER)  # noqa: E731
    assert code(missing) == "LayersNotFoundException"


def test_images_are_scanned_where_something_scans_them(account: Account) -> None:
    ecr = account("ecr")
    ecr.create_repository(repositoryName=REPOSITORY)
    push(account, b"{}")
    asked: dict[str, Any] = {"repositoryName": REPOSITORY, "imageId": {"imageDigest": DIGEST}}
    assert code(lambda: ecr.describe_image_scan_findings(**asked)) == "ScanNotFoundException"
    everything = [{"filter": "*", "filterType": "WILDCARD"}]
    rules = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": everything}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
    push(account, b"{ }", OTHER, **{"rehearsal.vulnerable": "CRITICAL LOW"})
    asked["imageId"] = {"imageDigest": OTHER}
    found = ecr.describe_image_scan_findings(**asked)
    assert found["imageScanStatus"]["status"] == "ACTIVE"
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1, "LOW": 1}
    assert [one["status"] for one in found["imageScanFindings"]["enhancedFindings"]] == ["ACTIVE", "ACTIVE"]


def test_a_tag_is_resolved_when_a_task_starts(account: Account) -> None:
    account("ecr").create_repository(repositoryName=REPOSITORY)
    push(account, b"{}")
    network = service(account)["networkConfiguration"]
    named = {"cluster": "news", "launchType": "FARGATE", "networkConfiguration": network}
    started = account("ecs").run_task(taskDefinition=defined(account, f"{IMAGE}:aaaa"), **named)["tasks"]
    assert started[0]["containers"][0]["imageDigest"] == DIGEST
    started = account("ecs").run_task(taskDefinition=defined(account, "nginx:latest"), **named)["tasks"]
    assert "imageDigest" not in started[0]["containers"][0]


def test_account_wide_defaults_are_kept(account: Account) -> None:
    ec2 = account("ec2")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)
    found = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert (found["HttpTokens"], found["HttpPutResponseHopLimit"]) == ("required", 1)


def test_pull_through_caches_are_kept(account: Account) -> None:
    ecr = account("ecr")
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="ecr-public", upstreamRegistryUrl="public.ecr.aws")
    (rule,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert (rule["ecrRepositoryPrefix"], rule["upstreamRegistryUrl"]) == ("ecr-public", "public.ecr.aws")
