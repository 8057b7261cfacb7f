"""Objects of slots in a bucket, listed through read-only calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..aws.account import Account
from ..sections.data import SOURCE, SlotObjects
from .keys import SlotKeys, find_slot_keys


def list_objects(
    account: Account, place: SlotObjects, sources: Iterable[str], since: datetime
) -> dict[str, list[list[Any]]]:
    """Return [when it was written, size] of every object since then, by source; in ISO form and bytes.

    Where the prefix says how keys name their slot, from when to when it is comes after, and objects with other keys are
    left out.

    Raises Unreadable and Absent, which says that there is no such bucket.
    """
    bucket, _, prefix = place.prefix.removeprefix("s3://").partition("/")
    found: dict[str, list[list[Any]]] = {}
    for source in sources:
        keys = find_slot_keys(prefix, source, place.zone)
        own = keys.listed if keys else prefix.replace(SOURCE, source)
        listed = account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=own)
        there = (one for one in listed if not one["Key"].endswith("/") and one["LastModified"] >= since)
        found[source] = sorted(row for one in there if (row := _describe(one, keys)))
    return found


def _describe(listed: Mapping[str, Any], keys: SlotKeys | None) -> list[Any] | None:
    """Return what is kept of an object; None for one whose key should name a slot and is built otherwise."""
    row = [listed["LastModified"].astimezone(UTC).isoformat(), listed["Size"]]
    if keys is None:
        return row
    slot = keys.read_slot(listed["Key"])
    return None if slot is None else [*row, *slot]
