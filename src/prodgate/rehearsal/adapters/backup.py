"""AWS Backup: vaults, plans, selections and restore tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty


@creates("aws_backup_vault")
def vault(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a vault."""
    made = aws("backup").create_backup_vault(
        **omit_empty(
            BackupVaultName=declared["name"],
            EncryptionKeyArn=declared["kms_key_arn"],
            BackupVaultTags=declared["tags_all"],
        )
    )
    return {"id": declared["name"], "arn": made["BackupVaultArn"], "recovery_points": 0}


@creates("aws_backup_vault_lock_configuration")
def vault_lock(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Lock a vault."""
    name, backup = declared["backup_vault_name"], aws("backup")
    backup.put_backup_vault_lock_configuration(
        BackupVaultName=name,
        **omit_empty(
            MinRetentionDays=declared["min_retention_days"],
            MaxRetentionDays=declared["max_retention_days"],
            ChangeableForDays=declared["changeable_for_days"],
        ),
    )
    return {"id": name, "backup_vault_arn": backup.describe_backup_vault(BackupVaultName=name)["BackupVaultArn"]}


@creates("aws_backup_vault_policy")
def vault_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Attach the policy of a vault."""
    name, backup = declared["backup_vault_name"], aws("backup")
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=declared["policy"])
    return {"id": name, "backup_vault_arn": backup.describe_backup_vault(BackupVaultName=name)["BackupVaultArn"]}


@creates("aws_backup_plan")
def plan(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a plan with its rules."""
    rules = [_rule(rule) for rule in declared["rule"]]
    made = aws("backup").create_backup_plan(
        BackupPlan={"BackupPlanName": declared["name"], "Rules": rules}, BackupPlanTags=declared["tags_all"] or {}
    )
    return {"id": made["BackupPlanId"], "arn": made["BackupPlanArn"], "version": made["VersionId"]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    copies = [
        omit_empty(DestinationBackupVaultArn=copy["destination_vault_arn"], Lifecycle=_lifecycle(copy))
        for copy in rule["copy_action"] or ()
    ]
    return omit_empty(
        RuleName=rule["rule_name"],
        TargetBackupVaultName=rule["target_vault_name"],
        ScheduleExpression=rule["schedule"],
        ScheduleExpressionTimezone=rule["schedule_expression_timezone"],
        EnableContinuousBackup=bool(rule["enable_continuous_backup"]),
        StartWindowMinutes=rule["start_window"],
        CompletionWindowMinutes=rule["completion_window"],
        Lifecycle=_lifecycle(rule),
        CopyActions=copies,
    )


def _lifecycle(block: Mapping[str, Any]) -> dict[str, Any]:
    for lifecycle in block["lifecycle"] or ():
        return omit_empty(
            DeleteAfterDays=lifecycle["delete_after"], MoveToColdStorageAfterDays=lifecycle["cold_storage_after"]
        )
    return {}


@creates("aws_backup_selection")
def selection(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say what a plan backs up."""
    tagged = [
        {"ConditionType": tag["type"], "ConditionKey": tag["key"], "ConditionValue": tag["value"]}
        for tag in declared["selection_tag"] or ()
    ]
    made = aws("backup").create_backup_selection(
        BackupPlanId=declared["plan_id"],
        BackupSelection=omit_empty(
            SelectionName=declared["name"],
            IamRoleArn=declared["iam_role_arn"],
            Resources=sorted(declared["resources"] or ()),
            NotResources=sorted(declared["not_resources"] or ()),
            ListOfTags=tagged,
            Conditions=_conditions(declared["condition"] or ()),
        ),
    )
    return {"id": made["SelectionId"]}


def _conditions(blocks: Any) -> dict[str, Any]:
    kinds = {"StringEquals": "string_equals", "StringLike": "string_like",
             "StringNotEquals": "string_not_equals", "StringNotLike": "string_not_like"}  # fmt: skip
    return omit_empty(
        **{
            kind: [
                {"ConditionKey": test["key"], "ConditionValue": test["value"]}
                for block in blocks
                for test in block[name] or ()
            ]
            for kind, name in kinds.items()
        }
    )


@creates("aws_backup_restore_testing_plan")
def restore_testing_plan(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a plan of restore tests."""
    points = declared["recovery_point_selection"][0]
    made = aws("backup").create_restore_testing_plan(
        RestoreTestingPlan=omit_empty(
            RestoreTestingPlanName=declared["name"],
            ScheduleExpression=declared["schedule_expression"],
            ScheduleExpressionTimezone=declared["schedule_expression_timezone"],
            StartWindowHours=declared["start_window_hours"],
            RecoveryPointSelection=omit_empty(
                Algorithm=points["algorithm"],
                IncludeVaults=sorted(points["include_vaults"] or ()),
                ExcludeVaults=sorted(points["exclude_vaults"] or ()),
                RecoveryPointTypes=sorted(points["recovery_point_types"] or ()),
                SelectionWindowDays=points["selection_window_days"],
            ),
        ),
    )
    return {"arn": made["RestoreTestingPlanArn"]}


@creates("aws_backup_restore_testing_selection")
def restore_testing_selection(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say what a plan of restore tests restores."""
    aws("backup").create_restore_testing_selection(
        RestoreTestingPlanName=declared["restore_testing_plan_name"],
        RestoreTestingSelection=omit_empty(
            RestoreTestingSelectionName=declared["name"],
            ProtectedResourceType=declared["protected_resource_type"],
            ProtectedResourceArns=sorted(declared["protected_resource_arns"] or ()),
            IamRoleArn=declared["iam_role_arn"],
            RestoreMetadataOverrides=declared["restore_metadata_overrides"],
            ValidationWindowHours=declared["validation_window_hours"],
        ),
    )
    return {}
