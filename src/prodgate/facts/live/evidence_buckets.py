"""What buckets lock and what they refuse, stated as Terraform would.

So the policies for declared infrastructure judge the account by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from .. import Fact
from ..observers import all_apart, observes, reads

_LOCK: Final = "object_lock_configuration"

reads("s3", "GetBucketPolicy", "GetBucketVersioning", "GetObjectLockConfiguration", "ListBuckets")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LockResource(Fact):
    """A bucket, or a setting of one that keeps objects from being deleted, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


@observes(LockResource)
def observe_locks(account: Account) -> Iterator[LockResource]:
    """See of each bucket whether it keeps versions, what it locks by default, and its policy."""
    types = ["aws_s3_bucket", *(f"aws_s3_bucket_{name}" for name in ("versioning", _LOCK, "policy"))]
    look = all_apart(LockResource, lambda row: _bucket(account, row["Name"]), "Name", types=types)
    for found in account.each(look, account.list("s3", "ListBuckets", "Buckets")):
        yield from found


def _bucket(account: Account, name: str) -> Iterator[LockResource]:
    arn = f"arn:aws:s3:::{name}"
    stated: dict[str, Any] = {
        "arn": arn,
        "bucket": name,
        "policy": None,
        "versioning": [],
        "object_lock_configuration": [],
    }
    yield LockResource(subject=arn, type="aws_s3_bucket", values=stated)
    for type_, argument, read in (
        ("aws_s3_bucket_versioning", "versioning_configuration", _versioning),
        (f"aws_s3_bucket_{_LOCK}", "rule", _lock),
        ("aws_s3_bucket_policy", "policy", _policy),
    ):
        value = account.attempt(read, account, name)
        yield LockResource(subject=f"{arn} {argument}", type=type_, values={"bucket": name, argument: value})


def _versioning(account: Account, name: str) -> list[dict[str, Any]]:
    return [{"status": account.get("s3", "GetBucketVersioning", Bucket=name).get("Status") or "Disabled"}]


def _lock(account: Account, name: str) -> list[dict[str, Any]]:
    found = account.find("s3", "GetObjectLockConfiguration", Bucket=name) or {}
    stated = found.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")
    if not stated:
        return []
    retention = {"mode": stated.get("Mode"), "days": stated.get("Days"), "years": stated.get("Years")}
    return [{"default_retention": [retention]}]


def _policy(account: Account, name: str) -> str | None:
    found = account.find("s3", "GetBucketPolicy", Bucket=name)
    return found["Policy"] if found else None
