"""EC2: the account-wide settings that moto does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers

#: boto3's names of the defaults for instance metadata.
METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


@answers("ec2", "EnableSnapshotBlockPublicAccess", "DisableSnapshotBlockPublicAccess")
def set_snapshots(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say whether snapshots may be shared with everybody."""
    ledger.of("settings")["snapshots"] = params.get("State", "unblocked")
    return get_snapshots(ledger, params)


@answers("ec2", "GetSnapshotBlockPublicAccessState")
def get_snapshots(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return whether snapshots may be shared with everybody."""
    return {"State": ledger.of("settings").get("snapshots", "unblocked"), "ManagedBy": "account"}


@answers("ec2", "ModifyInstanceMetadataDefaults")
def set_metadata(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say how instances answer for their metadata."""
    ledger.of("metadata").update({name: params[name] for name in METADATA if name in params})
    return {"Return": True}


@answers("ec2", "GetInstanceMetadataDefaults")
def get_metadata(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how instances answer for their metadata."""
    return {"AccountLevel": {**ledger.of("metadata"), "ManagedBy": "account"}}
