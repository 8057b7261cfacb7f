"""Deployments in the emulated account: at once, or step by step if a conductor carries them out."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError

import pytest

from prodgate.rehearsal.emulator.codedeploy import EVENTS
from tests.prodgate.rehearsal.emulated import REGION, Account, Zygote, code, start_zygote
from tests.prodgate.rehearsal.test_emulator_services import DIGEST, IMAGE, OTHER, defined, running, serve, service

pytestmark = pytest.mark.xdist_group("emulator")
NAMED = {"applicationName": "news", "deploymentGroupName": "api"}
WHERE = {"cluster": "news", "service": "api"}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with start_zygote() as zygote:
        serve(zygote)
        codedeploy = zygote("codedeploy")
        codedeploy.create_application(applicationName="news", computePlatform="ECS")
        codedeploy.create_deployment_group(
            **NAMED,
            serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
            ecsServices=[{"clusterName": "news", "serviceName": "api"}],
            deploymentConfigName="CodeDeployDefault.ECSAllAtOnce",
            autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        )
        yield zygote


def conduct(account: Account, of: str, **kinds: Any) -> None:
    account.admin("POST", "conduct", {"service": of, "region": REGION, "kinds": kinds})


def deploy(account: Account, definition: str) -> str:
    target = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": definition}}
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    return str(account("codedeploy").create_deployment(**NAMED, revision=revision)["deploymentId"])


def shown(account: Account, id: str) -> dict[str, Any]:
    return account("codedeploy").get_deployment(deploymentId=id)["deploymentInfo"]


def other_group(account: Account) -> str:
    vpc = account("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"][0]["VpcId"]
    made = account("elbv2").create_target_group(Name="green", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def health(account: Account, group: str) -> dict[str, str]:
    rows = account("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {f"{row['Target']['Id']}:{row['Target']['Port']}": row["TargetHealth"]["State"] for row in rows}


def test_a_deployment_that_nobody_conducts_has_succeeded_with_all_of_its_events(account: Account) -> None:
    first = deploy(account, defined(account, f"{IMAGE}@{OTHER}"))
    second = deploy(account, defined(account, f"{IMAGE}@{DIGEST}"))
    codedeploy, found = account("codedeploy"), shown(account, second)
    assert found["status"] == "Succeeded"
    assert found["deploymentOverview"]["Succeeded"] == 1
    assert found["autoRollbackConfiguration"]["events"] == ["DEPLOYMENT_FAILURE"]
    assert found["previousRevision"] == shown(account, first)["revision"]
    assert codedeploy.list_deployments(**NAMED)["deployments"] == [second, first]
    (target,) = codedeploy.list_deployment_targets(deploymentId=second)["targetIds"]
    assert target == "news:api"
    seen = codedeploy.get_deployment_target(deploymentId=second, targetId=target)["deploymentTarget"]["ecsTarget"]
    assert {(one["lifecycleEventName"], one["status"]) for one in seen["lifecycleEvents"]} == {
        (name, "Succeeded") for name in EVENTS
    }


def test_deployments_are_listed_by_status_and_time(account: Account) -> None:
    id, now = deploy(account, defined(account, f"{IMAGE}@{OTHER}")), datetime.now(UTC)
    codedeploy = account("codedeploy")
    assert codedeploy.list_deployments(**NAMED, includeOnlyStatuses=["Failed"])["deployments"] == []
    later = {"start": now + timedelta(minutes=1)}
    assert codedeploy.list_deployments(**NAMED, createTimeRange=later)["deployments"] == []
    recent = {"start": now - timedelta(minutes=1)}
    assert codedeploy.list_deployments(**NAMED, createTimeRange=recent)["deployments"] == [id]


def test_a_conducted_deployment_waits_and_becomes_what_it_is_told(account: Account) -> None:
    conduct(account, "codedeploy", conducted={"by": "a test"})
    before = service(account)["taskDefinition"]
    id = deploy(account, defined(account, f"{IMAGE}@{OTHER}"))
    assert shown(account, id)["status"] == "Created"
    assert service(account)["taskDefinition"] == before
    assert code(deploy, account=account, definition=before) == "DeploymentLimitExceededException"
    now = datetime.now(UTC)
    events = [{"lifecycleEventName": "BeforeInstall", "status": "Failed", "startTime": now.isoformat()}]
    error = {"code": "HOOK_EXECUTION_FAILURE", "message": "said no"}
    told = {"status": "Failed", "completeTime": now.isoformat(), "errorInformation": error, "events": events}
    conduct(account, "codedeploy", deployment={id: told})
    found = shown(account, id)
    assert found["status"] == "Failed"
    assert found["errorInformation"] == error
    assert abs((found["completeTime"] - now).total_seconds()) < 1
    target = account("codedeploy").get_deployment_target(deploymentId=id, targetId="news:api")["deploymentTarget"]
    (event,) = target["ecsTarget"]["lifecycleEvents"]
    assert event["status"] == "Failed"


def test_a_stop_is_a_request_to_whoever_conducts(account: Account) -> None:
    conduct(account, "codedeploy", conducted={"by": "a test"})
    id = deploy(account, defined(account, f"{IMAGE}@{OTHER}"))
    account("codedeploy").stop_deployment(deploymentId=id)
    assert shown(account, id)["errorInformation"]["code"] == "MANUAL_STOP"
    conduct(account, "codedeploy", deployment={id: {"status": "Stopped"}})
    assert code(account("codedeploy").stop_deployment, deploymentId=id) == "DeploymentAlreadyCompletedException"


def test_nobody_can_be_told_what_is_not_kept(account: Account) -> None:
    with pytest.raises(HTTPError) as raised:
        conduct(account, "codedeploy", group={"news/api": {"alarms": []}})
    with raised.value as refused:
        assert refused.code == 400


def test_green_stands_beside_blue_behind_its_own_targets(account: Account) -> None:
    ecs, group, blue = account("ecs"), other_group(account), service(account)
    newer = defined(account, f"{IMAGE}@{OTHER}")
    balancers = [{**blue["loadBalancers"][0], "targetGroupArn": group}]
    made = ecs.create_task_set(**WHERE, taskDefinition=newer, loadBalancers=balancers)["taskSet"]
    assert (made["runningCount"], made["computedDesiredCount"], made["status"]) == (2, 2, "ACTIVE")
    assert len(running(account)) == 4
    assert len(health(account, group)) == len(health(account, blue["loadBalancers"][0]["targetGroupArn"])) == 2
    assert service(account)["taskDefinition"] == blue["taskDefinition"]
    ecs.update_service_primary_task_set(**WHERE, primaryTaskSet=made["taskSetArn"])
    assert service(account)["taskDefinition"] == newer
    assert service(account)["loadBalancers"][0]["targetGroupArn"] == group
    old = next(one for one in service(account)["taskSets"] if one["status"] == "ACTIVE")
    ecs.delete_task_set(**WHERE, taskSet=old["taskSetArn"])
    assert {task["taskDefinitionArn"] for task in running(account)} == {newer}
    assert health(account, blue["loadBalancers"][0]["targetGroupArn"]) == {}
    assert [one["id"] for one in ecs.describe_task_sets(**WHERE)["taskSets"]] == [made["id"]]


def test_the_primary_set_is_not_deleted_by_accident(account: Account) -> None:
    ecs, blue = account("ecs"), service(account)
    ecs.create_task_set(**WHERE, taskDefinition=blue["taskDefinition"], loadBalancers=[])
    primary = next(one for one in service(account)["taskSets"] if one["status"] == "PRIMARY")
    gone = lambda: ecs.delete_task_set(**WHERE, taskSet=primary["taskSetArn"])  # noqa: E731
    assert code(gone) == "InvalidParameterException"


def test_a_target_is_as_healthy_as_it_was_told(account: Account) -> None:
    group = service(account)["loadBalancers"][0]["targetGroupArn"]
    assert set(health(account, group).values()) == {"healthy"}
    conduct(account, "elbv2", conducted={"by": "a test"})
    one, other = health(account, group)
    assert set(health(account, group).values()) == {"initial"}
    told = {one: {"State": "healthy"}, other: {"State": "unhealthy", "Reason": "Target.Timeout"}}
    conduct(account, "elbv2", health={group: told})
    assert health(account, group) == {one: "healthy", other: "unhealthy"}
    account("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": one.partition(":")[0]}])
    conduct(account, "elbv2", health={group: {one: {"State": "draining"}}})
    assert health(account, group) == {one: "draining", other: "unhealthy"}
    conduct(account, "elbv2", health={group: None})
    assert health(account, group) == {other: "initial"}


def test_forwarding_states_its_weights_where_there_is_one_group_only(account: Account) -> None:
    elb, group = account("elbv2"), other_group(account)
    subnets = [one["SubnetId"] for one in account("ec2").describe_subnets()["Subnets"] if "10.0" in one["CidrBlock"]]
    made = elb.create_load_balancer(Name="site", Subnets=subnets)["LoadBalancers"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    listener = elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Port=80, Protocol="HTTP", DefaultActions=forward
    )["Listeners"][0]["ListenerArn"]
    (action,) = elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["DefaultActions"]
    assert action["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": group, "Weight": 1}]
    (rule,) = elb.describe_rules(ListenerArn=listener)["Rules"]
    assert rule["Actions"][0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": group, "Weight": 1}]


def test_a_service_that_ecs_deploys_has_deployments_and_revisions(account: Account) -> None:
    ecs = account("ecs")
    own = {"cluster": "news", "taskDefinition": service(account)["taskDefinition"], "desiredCount": 1}
    made = ecs.create_service(
        **own,
        serviceName="web",
        launchType="FARGATE",
        networkConfiguration=service(account)["networkConfiguration"],
    )["service"]
    ecs.update_service(cluster="news", service="web", taskDefinition=defined(account, f"{IMAGE}@{OTHER}"))
    ecs.update_service(cluster="news", service="web", desiredCount=2)
    since = {"after": datetime.now(UTC) - timedelta(minutes=1)}
    named = {"cluster": "news", "service": made["serviceArn"], "createdAt": since}
    listed = ecs.list_service_deployments(**named)["serviceDeployments"]
    assert [one["status"] for one in listed] == ["SUCCESSFUL", "SUCCESSFUL"]
    (newest,) = ecs.describe_service_deployments(serviceDeploymentArns=[listed[0]["serviceDeploymentArn"]])[
        "serviceDeployments"
    ]
    (source,) = newest["sourceServiceRevisions"]
    arns = [source["arn"], newest["targetServiceRevision"]["arn"]]
    revisions = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert [one["containerImages"][0]["imageDigest"] for one in revisions] == [DIGEST, OTHER]
    assert code(ecs.stop_service_deployment, serviceDeploymentArn=newest["serviceDeploymentArn"]) == "ConflictException"


def test_a_conducted_service_deployment_waits_and_can_be_stopped(account: Account) -> None:
    conduct(account, "ecs", conducted={"by": "a test"})
    ecs = account("ecs")
    ecs.create_service(
        cluster="news", serviceName="web", taskDefinition=service(account)["taskDefinition"], desiredCount=0
    )
    (made,) = ecs.list_service_deployments(cluster="news", service="web")["serviceDeployments"]
    assert made["status"] == "PENDING"
    arn = made["serviceDeploymentArn"]
    told = {"status": "IN_PROGRESS", "lifecycleStage": "BAKE_TIME"}
    conduct(account, "ecs", **{"service deployment": {arn: told}})
    ecs.stop_service_deployment(serviceDeploymentArn=arn)
    (found,) = ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    assert (found["status"], found["lifecycleStage"]) == ("ROLLBACK_REQUESTED", "BAKE_TIME")


def test_a_task_that_ended_shows_how(account: Account) -> None:
    ecs = account("ecs")
    one = service(account)
    asked = {"taskDefinition": one["taskDefinition"], "networkConfiguration": one["networkConfiguration"]}
    (task,) = ecs.run_task(cluster="news", **asked)["tasks"]
    ecs.stop_task(cluster="news", task=task["taskArn"])
    told = {"exitCode": 1, "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container exited"}
    conduct(account, "ecs", stopped={task["taskArn"]: told})
    (found,) = ecs.describe_tasks(cluster="news", tasks=[task["taskArn"]])["tasks"]
    assert found["stopCode"] == "EssentialContainerExited"
    assert {one["exitCode"] for one in found["containers"]} == {1}
