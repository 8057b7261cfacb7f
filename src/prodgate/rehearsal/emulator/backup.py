"""AWS Backup: what is selected, what was saved, what was restored; moto knows vaults and plans only."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import UNREPORTED, Ledger, Refused, answers, corrects

#: What a scenario files, by ARN and by id; no operation of AWS makes it up.
POINTS, JOBS = "recovery points", "restore jobs"


@corrects("backup", "DescribeBackupVault", upstream=UNREPORTED)
def describe_vault(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Describe a vault; AWS denies access to one that does not exist, where moto finds none."""
    if params["BackupVaultName"] not in ledger.backend.vaults:
        raise Refused("AccessDeniedException", "Insufficient privileges to perform this action.")
    return ledger.moto()


@answers("backup", "CreateBackupSelection")
def create_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say what a plan backs up."""
    plan = ledger.backend.get_backup_plan(params["BackupPlanId"], None).backup_plan_id
    made = {"SelectionId": str(uuid.uuid4()), "BackupPlanId": plan, "CreationDate": datetime.now(UTC)}
    ledger.of("selections")[made["SelectionId"]] = made | {"BackupSelection": params["BackupSelection"]}
    return made


@answers("backup", "ListBackupSelections")
def list_selections(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the selections of a plan."""
    own = [one for one in ledger.of("selections").values() if one["BackupPlanId"] == params["BackupPlanId"]]
    return {
        "BackupSelectionsList": [
            {name: one[name] for name in ("SelectionId", "BackupPlanId", "CreationDate")}
            | {name: one["BackupSelection"][name] for name in ("SelectionName", "IamRoleArn")}
            for one in own
        ]
    }


@answers("backup", "GetBackupSelection")
def get_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one selection."""
    found: Mapping[str, Any] | None = ledger.of("selections").get(params["SelectionId"])
    if found is None or found["BackupPlanId"] != params["BackupPlanId"]:
        raise Refused("ResourceNotFoundException", "Cannot find the selection.")
    return found


@answers("backup", "DeleteBackupSelection")
def delete_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take a selection out of a plan."""
    get_selection(ledger, params)
    del ledger.of("selections")[params["SelectionId"]]
    return {}


