"""The graph of migrations: each names those that it comes after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ..aws.answers import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One migration of a repository."""

    id: str
    parents: tuple[str, ...]
    """Ids of the migrations that it comes right after; empty for a first one."""
    file: str
    """Path from the folder of the migrations."""


def order_revisions(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """Return migrations in an order in which they can run.

    Raises Unreadable for two of one id, for a parent that no file holds, and for a circle.
    """
    known: dict[str, Revision] = {}
    for each in revisions:
        if each.id in known:
            raise Unreadable(f"{each.file}: has the id {each.id!r} of {known[each.id].file}; give one of them another")
        known[each.id] = each
    for each in known.values():
        if lost := [parent for parent in each.parents if parent not in known]:
            raise Unreadable(f"{each.file}: comes after {lost[0]!r}, which no file is; commit the file that is missing")
    try:
        order = TopologicalSorter({each.id: sorted(each.parents) for each in known.values()}).static_order()
        return tuple(known[id_] for id_ in order)
    except CycleError as error:
        raise Unreadable(f"migrations come after each other in a circle: {' → '.join(error.args[1])}") from None


def find_heads(revisions: Sequence[Revision]) -> tuple[str, ...]:
    """Return the ids that nothing comes after."""
    followed = {parent for each in revisions for parent in each.parents}
    return tuple(sorted(each.id for each in revisions if each.id not in followed))


def find_ancestors(revisions: Iterable[Revision], ids: Iterable[str]) -> frozenset[str]:
    """Return these ids that are known, and all that they come after."""
    parents: Mapping[str, tuple[str, ...]] = {each.id: each.parents for each in revisions}
    found: set[str] = set()
    left = [id_ for id_ in ids if id_ in parents]
    while left:
        id_ = left.pop()
        if id_ not in found:
            found.add(id_)
            left += parents[id_]
    return frozenset(found)


def chain(entries: Iterable[tuple[str, str]]) -> tuple[Revision, ...]:
    """Return migrations that are given as (id, file) in the order in which they run, each after the one before it."""
    made: list[Revision] = []
    for id_, file in entries:
        made.append(Revision(id=id_, parents=(made[-1].id,) if made else (), file=file))
    return tuple(made)
