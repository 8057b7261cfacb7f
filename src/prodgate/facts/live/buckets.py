"""Buckets: public access, versioning, encryption, and the access logs that are delivered into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from .. import Fact
from ..observers import apart, observes, reads
from .keys import Encryption, read_encryption
from .load_balancers import list_balancer_attributes

reads("s3", "GetBucketEncryption", "GetBucketLogging", "GetBucketVersioning", "GetPublicAccessBlock", "ListBuckets")
reads("s3control", "GetPublicAccessBlock")

#: The four settings that block public access.
BLOCKS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bucket(Fact):
    """A bucket. ``subject`` is its ARN."""

    name: str
    unblocked: tuple[str, ...]
    """Settings of the public access block that are off."""
    versioning: str
    """``Enabled``, ``Suspended``, or empty for a bucket that never kept versions."""
    encryption: Encryption
    """Of new objects; S3 uses a key of its own unless told otherwise."""
    receives_access_logs: bool
    """Whether load balancers or S3 deliver access logs into it, which works only under a key of S3."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountBuckets(Fact):
    """Settings for every bucket of the account, even future ones. ``subject`` is the account."""

    unblocked: tuple[str, ...]
    """Settings of the account's public access block that are off."""


@observes(Bucket)
def observe_buckets(account: Account) -> Iterator[Bucket]:
    """See every bucket."""
    names = [row["Name"] for row in account.list("s3", "ListBuckets", "Buckets")]
    targets = account.attempt(account.once, list_log_targets)
    yield from account.each(apart(Bucket, lambda name: _bucket(account, name, targets)), names)


@observes(AccountBuckets)
def observe_account_buckets(account: Account) -> Iterator[AccountBuckets]:
    """See what the account refuses of public access."""
    found = account.find("s3control", "GetPublicAccessBlock", AccountId=account.id)
    yield AccountBuckets(subject=account.id, unblocked=_list_unblocked(found))


def _bucket(account: Account, name: str, targets: tuple[str, ...]) -> Bucket:
    return Bucket(
        subject=f"arn:aws:s3:::{name}",
        name=name,
        unblocked=account.attempt(_read_unblocked, account, name),
        versioning=account.attempt(_versioning, account, name),
        encryption=account.attempt(_encryption, account, name),
        receives_access_logs=targets if isinstance(targets, Unread) else name in targets,
    )


def _encryption(account: Account, name: str) -> Encryption:
    found = account.find("s3", "GetBucketEncryption", Bucket=name)
    rules = found["ServerSideEncryptionConfiguration"]["Rules"] if found else []
    stated = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", "") for rule in rules]
    return read_encryption(account, next(iter(stated), ""))


def _read_unblocked(account: Account, name: str) -> tuple[str, ...]:
    return _list_unblocked(account.find("s3", "GetPublicAccessBlock", Bucket=name))


def _list_unblocked(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    settings = (found or {}).get("PublicAccessBlockConfiguration", {})
    return tuple(name for name in BLOCKS if not settings.get(name))


def _versioning(account: Account, name: str) -> str:
    status: str = account.get("s3", "GetBucketVersioning", Bucket=name).get("Status", "")
    return status


def list_log_targets(account: Account) -> Iterator[str]:
    """Yield the buckets into which S3 and load balancers deliver access logs."""
    names = [row["Name"] for row in account.list("s3", "ListBuckets", "Buckets")]
    for found in account.each(lambda name: account.get("s3", "GetBucketLogging", Bucket=name), names):
        if "LoggingEnabled" in found:
            yield found["LoggingEnabled"]["TargetBucket"]
    for _, attributes in account.once(list_balancer_attributes):
        for kind in ("access_logs", "connection_logs"):
            if attributes.get(f"{kind}.s3.enabled") == "true":
                yield attributes[f"{kind}.s3.bucket"]
