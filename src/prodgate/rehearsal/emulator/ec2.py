"""EC2: the account-wide settings that moto does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers

#: boto3's names of the defaults for instance metadata.
METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


@answers("ec2", "EnableSnapshotBlockPublicAccess", "DisableSnapshotBlockPublicAccess")
def set_snapshot_block_public_access(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say whether snapshots may be shared with everybody."""
    ledger.of("settings")["snapshots"] = params.get("State", "unblocked")
    return get_snapshot_block_public_access(ledger, params)


@answers("ec2", "GetSnapshotBlockPublicAccessState")
def get_snapshot_block_public_access(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return whether snapshots may be shared with everybody."""
    return {"State": ledger.of("settings").get("snapshots", "unblocked"), "ManagedBy": "account"}


@answers("ec2", "ModifyInstanceMetadataDefaults")
def modify_instance_metadata_defaults(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say how instances answer for their metadata."""
    ledger.of("metadata").update({name: params[name] for name in METADATA if name in params})
    return {"Return": True}


@answers("ec2", "GetInstanceMetadataDefaults")
def get_instance_metadata_defaults(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how instances answer for their metadata."""
    return {"AccountLevel": {**ledger.of("metadata"), "ManagedBy": "account"}}
