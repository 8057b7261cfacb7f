"""EC2's defaults for the whole account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty


@creates("aws_ebs_encryption_by_default")
def encrypt_volumes(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Encrypt new volumes."""
    if declared["enabled"] is not False:
        aws("ec2").enable_ebs_encryption_by_default()
    return {"id": "terraform-encryption-by-default"}


@creates("aws_ebs_snapshot_block_public_access")
def keep_snapshots_private(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Refuse to share snapshots with everybody."""
    aws("ec2").enable_snapshot_block_public_access(State=declared["state"])
    return {"id": aws.region}


@creates("aws_ec2_instance_metadata_defaults")
def instance_metadata_defaults(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Set the defaults of the instance metadata service."""
    aws("ec2").modify_instance_metadata_defaults(
        **omit_empty(
            HttpTokens=declared["http_tokens"],
            HttpEndpoint=declared["http_endpoint"],
            HttpPutResponseHopLimit=declared["http_put_response_hop_limit"],
            InstanceMetadataTags=declared["instance_metadata_tags"],
        )
    )
    return {"id": aws.region}