@answers("backup", "PutBackupVaultAccessPolicy")
def put_vault_access_policy(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attach the policy of a vault."""
    ledger.of("policies")[_vault(ledger, params).backup_vault_name] = params["Policy"]
    return {}


@answers("backup", "GetBackupVaultAccessPolicy")
def get_vault_access_policy(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the policy of a vault."""
    vault = _vault(ledger, params)
    if vault.backup_vault_name not in ledger.of("policies"):
        raise Refused("ResourceNotFoundException", "The vault has no access policy.")
    return {
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "Policy": ledger.of("policies")[vault.backup_vault_name],
    }


@answers("backup", "ListRecoveryPointsByBackupVault")
def list_recovery_points(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List what a vault holds, of one resource where one is named."""
    vault = _vault(ledger, params)
    wanted = {"BackupVaultName": vault.backup_vault_name}
    if "ByResourceArn" in params:
        wanted["ResourceArn"] = params["ByResourceArn"]
    return {"RecoveryPoints": [point for point in ledger.of(POINTS).values() if wanted.items() <= point.items()]}


@answers("backup", "DeleteRecoveryPoint")
def delete_recovery_point(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Delete a recovery point."""
    ledger.find(POINTS, params["RecoveryPointArn"], "ResourceNotFoundException", "Cannot find the recovery point.")
    del ledger.of(POINTS)[params["RecoveryPointArn"]]
    return {}


@answers("backup", "ListRestoreJobs")
def list_restore_jobs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List restores, of one restore testing plan where one is named."""
    plan = params.get("ByRestoreTestingPlanArn")
    jobs = ledger.of(JOBS).values()
    own = [job for job in jobs if plan in (None, job.get("CreatedBy", {}).get("RestoreTestingPlanArn"))]
    return {"RestoreJobs": own}


@answers("backup", "PutRestoreValidationResult")
def put_restore_validation_result(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Record what a look at the restored data found."""
    job = ledger.find(JOBS, params["RestoreJobId"], "ResourceNotFoundException", "Cannot find the restore job.")
    job["ValidationStatus"] = params["ValidationStatus"]
    return {}


@answers("backup", "CreateRestoreTestingPlan")
def create_testing_plan(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a plan of restore tests."""
    plan = params["RestoreTestingPlan"]
    name = plan["RestoreTestingPlanName"]
    arn = f"arn:aws:backup:{ledger.region}:{ledger.account}:restore-testing-plan:{name}-{uuid.uuid4()}"
    made = {"RestoreTestingPlanName": name, "RestoreTestingPlanArn": arn, "CreationTime": datetime.now(UTC)}
    ledger.of("testing plans")[name] = plan | made
    return made


@answers("backup", "ListRestoreTestingPlans")
def list_testing_plans(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the plans of restore tests."""
    listed = ("RestoreTestingPlanName", "RestoreTestingPlanArn", "CreationTime", "ScheduleExpression",
              "ScheduleExpressionTimezone", "StartWindowHours")  # fmt: skip
    plans = ledger.of("testing plans").values()
    return {"RestoreTestingPlans": [{name: plan[name] for name in listed if name in plan} for plan in plans]}


@answers("backup", "GetRestoreTestingPlan")
def get_testing_plan(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a plan of restore tests."""
    return {"RestoreTestingPlan": _testing_plan(ledger, params)}


@answers("backup", "CreateRestoreTestingSelection")
def create_testing_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say what a plan of restore tests restores."""
    plan, selection = _testing_plan(ledger, params), params["RestoreTestingSelection"]
    made = {
        "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
        "RestoreTestingSelectionName": selection["RestoreTestingSelectionName"],
        "CreationTime": datetime.now(UTC),
    }
    ledger.of("testing selections")[_selection_key(made)] = selection | made
    return made | {"RestoreTestingPlanArn": plan["RestoreTestingPlanArn"]}


@answers("backup", "ListRestoreTestingSelections")
def list_testing_selections(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List what a plan of restore tests restores."""
    plan = _testing_plan(ledger, params)["RestoreTestingPlanName"]
    listed = ("RestoreTestingPlanName", "RestoreTestingSelectionName", "CreationTime", "IamRoleArn",
              "ProtectedResourceType", "ValidationWindowHours")  # fmt: skip
    own = [one for one in ledger.of("testing selections").values() if one["RestoreTestingPlanName"] == plan]
    return {"RestoreTestingSelections": [{name: one[name] for name in listed if name in one} for one in own]}


@answers("backup", "GetRestoreTestingSelection")
def get_testing_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one selection of a plan of restore tests."""
    return {"RestoreTestingSelection": _testing_selection(ledger, params)}


@answers("backup", "DeleteRestoreTestingSelection")
def delete_testing_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take a selection out of a plan of restore tests."""
    _testing_selection(ledger, params)
    del ledger.of("testing selections")[_selection_key(params)]
    return {}


def _vault(ledger: Ledger, params: Mapping[str, Any]) -> Any:
    """Return moto's vault. Raises Refused."""
    found = ledger.backend.vaults.get(params["BackupVaultName"])
    if found is None:
        raise Refused("ResourceNotFoundException", f"Backup vault {params['BackupVaultName']!r} does not exist.")
    return found


def _testing_plan(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    name, message = params["RestoreTestingPlanName"], "Cannot find the restore testing plan."
    found: dict[str, Any] = ledger.find("testing plans", name, "ResourceNotFoundException", message)
    return found


def _testing_selection(ledger: Ledger, params: Mapping[str, Any]) -> Any:
    message = "Cannot find the restore testing selection."
    return ledger.find("testing selections", _selection_key(params), "ResourceNotFoundException", message)


def _selection_key(params: Mapping[str, Any]) -> str:
    return f"{params['RestoreTestingPlanName']}/{params['RestoreTestingSelectionName']}"
