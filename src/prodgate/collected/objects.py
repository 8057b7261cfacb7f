"""Objects of slots in a bucket, listed through read-only calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ..aws.account import Account
from ..sections.data import SOURCE, SlotObjects


def list_objects(
    account: Account, place: SlotObjects, sources: Iterable[str], since: datetime
) -> dict[str, list[list[Any]]]:
    """Return [when it was written, size] of every object since then, by source; in ISO form and bytes.

    Raises Unreadable and Absent, which says that there is no such bucket.
    """
    bucket, _, prefix = place.prefix.removeprefix("s3://").partition("/")
    found: dict[str, list[list[Any]]] = {}
    for source in sources:
        own = prefix.replace(SOURCE, source)
        listed = account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=own)
        there = [one for one in listed if not one["Key"].endswith("/") and one["LastModified"] >= since]
        found[source] = sorted([one["LastModified"].astimezone(UTC).isoformat(), one["Size"]] for one in there)
    return found
