"""EC2: account-wide settings, and flow logs whose log group is stated by its ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers, corrects

#: boto3's names of the defaults for instance metadata.
METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


@answers("ec2", "EnableSnapshotBlockPublicAccess", "DisableSnapshotBlockPublicAccess")
def set_snapshot_block_public_access(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say whether snapshots may be shared with everybody."""
    ledger.of("settings")["snapshots"] = params.get("State", "unblocked")
    return {"State": ledger.of("settings")["snapshots"]}


@answers("ec2", "GetSnapshotBlockPublicAccessState")
def get_snapshot_block_public_access(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return whether snapshots may be shared with everybody."""
    return {"State": ledger.of("settings").get("snapshots", "unblocked"), "ManagedBy": "account"}


@answers("ec2", "ModifyInstanceMetadataDefaults")
def modify_instance_metadata_defaults(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set the defaults of the instance metadata service."""
    ledger.of("metadata").update({name: params[name] for name in METADATA if name in params})
    return {"Return": True}


@answers("ec2", "GetInstanceMetadataDefaults")
def get_instance_metadata_defaults(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the defaults of the instance metadata service."""
    return {"AccountLevel": {**ledger.of("metadata"), "ManagedBy": "account"}}


@corrects("ec2", "DescribeFlowLogs", upstream="since getmoto/moto#3337")
def describe_flow_logs(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return flow logs; those whose log group is not there are not delivered."""
    answer = ledger.moto()
    for flow in answer["FlowLogs"]:
        group = (flow.get("LogDestination") or "").partition(":log-group:")[2].removesuffix(":*")
        if flow.get("LogDestinationType") == "cloud-watch-logs" and group:
            flow.pop("DeliverLogsErrorMessage", None)
            flow |= {"LogGroupName": group, "DeliverLogsStatus": "SUCCESS"}
            if not _is_there(ledger, group):
                flow |= {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"}
    return answer


def _is_there(ledger: Ledger, group: str) -> bool:
    found = ledger.ask("logs", "DescribeLogGroups", logGroupNamePrefix=group)["logGroups"]
    return any(one["logGroupName"] == group for one in found)
