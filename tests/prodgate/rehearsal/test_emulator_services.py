"""The emulator's additions for each service, called as boto3 does: services and releases, data, Airflow and its
API, logs, traces, canaries, the edge and alarms."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from botocore.exceptions import ClientError

from prodgate.aws.clients import name_proxy
from prodgate.rehearsal.airflow.home import Login
from prodgate.rehearsal.emulator.extension import Refused
from prodgate.rehearsal.emulator.services import BYTES, forward_request
from prodgate.rehearsal.emulator_process import RunningEmulator
from prodgate.terraform.diagnostics import TerraformError
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account, Zygote, code, refused, start_zygote
from tests.servers import Handler, serving

pytestmark = pytest.mark.xdist_group("emulator")
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
REPOSITORY = "news/api"
IMAGE = f"123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/{REPOSITORY}"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def serving_zygote() -> Iterator[Zygote]:
    with start_zygote() as running:
        serve(running)
        yield running


@pytest.fixture
def served(serving_zygote: Zygote) -> Iterator[Account]:
    with serving_zygote.branch() as copy:
        yield copy


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
    return account("ecs").describe_services(cluster="news", services=["api"])["services"][0]


def running(account: Account) -> list[dict[str, Any]]:
    arns = account("ecs").list_tasks(cluster="news", serviceName="api")["taskArns"]
    return account("ecs").describe_tasks(cluster="news", tasks=arns)["tasks"]


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
def test_a_service_runs_the_tasks_it_wants(served: Account) -> None:
    found = service(served)
    assert (found["desiredCount"], found["runningCount"], found["pendingCount"]) == (2, 2, 0)
    assert found["deploymentConfiguration"]["bakeTimeInMinutes"] == 5
    assert found["taskSets"][0]["taskDefinition"] == found["taskDefinition"]
    tasks = running(served)
    assert {task["group"] for task in tasks} == {"service:api"}
    zones = {
        detail["value"] for task in tasks for detail in task["attachments"][0]["details"] if "subnet" in detail["name"]
    }
    assert len(zones) == 2
    digests = {one["name"]: one["imageDigest"] for one in tasks[0]["containers"]}
    assert digests == {"api": DIGEST, "collector": OTHER}


def test_tasks_take_traffic_while_they_run(served: Account) -> None:
    assert [state for _, state in targets(served)] == ["healthy", "healthy"]
    served("ecs").stop_task(cluster="news", task=running(served)[0]["taskArn"])
    assert service(served)["runningCount"] == len(targets(served)) == len(running(served)) == 1
    stopped = served("ecs").list_tasks(cluster="news", serviceName="api", desiredStatus="STOPPED")["taskArns"]
    assert len(stopped) == 1


def test_a_service_follows_its_desired_count(served: Account) -> None:
    served("ecs").update_service(cluster="news", service="api", desiredCount=3)
    assert service(served)["runningCount"] == len(targets(served)) == 3
    served("ecs").update_service(cluster="news", service="api", desiredCount=1)
    assert service(served)["runningCount"] == len(targets(served)) == 1


def test_a_release_runs_what_the_appspec_names(served: Account) -> None:
    codedeploy = served("codedeploy")
    codedeploy.create_application(applicationName="news", computePlatform="ECS")
    alarms = {"enabled": True, "alarms": [{"name": "errors"}]}
    codedeploy.create_deployment_group(
        applicationName="news",
        deploymentGroupName="api",
        serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
        ecsServices=[{"clusterName": "news", "serviceName": "api"}],
        alarmConfiguration=alarms,
    )
    newer = defined(served, f"{IMAGE}@{OTHER}")
    target = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": newer}}
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    made = codedeploy.create_deployment(applicationName="news", deploymentGroupName="api", revision=revision)
    assert codedeploy.get_deployment(deploymentId=made["deploymentId"])["deploymentInfo"]["status"] == "Succeeded"
    assert {task["taskDefinitionArn"] for task in running(served)} == {newer}

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
    assert (
        code(codedeploy.update_deployment_group, applicationName="news", currentDeploymentGroupName="x")
        == "DeploymentGroupDoesNotExistException"
    )


def test_traffic_steps_are_kept(served: Account) -> None:
    steps = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}}
    codedeploy = served("codedeploy")
    codedeploy.create_deployment_config(deploymentConfigName="slow", computePlatform="ECS", trafficRoutingConfig=steps)
    found = codedeploy.get_deployment_config(deploymentConfigName="slow")["deploymentConfigInfo"]
    assert found["trafficRoutingConfig"] == steps
    assert code(codedeploy.get_deployment_config, deploymentConfigName="x") == "DeploymentConfigDoesNotExistException"


def test_an_image_s_settings_can_be_fetched(served: Account) -> None:
    ecr, config = served("ecr"), b'{"config": {"Env": ["A=b"]}}'
    ecr.create_repository(repositoryName=REPOSITORY)
    layer = push(served, config)
    url = ecr.get_download_url_for_layer(repositoryName=REPOSITORY, layerDigest=layer)["downloadUrl"]
    through = build_opener(ProxyHandler({"http": name_proxy(served.endpoint)}))
    with through.open(url.replace("https://", "http://"), timeout=30) as answer:
        assert answer.read() == config
    assert served("s3").list_buckets()["Buckets"] == []
    assert (
        code(ecr.get_download_url_for_layer, repositoryName=REPOSITORY, layerDigest=OTHER) == "LayersNotFoundException"
    )


def test_images_are_scanned_where_something_scans_them(served: Account) -> None:
    ecr = served("ecr")
    ecr.create_repository(repositoryName=REPOSITORY)
    push(served, b"{}")
    asked: dict[str, Any] = {"repositoryName": REPOSITORY, "imageId": {"imageDigest": DIGEST}}
    assert code(ecr.describe_image_scan_findings, **asked) == "ScanNotFoundException"
    everything = [{"filter": "*", "filterType": "WILDCARD"}]
    rules = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": everything}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
    push(served, b"{ }", OTHER, **{"rehearsal.vulnerable": "CRITICAL LOW"})
    asked["imageId"] = {"imageDigest": OTHER}
    found = ecr.describe_image_scan_findings(**asked)
    assert found["imageScanStatus"]["status"] == "ACTIVE"
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1, "LOW": 1}
    assert [one["status"] for one in found["imageScanFindings"]["enhancedFindings"]] == ["ACTIVE", "ACTIVE"]


def test_a_tag_is_resolved_when_a_task_starts(served: Account) -> None:
    served("ecr").create_repository(repositoryName=REPOSITORY)
    push(served, b"{}")
    network = service(served)["networkConfiguration"]
    named = {"cluster": "news", "launchType": "FARGATE", "networkConfiguration": network}
    started = served("ecs").run_task(taskDefinition=defined(served, f"{IMAGE}:aaaa"), **named)["tasks"]
    assert started[0]["containers"][0]["imageDigest"] == DIGEST
    started = served("ecs").run_task(taskDefinition=defined(served, "nginx:latest"), **named)["tasks"]
    assert "imageDigest" not in started[0]["containers"][0]


def test_account_wide_defaults_are_kept(served: Account) -> None:
    ec2 = served("ec2")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)
    found = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert (found["HttpTokens"], found["HttpPutResponseHopLimit"]) == ("required", 1)


def test_pull_through_caches_are_kept(served: Account) -> None:
    ecr = served("ecr")
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="ecr-public", upstreamRegistryUrl="public.ecr.aws")
    (rule,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert (rule["ecrRepositoryPrefix"], rule["upstreamRegistryUrl"]) == ("ecr-public", "public.ecr.aws")


# ── The emulator's additions for databases, backups, keys, secrets, buckets and queues, called as boto3 does

ROLE = "arn:aws:iam::123456789012:role/backup"
CLUSTER = "arn:aws:rds:ap-northeast-1:123456789012:cluster:news"


def plan(backup: Any) -> str:
    backup.create_backup_vault(BackupVaultName="main")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 * * ? *)"}
    return backup.create_backup_plan(BackupPlan={"BackupPlanName": "news", "Rules": [rule]})["BackupPlanId"]


def test_a_plan_keeps_its_selections(account: Account) -> None:
    backup = account("backup")
    id_ = plan(backup)
    stated = {"SelectionName": "news", "IamRoleArn": ROLE, "Resources": [CLUSTER], "NotResources": ["arn:x"]}
    made = backup.create_backup_selection(BackupPlanId=id_, BackupSelection=stated)["SelectionId"]
    (listed,) = backup.list_backup_selections(BackupPlanId=id_)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"]) == (made, "news")
    assert backup.get_backup_selection(BackupPlanId=id_, SelectionId=made)["BackupSelection"] == stated
    backup.delete_backup_selection(BackupPlanId=id_, SelectionId=made)
    assert code(backup.get_backup_selection, BackupPlanId=id_, SelectionId=made) == "ResourceNotFoundException"


def test_a_vault_keeps_its_policy(account: Account) -> None:
    backup = account("backup")
    plan(backup)
    assert code(backup.get_backup_vault_access_policy, BackupVaultName="main") == "ResourceNotFoundException"
    backup.put_backup_vault_access_policy(BackupVaultName="main", Policy='{"Statement": []}')
    assert backup.get_backup_vault_access_policy(BackupVaultName="main")["Policy"] == '{"Statement": []}'
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName="main")["RecoveryPoints"] == []
    assert code(backup.list_recovery_points_by_backup_vault, BackupVaultName="none") == "ResourceNotFoundException"


def test_restore_tests_are_planned(account: Account) -> None:
    backup = account("backup")
    points = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    arn = backup.create_restore_testing_plan(
        RestoreTestingPlan={
            "RestoreTestingPlanName": "weekly",
            "ScheduleExpression": "cron(0 10 ? * WED *)",
            "RecoveryPointSelection": points,
        }
    )["RestoreTestingPlanArn"]
    selection = {"RestoreTestingSelectionName": "db", "ProtectedResourceType": "Aurora", "IamRoleArn": ROLE,
                 "ProtectedResourceArns": [CLUSTER]}  # fmt: skip
    named = {"RestoreTestingPlanName": "weekly"}
    backup.create_restore_testing_selection(**named, RestoreTestingSelection=selection)
    assert backup.get_restore_testing_plan(**named)["RestoreTestingPlan"]["RecoveryPointSelection"] == points
    assert [one["RestoreTestingPlanArn"] for one in backup.list_restore_testing_plans()["RestoreTestingPlans"]] == [arn]
    (listed,) = backup.list_restore_testing_selections(**named)["RestoreTestingSelections"]
    assert listed["RestoreTestingSelectionName"] == "db"
    found = backup.get_restore_testing_selection(**named, RestoreTestingSelectionName="db")
    assert found["RestoreTestingSelection"]["ProtectedResourceArns"] == [CLUSTER]
    assert backup.list_restore_jobs(ByRestoreTestingPlanArn=arn)["RestoreJobs"] == []


def test_a_cluster_can_be_restored_from_the_beginning_of_its_life_until_a_moment_ago(account: Account) -> None:
    rds = account("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="news", Engine="aurora-postgresql", MasterUsername="a", MasterUserPassword="12345678"
    )
    (found,) = rds.describe_db_clusters()["DBClusters"]
    assert found["EarliestRestorableTime"] == found["LatestRestorableTime"] == found["ClusterCreateTime"]
    assert datetime.now(UTC) - found["LatestRestorableTime"] < timedelta(minutes=5)


def test_a_secret_rotates_without_its_function_being_run(account: Account) -> None:
    secrets = account("secretsmanager")
    arn = secrets.create_secret(Name="keys")["ARN"]
    function = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
    secrets.rotate_secret(SecretId=arn, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 60})
    (listed,) = secrets.list_secrets()["SecretList"]
    assert listed["RotationEnabled"]
    assert listed["NextRotationDate"] - datetime.now(UTC) > timedelta(days=59)
    assert code(secrets.rotate_secret, SecretId="none") == "ResourceNotFoundException"


def test_a_key_says_what_it_is_for(account: Account) -> None:
    assert account("kms").create_key()["KeyMetadata"]["KeyUsage"] == "ENCRYPT_DECRYPT"
    signs = account("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert signs["KeyUsage"] == "SIGN_VERIFY"


def test_a_bucket_policy_with_a_condition_refuses_no_owner(account: Account) -> None:
    s3 = account("s3")
    s3.create_bucket(Bucket="news", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    plain = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::news/*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    s3.put_bucket_policy(Bucket="news", Policy=json.dumps({"Statement": [plain]}))
    s3.put_object(Bucket="news", Key="page", Body=b"hello")
    assert s3.get_object(Bucket="news", Key="page")["Body"].read() == b"hello"


def test_a_queue_keeps_its_policy_when_something_else_is_set(account: Account) -> None:
    sqs = account("sqs")
    policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], json.loads(found["Policy"])) == ("60", policy)


# ── The emulator's additions for Airflow, traces, canaries and logs, called as boto3 does

CANARY_ROLE = "arn:aws:iam::123456789012:role/made"


def environment(account: Account, **stated: Any) -> dict[str, Any]:
    """Make an environment whose bucket holds requirements, and return MWAA's description of it."""
    s3, mwaa = account("s3"), account("mwaa")
    s3.create_bucket(Bucket="dags", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="dags", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="dags", Key="requirements.txt", Body=b"")["VersionId"]
    mwaa.create_environment(
        Name="news",
        ExecutionRoleArn=CANARY_ROLE,
        SourceBucketArn="arn:aws:s3:::dags",
        DagS3Path="dags/",
        NetworkConfiguration={"SubnetIds": ["subnet-1", "subnet-2"]},
        RequirementsS3Path="requirements.txt",
        RequirementsS3ObjectVersion=version,
        **stated,
    )
    return mwaa.get_environment(Name="news")["Environment"]


