"""The data that Airflow collects into buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...quantities import Quantity
from .. import Fact
from ..observers import all_apart, observes, reads
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
    written: set[str] = set()
    for environment in list_environments(account):
        try:
            written |= _list_written_buckets(account, environment)
        except Unreadable as error:
            name = environment.get("Name", "?")
            yield CollectedData.unread(f"what the Airflow environment {name} collects", error.reason)
    for found in map(all_apart(CollectedData, partial(_sources, account)), sorted(written)):
        yield from found


def _sources(account: Account, bucket: str) -> Iterator[CollectedData]:
    newest: dict[str, datetime] = {}
    for one in account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket):
        source = one["Key"].partition("/")[0]
        newest[source] = max(newest.get(source, one["LastModified"]), one["LastModified"])
    for source, time in newest.items():
        yield CollectedData(subject=f"s3://{bucket}/{source}/", age=account.age(time))


def _list_written_buckets(account: Account, environment: Mapping[str, Any]) -> set[str]:
    there = {one.get("Name", "") for one in account.list("s3", "ListBuckets", "Buckets")}
    named = read_rights(account, environment["ExecutionRoleArn"]).reaches("s3:PutObject", "arn:aws:s3:::")
    patterns = {name.removeprefix("arn:aws:s3:::").partition("/")[0] for name in named}
    return {bucket for bucket in there if any(fnmatchcase(bucket, pattern) for pattern in patterns)}
