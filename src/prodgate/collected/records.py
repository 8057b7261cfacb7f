"""The data of each source and slot as it was read, from tables and buckets alike."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..aws.answers import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The data of one source for one slot. None stands for NULL, and for a value of the wrong type."""

    source: str | None
    slot: datetime | None
    written: datetime | None
    rows: int | None


def parse_collected(
    evidence: Mapping[str, Any], slots: Iterable[datetime], due: Iterable[datetime] = ()
) -> tuple[Collected, ...]:
    """Return the records that evidence holds. Raises Unreadable with the reason why it holds none.

    Objects belong to the slot that their key names: of those that are ``due``, the one within the day or the hour that
    is all it names. Where keys name none, they belong to the last of ``slots`` before they were written, and older ones
    are left out.
    """
    if reason := evidence.get("unreadable"):
        raise Unreadable(reason)
    if "objects" in evidence:
        return tuple(_parse_objects(evidence["objects"], sorted(slots), sorted(due)))
    return tuple(
        Collected(source=source, slot=parse_instant(slot), written=parse_instant(written), rows=_parse_count(rows))
        for source, slot, written, rows in evidence["rows"]
    )


def parse_instant(value: Any) -> datetime | None:
    """Return the instant that a value states, in UTC, None if it states none. A missing zone means UTC."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _parse_count(value: Any) -> int | None:
    return value if type(value) is int else None


def _parse_objects(
    objects: Mapping[str, Sequence[Sequence[Any]]], slots: Sequence[datetime], due: Sequence[datetime]
) -> Iterator[Collected]:
    """Yield one record for each source and slot, from when each object was written, its size and the slot it names."""
    for source, listed in objects.items():
        found: dict[datetime | None, list[tuple[datetime, int]]] = {}
        for text, size, *named in listed:
            written = datetime.fromisoformat(text)
            if named:
                found.setdefault(_find_named(written, due, *named), []).append((written, size))
            elif place := bisect_right(slots, written):
                found.setdefault(slots[place - 1], []).append((written, size))
        for slot, there in sorted(found.items(), key=lambda each: (each[0] is not None, each[0] or 0)):
            newest, filled = max(written for written, _ in there), sum(size > 0 for _, size in there)
            yield Collected(source=source, slot=slot, written=newest, rows=filled)


def _find_named(written: datetime, due: Sequence[datetime], begin: str, end: str = "") -> datetime | None:
    """Return the slot that a key names; of several that it may mean, the last one before the object was written."""
    first, after = parse_instant(begin), parse_instant(end)
    if first is None or after is None:
        return first
    within = due[bisect_left(due, first) : bisect_left(due, after)]
    before = bisect_right(within, written)
    return within[before - 1] if before else first