def test_an_environment_has_what_was_stated_and_mwaa_s_defaults(account: Account) -> None:
    options = {"core.parallelism": "16"}
    made = environment(account, EnvironmentClass="mw1.medium", MaxWorkers=5, AirflowConfigurationOptions=options)
    assert (made["EnvironmentClass"], made["MinWorkers"], made["MaxWorkers"]) == ("mw1.medium", 1, 5)
    assert made["AirflowConfigurationOptions"] == options
    assert made["WebserverAccessMode"] == "PRIVATE_ONLY"
    assert made["Arn"] == "arn:aws:airflow:ap-northeast-1:123456789012:environment/news"
    assert made["CreatedAt"].tzinfo is not None
    assert not made["LoggingConfiguration"]["TaskLogs"]["Enabled"]
    assert account("mwaa").list_environments()["Environments"] == ["news"]


def test_a_log_that_is_on_has_a_group_that_mwaa_makes_when_it_is_not_there(account: Account) -> None:
    on = {"Enabled": True, "LogLevel": "INFO"}
    account("logs").create_log_group(logGroupName="airflow-news-Task")
    account("logs").put_retention_policy(logGroupName="airflow-news-Task", retentionInDays=30)
    made = environment(account, LoggingConfiguration={"TaskLogs": on, "WorkerLogs": on})
    assert made["LoggingConfiguration"]["TaskLogs"]["CloudWatchLogGroupArn"].endswith(":log-group:airflow-news-Task")
    groups = account("logs").describe_log_groups(logGroupNamePrefix="airflow-news-")["logGroups"]
    assert {one["logGroupName"]: one.get("retentionInDays") for one in groups} == {
        "airflow-news-Task": 30,
        "airflow-news-Worker": None,
    }


