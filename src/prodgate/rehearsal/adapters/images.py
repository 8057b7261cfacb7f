"""ECR: image repositories, what they keep, and how images are scanned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, omit_empty, tags


@creates("aws_ecr_repository")
def repository(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a repository."""
    scanning, encryption = (
        first(declared[name]) for name in ("image_scanning_configuration", "encryption_configuration")
    )
    made = aws("ecr").create_repository(
        repositoryName=declared["name"],
        imageTagMutability=declared["image_tag_mutability"] or "MUTABLE",
        imageScanningConfiguration={"scanOnPush": bool(scanning.get("scan_on_push"))},
        encryptionConfiguration=omit_empty(
            encryptionType=encryption.get("encryption_type") or "AES256", kmsKey=encryption.get("kms_key")
        ),
        tags=tags(declared),
    )["repository"]
    return {
        "id": declared["name"],
        "arn": made["repositoryArn"],
        "registry_id": made["registryId"],
        "repository_url": made["repositoryUri"],
    }


@creates("aws_ecr_lifecycle_policy")
def lifecycle(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say which images a repository drops."""
    aws("ecr").put_lifecycle_policy(repositoryName=declared["repository"], lifecyclePolicyText=declared["policy"])
    return {"id": declared["repository"], "registry_id": aws.account}


@creates("aws_ecr_pull_through_cache_rule")
def cache(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let repositories of a prefix fetch what they lack from another registry."""
    prefix = declared["ecr_repository_prefix"]
    aws("ecr").create_pull_through_cache_rule(
        ecrRepositoryPrefix=prefix,
        upstreamRegistryUrl=declared["upstream_registry_url"],
        **omit_empty(credentialArn=declared["credential_arn"]),
    )
    return {"id": prefix, "registry_id": aws.account}


@creates("aws_ecr_registry_scanning_configuration")
def scanning(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say how the images of the whole registry are scanned."""
    rules = [
        {
            "scanFrequency": rule["scan_frequency"],
            "repositoryFilters": [
                {"filter": one["filter"], "filterType": one["filter_type"]} for one in rule["repository_filter"]
            ],
        }
        for rule in declared["rule"] or ()
    ]
    aws("ecr").put_registry_scanning_configuration(scanType=declared["scan_type"], rules=rules)
    return {"id": aws.account, "registry_id": aws.account}
