"""The data that Airflow collects into buckets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import observes, reads
from .airflow import list_environments
from .permissions import read_rights

reads("s3", "ListBuckets", "ListObjectsV2")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CollectedData(Fact):
    """What one source left in a bucket that Airflow writes to; ``subject`` is ``s3://BUCKET/SOURCE/``."""

    age: Quantity
    """Time since the newest object was written."""


@observes(CollectedData)
def observe_collected_data(account: Account) -> Iterator[CollectedData]:
    """Look at every bucket that the role of an Airflow environment may write to; each folder at its top is a source."""
    for bucket in sorted(set(_list_written_buckets(account))):
        newest: dict[str, datetime] = {}
        for one in account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket):
            source = one["Key"].partition("/")[0]
            newest[source] = max(newest.get(source, one["LastModified"]), one["LastModified"])
        for source, written in newest.items():
            yield CollectedData(subject=f"s3://{bucket}/{source}/", age=account.age(written))


def _list_written_buckets(account: Account) -> Iterator[str]:
    there = {one["Name"] for one in account.list("s3", "ListBuckets", "Buckets")}
    for found in list_environments(account):
        named = read_rights(account, found["ExecutionRoleArn"]).reaches("s3:PutObject", "arn:aws:s3:::")
        patterns = {name.removeprefix("arn:aws:s3:::").partition("/")[0] for name in named}
        yield from (bucket for bucket in there if any(fnmatchcase(bucket, pattern) for pattern in patterns))