def test_an_update_changes_what_it_names_and_fails_over_files_that_are_not_there(account: Account) -> None:
    mwaa = account("mwaa")
    on = {"Enabled": True, "LogLevel": "INFO"}
    environment(account, LoggingConfiguration={"TaskLogs": on})
    mwaa.update_environment(Name="news", MinWorkers=2, LoggingConfiguration={"WorkerLogs": on})
    updated = mwaa.get_environment(Name="news")["Environment"]
    assert (updated["MinWorkers"], updated["LastUpdate"]["Status"]) == (2, "SUCCESS")
    assert updated["LoggingConfiguration"]["TaskLogs"]["Enabled"]
    mwaa.update_environment(Name="news", MinWorkers=3, RequirementsS3ObjectVersion="none")
    kept = mwaa.get_environment(Name="news")["Environment"]
    assert (kept["MinWorkers"], kept["LastUpdate"]["Status"]) == (2, "FAILED")
    assert "requirements.txt" in kept["LastUpdate"]["Error"]["ErrorMessage"]


def test_no_airflow_answers_and_that_is_said(account: Account) -> None:
    environment(account)
    mwaa = account("mwaa")
    told = refused(mwaa.invoke_rest_api, Name="news", Path="/dags", Method="GET")
    assert told["Error"]["Code"] == "RestApiServerException"
    assert told["RestApiStatusCode"] == 503
    assert code(mwaa.get_environment, Name="old") == "ResourceNotFoundException"
    assert mwaa.create_web_login_token(Name="news")["WebServerHostname"].endswith(".amazonaws.com")
    mwaa.delete_environment(Name="news")
    assert mwaa.list_environments()["Environments"] == []


