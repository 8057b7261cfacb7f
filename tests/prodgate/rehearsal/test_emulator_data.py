"""What the emulator adds for databases, backups, keys, secrets, buckets and queues, called as boto3 calls it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.prodgate.rehearsal.emulated import Account

pytestmark = pytest.mark.xdist_group("emulator")
ROLE = "arn:aws:iam::123456789012:role/backup"
CLUSTER = "arn:aws:rds:ap-northeast-1:123456789012:cluster:news"


def code(call: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


def plan(backup: Any) -> str:
    backup.create_backup_vault(BackupVaultName="main")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 * * ? *)"}
    made: str = backup.create_backup_plan(BackupPlan={"BackupPlanName": "news", "Rules": [rule]})["BackupPlanId"]
    return made


def test_a_plan_keeps_its_selections(account: Account) -> None:
    backup = account("backup")
    id_ = plan(backup)
    stated = {"SelectionName": "news", "IamRoleArn": ROLE, "Resources": [CLUSTER], "NotResources": ["arn:x"]}
    made = backup.create_backup_selection(BackupPlanId=id_, BackupSelection=stated)["SelectionId"]
    (listed,) = backup.list_backup_selections(BackupPlanId=id_)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"]) == (made, "news")
    found = backup.get_backup_selection(BackupPlanId=id_, SelectionId=made)
    assert found["BackupSelection"] == stated
    backup.delete_backup_selection(BackupPlanId=id_, SelectionId=made)
    assert code(lambda: backup.get_backup_selection(BackupPlanId=id_, SelectionId=made)) == "ResourceNotFoundException"


def test_a_vault_keeps_its_policy(account: Account) -> None:
    backup = account("backup")
    plan(backup)
    assert code(lambda: backup.get_backup_vault_access_policy(BackupVaultName="main")) == "ResourceNotFoundException"
    backup.put_backup_vault_access_policy(BackupVaultName="main", Policy='{"Statement": []}')
    assert backup.get_backup_vault_access_policy(BackupVaultName="main")["Policy"] == '{"Statement": []}'
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName="main")["RecoveryPoints"] == []
    missing = lambda: backup.list_recovery_points_by_backup_vault(BackupVaultName="none")  # noqa: E731
    assert code(missing) == "ResourceNotFoundException"


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
    assert code(lambda: secrets.rotate_secret(SecretId="none")) == "ResourceNotFoundException"


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