def test_the_service_graph_tells_of_segments_by_name(account: Account) -> None:
    xray, now = account("xray"), datetime.now(UTC).replace(microsecond=0)
    ends = {"a": ("api", now - timedelta(minutes=9)), "b": ("api", now - timedelta(minutes=3)),
            "c": ("old", now - timedelta(hours=9))}  # fmt: skip
    segments = [
        json.dumps({"name": name, "id": id_, "trace_id": f"1-0-{id_}", "start_time": end.timestamp() - 1,
                    "end_time": end.timestamp()})
        for id_, (name, end) in ends.items()
    ]  # fmt: skip
    refused = xray.put_trace_segments(TraceSegmentDocuments=[*segments, "no segment"])["UnprocessedTraceSegments"]
    assert len(refused) == 1
    (service,) = xray.get_service_graph(StartTime=now - timedelta(hours=6), EndTime=now)["Services"]
    assert (service["Name"], service["EndTime"]) == ("api", now - timedelta(minutes=3))
    assert service["SummaryStatistics"]["TotalCount"] == 2


def test_what_x_ray_is_told_it_keeps(account: Account) -> None:
    xray = account("xray")
    assert xray.get_encryption_config()["EncryptionConfig"]["Type"] == "NONE"
    xray.put_encryption_config(Type="KMS", KeyId="alias/logs")
    assert xray.get_encryption_config()["EncryptionConfig"]["KeyId"] == "alias/logs"
    rule = {"RuleName": "all", "Priority": 1, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
            "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "ResourceARN": "*"}  # fmt: skip
    xray.create_sampling_rule(SamplingRule=rule)
    (kept,) = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert kept["SamplingRule"]["FixedRate"] == 0.05
    xray.create_group(GroupName="slow", FilterExpression="responsetime > 1")
    assert [one["GroupName"] for one in xray.get_groups()["Groups"]] == ["slow"]


def test_a_canary_is_ready_runs_and_stops(account: Account) -> None:
    synthetics = account("synthetics")
    synthetics.create_canary(
        Name="visitor",
        Code={"Handler": "visitor.handler", "ZipFile": b"PK"},
        ArtifactS3Location="s3://artifacts",
        ExecutionRoleArn=CANARY_ROLE,
        Schedule={"Expression": "rate(5 minutes)"},
        RuntimeVersion="syn-nodejs-puppeteer-9.1",
        RunConfig={"TimeoutInSeconds": 60, "EnvironmentVariables": {"SITE": "x"}},
    )
    states = []
    for step in (lambda **_: None, synthetics.start_canary, synthetics.stop_canary):
        step(Name="visitor")
        (found,) = synthetics.describe_canaries()["Canaries"]
        states.append(found["Status"]["State"])
    assert states == ["READY", "RUNNING", "STOPPED"]
    assert "EnvironmentVariables" not in found["RunConfig"]
    assert synthetics.describe_canaries_last_run()["CanariesLastRun"] == []
    assert synthetics.get_canary_runs(Name="visitor")["CanaryRuns"] == []
    assert code(synthetics.get_canary, Name="other") == "ResourceNotFoundException"


def test_a_flow_log_is_delivered_while_its_group_is_there(account: Account) -> None:
    ec2, logs = account("ec2"), account("logs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    logs.create_log_group(logGroupName="/flows")
    arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/flows"
    ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="ALL",
        LogDestination=arn,
        DeliverLogsPermissionArn=CANARY_ROLE,
    )
    (flow,) = ec2.describe_flow_logs()["FlowLogs"]
    assert (flow["DeliverLogsStatus"], flow["LogGroupName"]) == ("SUCCESS", "/flows")
    logs.delete_log_group(logGroupName="/flows")
    (flow,) = ec2.describe_flow_logs()["FlowLogs"]
    assert (flow["DeliverLogsStatus"], flow["DeliverLogsErrorMessage"]) == ("FAILED", "Access error")


def test_a_cluster_exports_what_it_was_last_told_to(account: Account) -> None:
    rds = account("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="news", Engine="aurora-postgresql", MasterUsername="admin_", MasterUserPassword="long enough",
        EnableCloudwatchLogsExports=["postgresql"],
    )  # fmt: skip
    rds.modify_db_cluster(
        DBClusterIdentifier="news", CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]}
    )
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    assert not cluster.get("EnabledCloudwatchLogsExports")


def test_a_pattern_between_percent_signs_is_a_regular_expression(account: Account) -> None:
    logs, now = account("logs"), int(datetime.now(UTC).timestamp() * 1000)
    logs.create_log_group(logGroupName="/api")
    logs.create_log_stream(logGroupName="/api", logStreamName="one")
    lines = [{"timestamp": now, "message": text} for text in ("error 401", "all well", "Error 403")]
    logs.put_log_events(logGroupName="/api", logStreamName="one", logEvents=lines)

    def found(pattern: str) -> list[str]:
        events = logs.filter_log_events(logGroupName="/api", filterPattern=pattern)["events"]
        return [one["message"] for one in events]

    assert found("%[Ee]rror.40[0-9]%") == ["error 401", "Error 403"]
    assert found("well") == ["all well"]
    assert len(found("")) == 3
    first = logs.filter_log_events(logGroupName="/api", limit=1)
    second = logs.filter_log_events(logGroupName="/api", limit=9, nextToken=first["nextToken"])
    assert [one["message"] for one in (*first["events"], *second["events"])] == ["error 401", "all well", "Error 403"]
    assert "nextToken" not in second


def test_cloudwatch_counts_what_comes_into_a_log_group(account: Account) -> None:
    logs, now = account("logs"), int(datetime.now(UTC).timestamp() * 1000)
    for name in ("/written", "/silent"):
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="one")
    logs.put_log_events(logGroupName="/written", logStreamName="one", logEvents=[{"timestamp": now, "message": "é"}])
    listed = account("cloudwatch").list_metrics(Namespace="AWS/Logs")["Metrics"]
    named = [(one["MetricName"], one["Dimensions"][0]["Value"]) for one in listed]
    assert sorted(named) == [("IncomingBytes", "/written"), ("IncomingLogEvents", "/written")]


# ── The emulator's edge, as in AWS: CloudFront, certificates, DNSSEC

GLOBAL = "us-east-1"
BEHAVIOUR = {"TargetOriginId": "site", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "own"}


def config(reference: str, *names: str) -> dict[str, Any]:
    origin = {
        "Id": "site", "DomainName": "internal.elb.amazonaws.com",
        "VpcOriginConfig": {"VpcOriginId": "vo_1", "OriginReadTimeout": 30},
    }  # fmt: skip
    return {
        "CallerReference": reference, "Comment": reference, "Enabled": True, "PriceClass": "PriceClass_200",
        "Aliases": {"Quantity": len(names), "Items": list(names)}, "WebACLId": "arn:aws:wafv2:acl",
        "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": BEHAVIOUR, "IsIPV6Enabled": True,
    }  # fmt: skip


def refusal(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_a_distribution_is_kept_whole_and_tagged(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    tagged = {"DistributionConfig": config("one", "a.example"), "Tags": {"Items": [{"Key": "System", "Value": "x"}]}}
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=tagged)["Distribution"]
    (listed,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert listed["Origins"]["Items"][0]["VpcOriginConfig"] == {"VpcOriginId": "vo_1", "OriginReadTimeout": 30}
    assert (listed["Status"], listed["WebACLId"], listed["DefaultCacheBehavior"]["CachePolicyId"]) == (
        "Deployed", "arn:aws:wafv2:acl", "own",
    )  # fmt: skip
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"][0]["Value"] == "x"


def test_a_distribution_is_changed_whole_and_is_gone_when_deleted(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    id_ = cloudfront.create_distribution(DistributionConfig=config("one", "a.example"))["Distribution"]["Id"]
    found = cloudfront.get_distribution_config(Id=id_)
    changed = {**found["DistributionConfig"], "PriceClass": "PriceClass_100"}
    cloudfront.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=changed)
    assert cloudfront.get_distribution(Id=id_)["Distribution"]["DistributionConfig"] == changed
    assert cloudfront.get_distribution_config(Id=id_)["DistributionConfig"] == changed
    cloudfront.delete_distribution(Id=id_, IfMatch=found["ETag"])
    assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == 0
    with refusal("NoSuchDistribution"):
        cloudfront.get_distribution_config(Id=id_)


def test_two_distributions_do_not_serve_one_name(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    cloudfront.create_distribution(DistributionConfig=config("one", "a.example"))
    with refusal("CNAMEAlreadyExists"):
        cloudfront.create_distribution(DistributionConfig=config("two", "b.example", "a.example"))


def test_policies_of_behaviours_are_kept(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    cached_by = {"EnableAcceptEncodingGzip": True, "CookiesConfig": {"CookieBehavior": "none"},
                 "HeadersConfig": {"HeaderBehavior": "none"},
                 "QueryStringsConfig": {"QueryStringBehavior": "all"}}  # fmt: skip
    asked = {"Name": "pages", "MinTTL": 0, "DefaultTTL": 60, "ParametersInCacheKeyAndForwardedToOrigin": cached_by}
    made = cloudfront.create_cache_policy(CachePolicyConfig=asked)["CachePolicy"]
    (listed,) = cloudfront.list_cache_policies()["CachePolicyList"]["Items"]
    assert listed["Type"] == "custom"
    assert listed["CachePolicy"]["CachePolicyConfig"] == asked
    cloudfront.update_cache_policy(Id=made["Id"], CachePolicyConfig={**asked, "DefaultTTL": 0})
    assert cloudfront.get_cache_policy(Id=made["Id"])["CachePolicy"]["CachePolicyConfig"]["DefaultTTL"] == 0
    with refusal("CachePolicyAlreadyExists"):
        cloudfront.create_cache_policy(CachePolicyConfig=asked)
    with refusal("NoSuchResponseHeadersPolicy"):
        cloudfront.get_response_headers_policy(Id="none")


def test_metrics_and_the_way_into_the_network_are_kept(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    id_ = cloudfront.create_distribution(DistributionConfig=config("one"))["Distribution"]["Id"]
    with refusal("NoSuchMonitoringSubscription"):
        cloudfront.get_monitoring_subscription(DistributionId=id_)
    wanted = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    cloudfront.create_monitoring_subscription(DistributionId=id_, MonitoringSubscription=wanted)
    assert cloudfront.get_monitoring_subscription(DistributionId=id_)["MonitoringSubscription"] == wanted
    endpoint = {"Name": "lb", "Arn": "arn:lb", "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    made = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=endpoint)["VpcOrigin"]
    assert cloudfront.get_vpc_origin(Id=made["Id"])["VpcOrigin"]["VpcOriginEndpointConfig"] == endpoint


def test_a_certificate_validated_through_dns_is_issued_for_thirteen_months(account: Account) -> None:
    acm, now = account("acm", GLOBAL), datetime.now(UTC)
    asked = {"DomainName": "a.example", "SubjectAlternativeNames": ["a.example", "www.a.example"]}
    arn = acm.request_certificate(**asked, ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")["CertificateArn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (found["Status"], found["KeyAlgorithm"]) == ("ISSUED", "EC-prime256v1")
    assert found["SubjectAlternativeNames"] == ["a.example", "www.a.example"]
    assert timedelta(days=390) < found["NotAfter"] - now < timedelta(days=400)
    assert {one["ValidationMethod"] for one in found["DomainValidationOptions"]} == {"DNS"}


def test_a_certificate_validated_by_mail_waits_for_somebody(account: Account) -> None:
    acm = account("acm", GLOBAL)
    arn = acm.request_certificate(DomainName="a.example", ValidationMethod="EMAIL")["CertificateArn"]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"


def test_certificates_with_other_keys_are_listed_when_asked_for(account: Account) -> None:
    acm = account("acm", GLOBAL)
    acm.request_certificate(DomainName="a.example", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")
    assert acm.list_certificates()["CertificateSummaryList"] == []
    (listed,) = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    assert listed["DomainName"] == "a.example"


def test_a_zone_is_signed_with_a_key(account: Account) -> None:
    route53 = account("route53")
    zone = route53.create_hosted_zone(Name="a.example", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    with refusal("KeySigningKeyWithActiveStatusNotFound"):
        route53.enable_hosted_zone_dnssec(HostedZoneId=zone)
    named = {"Name": "ksk", "KeyManagementServiceArn": "arn:aws:kms:us-east-1:123456789012:key/1"}
    route53.create_key_signing_key(HostedZoneId=zone, CallerReference="1", Status="ACTIVE", **named)
    route53.enable_hosted_zone_dnssec(HostedZoneId=zone)
    found = route53.get_dnssec(HostedZoneId=zone)
    assert found["Status"]["ServeSignature"] == "SIGNING"
    assert [key["Name"] for key in found["KeySigningKeys"]] == ["ksk"]


def test_queries_are_logged_to_a_group_by_its_own_arn(account: Account) -> None:
    route53, logs = account("route53"), account("logs", GLOBAL)
    zone = route53.create_hosted_zone(Name="a.example", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    logs.create_log_group(logGroupName="/aws/route53/a.example")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/a.example"
    route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=arn)
    (found,) = route53.list_query_logging_configs()["QueryLoggingConfigs"]
    assert found["CloudWatchLogsLogGroupArn"] == arn


def test_performance_insights_are_remembered(account: Account) -> None:
    rds = account("rds")
    named = {"DBInstanceIdentifier": "one"}
    rds.create_db_instance(
        **named, DBInstanceClass="db.t4g.large", Engine="postgres", AllocatedStorage=20, EnablePerformanceInsights=True
    )
    assert rds.describe_db_instances()["DBInstances"][0]["PerformanceInsightsEnabled"] is True
    rds.modify_db_instance(**named, EnablePerformanceInsights=False)
    assert rds.describe_db_instances()["DBInstances"][0]["PerformanceInsightsEnabled"] is False


# ── Alarms of the emulated account: their description, their recipients, and the aggregation of metrics

SLOW = {
    "AlarmName": "slow",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "Dimensions": [{"Name": "LoadBalancer", "Value": "app/site/1"}],
    "ExtendedStatistic": "p95",
    "Period": 60,
    "EvaluationPeriods": 5,
    "Threshold": 0.2,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "Tags": [{"Key": "team", "Value": "web"}],
}


def heard(account: Account, **topic: str) -> tuple[str, str]:
    """Make a topic with a subscribed queue; return the topic's ARN and the queue's address."""
    arn = account("sns").create_topic(Name="alarms", Attributes=topic)["TopicArn"]
    url = account("sqs").create_queue(QueueName="heard")["QueueUrl"]
    account("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard")
    return arn, url


def messages(account: Account, url: str) -> list[dict[str, Any]]:
    found = account("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(json.loads(one["Body"])["Message"]) for one in found]


def fire(account: Account, name: str = "slow", state: str = "ALARM") -> None:
    account("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="tried")


def test_an_alarm_is_shown_as_it_was_put(account: Account) -> None:
    account("cloudwatch").put_metric_alarm(**SLOW)
    (shown,) = account("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {name: shown[name] for name in SLOW if name != "Tags"} == {n: v for n, v in SLOW.items() if n != "Tags"}
    assert (shown["StateValue"], shown["ActionsEnabled"], shown["AlarmActions"]) == ("INSUFFICIENT_DATA", True, [])
    assert account("cloudwatch").list_tags_for_resource(ResourceARN=shown["AlarmArn"])["Tags"] == SLOW["Tags"]


def test_an_alarm_on_alarms_needs_them_and_is_listed_only_when_asked_for(account: Account) -> None:
    client = account("cloudwatch")
    with pytest.raises(ClientError, match="slow"):
        client.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")')
    client.put_metric_alarm(**SLOW)
    client.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")')
    assert client.describe_alarms()["CompositeAlarms"] == []
    found = client.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])
    assert [one["AlarmName"] for one in found["CompositeAlarms"]] == ["all"]


def test_a_topic_is_told_when_the_state_changes_and_only_then(account: Account) -> None:
    topic, url = heard(account)
    account("cloudwatch").put_metric_alarm(**SLOW | {"AlarmActions": [topic]})
    fire(account)
    fire(account)
    (told,) = messages(account, url)
    assert (told["AlarmName"], told["NewStateValue"], told["NewStateReason"]) == ("slow", "ALARM", "tried")
    (item,) = account("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert json.loads(item["HistoryData"])["actionState"] == "Succeeded"


def test_disabled_and_muted_alarms_tell_nobody(account: Account) -> None:
    topic, url = heard(account)
    client = account("cloudwatch")
    client.put_metric_alarm(**SLOW | {"AlarmActions": [topic], "OKActions": [topic]})
    client.disable_alarm_actions(AlarmNames=["slow"])
    fire(account)
    client.enable_alarm_actions(AlarmNames=["slow"])
    schedule = {"Schedule": {"Expression": "cron(0 0 * * ? *)", "Duration": "PT1H"}}
    client.put_alarm_mute_rule(Name="night", Rule=schedule, MuteTargets={"AlarmNames": ["slow"]})
    (rule,) = client.list_alarm_mute_rules(Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert client.get_alarm_mute_rule(AlarmMuteRuleName=rule["AlarmMuteRuleArn"].rpartition(":")[2])["Name"] == "night"
    fire(account, state="OK")
    assert messages(account, url) == []
    client.delete_alarm_mute_rule(AlarmMuteRuleName="night")
    fire(account)
    assert len(messages(account, url)) == 1


def test_the_key_of_aws_drops_every_alarm_and_history_says_so(account: Account) -> None:
    topic, url = heard(account, KmsMasterKeyId="alias/aws/sns")
    account("cloudwatch").put_metric_alarm(**SLOW | {"AlarmActions": [topic]})
    fire(account)
    assert messages(account, url) == []
    (item,) = account("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"].startswith("Failed")


def test_a_chat_channel_subscribes_itself(account: Account) -> None:
    topic, _ = heard(account)
    account("chatbot", "us-east-2").create_slack_channel_configuration(
        ConfigurationName="alarms",
        SlackTeamId="T00000000",
        SlackChannelId="C00000000",
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/chat",
        SnsTopicArns=[topic],
    )
    listed = account("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert "https://global.sns-api.chatbot.amazonaws.com" in [one["Endpoint"] for one in listed]


def measured(account: Account, stat: str, unit: str = "", period: int = 3600) -> list[float]:
    now = datetime.now(UTC)
    metric = {"Namespace": "site", "MetricName": "seconds", "Dimensions": []}
    query: dict[str, Any] = {"Metric": metric, "Period": period, "Stat": stat} | ({"Unit": unit} if unit else {})
    found = account("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": query}], StartTime=now - timedelta(hours=1), EndTime=now
    )
    return found["MetricDataResults"][0]["Values"]


def test_statistics_are_of_all_values_of_a_period(account: Account) -> None:
    now = datetime.now(UTC)
    for minutes, values, counts in ((50, [0.1, 3.0], [90.0, 4.0]), (10, [0.1, 5.0], [5.0, 1.0])):
        datum = {"MetricName": "seconds", "Timestamp": now - timedelta(minutes=minutes), "Unit": "Seconds"}
        account("cloudwatch").put_metric_data(
            Namespace="site", MetricData=[datum | {"Values": values, "Counts": counts}]
        )
    assert measured(account, "p95") == [0.1]
    assert measured(account, "p96") == [3.0]
    assert measured(account, "SampleCount") == [100.0]
    assert measured(account, "Maximum", period=1800) == [5.0, 3.0]
    assert measured(account, "Maximum", unit="Milliseconds") == []


def test_expressions_are_computed(account: Account) -> None:
    now = datetime.now(UTC)
    for name, value in (("failed", 3), ("all", 600)):
        datum = {"MetricName": name, "Timestamp": now - timedelta(minutes=5), "Value": value}
        account("cloudwatch").put_metric_data(Namespace="site", MetricData=[datum])
    queries: list[dict[str, Any]] = [
        {"Id": one, "ReturnData": False, "MetricStat": {
            "Metric": {"Namespace": "site", "MetricName": one}, "Period": 600, "Stat": "Sum"}}
        for one in ("failed", "all")
    ]  # fmt: skip
    queries.append({"Id": "rate", "Expression": "100 * failed / all"})
    found = account("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(minutes=10), EndTime=now
    )
    assert [(one["Id"], one["Values"]) for one in found["MetricDataResults"]] == [("rate", [0.5])]


def test_nothing_was_scaled_that_nobody_tells_of(account: Account) -> None:
    found = account("application-autoscaling").describe_scaling_activities(ServiceNamespace="ecs")
    assert found["ScalingActivities"] == []


def test_an_alarm_on_alarms_tells_nobody_while_its_suppressor_fires(account: Account) -> None:
    client, (arn, url) = account("cloudwatch"), heard(account)
    client.put_metric_alarm(**SLOW)
    client.put_metric_alarm(**SLOW | {"AlarmName": "planned"})
    suppressor = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:planned"
    client.put_composite_alarm(
        AlarmName="all",
        AlarmRule='ALARM("slow")',
        AlarmActions=[arn],
        ActionsSuppressor=suppressor,
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=60,
    )

    def suppressed() -> str:
        (found,) = client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return str(found.get("ActionsSuppressedBy", ""))

    assert suppressed() == ""
    fire(account, "planned")
    assert suppressed() == "Alarm"
    fire(account, "all")
    assert messages(account, url) == []
    fire(account, "planned", "OK")
    fire(account, "all", "OK")
    fire(account, "all")
    assert [one["AlarmName"] for one in messages(account, url)] == ["all"]


# ── MWAA's InvokeRestApi: requests that it forwards to an Airflow, and those it refuses, called as boto3 does

VIEWER, ADMIN = Login("viewer", "v"), Login("admin", "a")


@dataclass
class Airflow:
    """An Airflow 3 that gives the test's responses, and records the requests."""

    url: str = ""
    answer: tuple[int, bytes] = (200, b"{}")
    asked: list[tuple[str, str, str, Any]] = field(default_factory=list)
    version: str = "3.0.6"
    silent: bool = False

    def reply(self, method: str, path: str, user: str, body: Any) -> tuple[int, bytes]:
        if path == "/api/v2/version":
            return (200, b'{"version": "3.0.6"}') if self.version[0] == "3" else (404, b"")
        if path == "/auth/token":
            return 201, json.dumps({"access_token": f"token of {body['username']}"}).encode()
        self.asked.append((method, path, user, body))
        return self.answer


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    told = Airflow()

    class Answering(Handler):
        def answer(self) -> None:
            user, sent = self.headers.get("Authorization", ""), self.read_body()
            answer = told.reply(self.command, self.path, user, json.loads(sent) if sent else None)
            if not told.silent:
                self.reply(*answer)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

    with serving(Answering) as told.url:
        yield told


@pytest.fixture
def with_mwaa(account: Account) -> Account:
    """An account with an environment."""
    account("mwaa").create_environment(
        Name="news",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/airflow",
        SourceBucketArn="arn:aws:s3:::dags",
        DagS3Path="dags/",
        NetworkConfiguration={"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
    )
    return account


@pytest.fixture
def inside(with_mwaa: Account, airflow: Airflow) -> Account:
    """An account whose environment has an Airflow."""
    RunningEmulator(with_mwaa.endpoint).connect_airflow(airflow.url, VIEWER, ADMIN)
    return with_mwaa


def invoke(account: Account, path: str, method: str = "GET", **more: Any) -> Any:
    return account("mwaa").invoke_rest_api(Name="news", Path=path, Method=method, **more)


def refused_by_airflow(account: Account, path: str, **more: Any) -> dict[str, Any]:
    return refused(invoke, account=account, path=path, **more)


def test_an_answer_comes_back_as_it_is_and_is_asked_by_the_viewer(inside: Account, airflow: Airflow) -> None:
    airflow.answer = (
        200,
        json.dumps({"dag_runs": [{"conf": {}, "n": 1.5}], "total_entries": 1, "note": None}).encode(),
    )
    found = invoke(inside, "/dags/~/dagRuns", QueryParameters={"limit": 100, "order_by": "id", "state": ["a", "b"]})
    assert found["RestApiStatusCode"] == 200
    assert found["RestApiResponse"] == json.loads(airflow.answer[1])
    query = "limit=100&order_by=id&state=a&state=b"
    assert airflow.asked == [("GET", f"/api/v2/dags/~/dagRuns?{query}", "Bearer token of viewer", None)]


def test_who_changes_something_is_the_admin(inside: Account, airflow: Airflow) -> None:
    invoke(inside, "/dags/canary/dagRuns", "POST", Body={"conf": {"mode": "kill"}, "logical_date": None})
    said = {"conf": {"mode": "kill"}, "logical_date": None}
    assert airflow.asked == [("POST", "/api/v2/dags/canary/dagRuns", "Bearer token of admin", said)]


def test_airflow_2_is_asked_in_its_own_way(with_mwaa: Account, airflow: Airflow) -> None:
    airflow.version = "2.11.0"
    RunningEmulator(with_mwaa.endpoint).connect_airflow(airflow.url, VIEWER, ADMIN)
    invoke(with_mwaa, "/dags")
    assert airflow.asked == [("GET", "/api/v1/dags", "Basic dmlld2VyOnY=", None)]


@pytest.mark.parametrize(("status", "code"), [(404, "RestApiClientException"), (500, "RestApiServerException")])
def test_airflow_s_errors_are_mwaa_s(inside: Account, airflow: Airflow, status: int, code: str) -> None:
    airflow.answer = (status, b'{"detail": "no such DAG"}')
    said = refused_by_airflow(inside, "/dags/none")
    assert said["Error"]["Code"] == code
    assert (said["RestApiStatusCode"], said["RestApiResponse"]) == (status, {"detail": "no such DAG"})
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_path_has_no_more_than_64_characters(inside: Account, airflow: Airflow) -> None:
    invoke(inside, "/" + "d" * 63)
    assert refused_by_airflow(inside, "/" + "d" * 64)["Error"]["Code"] == "ValidationException"
    assert len(airflow.asked) == 1


def test_an_answer_that_is_too_large_is_none(airflow: Airflow) -> None:
    airflow.answer = (200, b'"' + b"x" * BYTES + b'"')
    told = {"api": f"{airflow.url}/api/v2", "viewer": "", "admin": ""}
    with pytest.raises(Refused, match="larger than 6291456 bytes"):
        forward_request(told, {"Path": "/dags", "Method": "GET"})
    airflow.answer = (200, b'"' + b"x" * (BYTES - 2) + b'"')
    assert forward_request(told, {"Path": "/dags", "Method": "GET"})["RestApiStatusCode"] == 200


def test_an_answer_that_is_no_json_is_handed_on_as_text(inside: Account, airflow: Airflow) -> None:
    airflow.answer = (502, b"<html>bad gateway</html>")
    assert refused_by_airflow(inside, "/dags")["RestApiResponse"] == {"detail": "<html>bad gateway</html>"}


def test_an_airflow_that_hangs_up_is_an_error_of_the_server(inside: Account, airflow: Airflow) -> None:
    airflow.silent = True
    said = refused_by_airflow(inside, "/dags")
    assert (said["Error"]["Code"], said["RestApiStatusCode"]) == ("RestApiServerException", 504)


def test_an_airflow_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.rehearsal.emulator.services.SECONDS", 0.1)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as nobody:  # takes connections, serves none
        told = {"api": f"http://127.0.0.1:{nobody.server_port}/api/v2", "viewer": "", "admin": ""}
        with pytest.raises(Refused, match="Airflow gave no answer: TimeoutError") as raised:
            forward_request(told, {"Path": "/dags", "Method": "GET"})
    assert raised.value.code == "RestApiServerException"


def test_without_an_airflow_there_is_none(with_mwaa: Account) -> None:
    said = refused_by_airflow(with_mwaa, "/dags")
    assert (said["Error"]["Code"], said["RestApiStatusCode"]) == ("RestApiServerException", 503)
    assert "the environment is emulated" in said["Error"]["Message"]


def test_an_account_without_environments_takes_no_airflow(account: Account, airflow: Airflow) -> None:
    with pytest.raises(TerraformError, match="holds no MWAA environment"):
        RunningEmulator(account.endpoint).connect_airflow(airflow.url, VIEWER, ADMIN)


def test_an_airflow_that_is_not_there_is_said(with_mwaa: Account) -> None:
    with pytest.raises(TerraformError, match="http://127.0.0.1:9: "):
        RunningEmulator(with_mwaa.endpoint).connect_airflow("http://127.0.0.1:9", VIEWER, ADMIN)
