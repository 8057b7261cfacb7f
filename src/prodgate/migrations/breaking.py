"""Which steps of a release take something from the build that serves before it, which goes on while traffic moves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..aws.answers import Unreadable
from ..facts.rollout.migrations import LOCKS, STYLE
from .linting import Violation
from .steps import EXPANDING, Kind, Step

#: Returns where the build before names something. Raises Unreadable when its code is not to be had.
Readers = Callable[[str], Sequence[str]]
#: What squawk calls the steps that are read here, too. Where it sees one and nothing is read, something was misread.
_SEEN_BY_SQUAWK: Final[Mapping[str, frozenset[Kind]]] = {
    "adding-not-nullable-field": frozenset({Kind.REQUIRES_VALUE}),
    "adding-required-field": frozenset({Kind.ADDS_REQUIRED}),
    "ban-drop-column": frozenset({Kind.DROPS_COLUMN}),
    "ban-drop-not-null": frozenset({Kind.ALLOWS_NULL}),
    "ban-drop-table": frozenset({Kind.DROPS_TABLE}),
    "changing-column-type": frozenset({Kind.CHANGES_TYPE}),
    "renaming-column": frozenset({Kind.RENAMES_COLUMN}),
    "renaming-table": frozenset({Kind.RENAMES_TABLE}),
}
#: What squawk warns of and no build reads: the names of indexes, and constraints that only ever refuse a row.
_HARMLESS: Final = re.compile(
    r"^ALTER INDEX .*RENAME TO|DROP CONSTRAINT (IF EXISTS )?\"?(\w+_(fkey|check)|(fk|ck)_\w+)\b", re.IGNORECASE
)
#: Places that are quoted; more add nothing.
_QUOTED: Final = 3
#: Steps that hurt a build which does not know the column.
_HURTING_STRANGERS: Final = frozenset({Kind.REQUIRES_VALUE, Kind.ADDS_REQUIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """A step that breaks the build before, or may: then ``unknown`` says why that can't be told."""

    step: Step
    because: str = ""
    unknown: str = ""


def find_breakage(steps: Sequence[Step], earlier: Iterable[Step], readers: Readers) -> Iterator[Breakage]:
    """Yield what the steps of one migration break.

    ``earlier`` are the steps of the same release before it, which alone make what the build before does not know.
    """
    known = [*earlier]
    for step in steps:
        if step.kind is Kind.UNCLEAR:
            unknown = "what this does to the tables can't be read from it; try the old build on the new schema"
            yield Breakage(step=step, unknown=unknown)
        elif step.kind not in EXPANDING and not _made_by(known, step):
            yield from _judge(step, known, readers)
        known.append(step)


def _made_by(steps: Iterable[Step], step: Step) -> bool:
    """Whether the release itself has made what a step changes, so that nobody reads it yet."""
    return any(
        (one.kind is Kind.CREATES_TABLE and one.table == step.table)
        or (
            one.kind is Kind.ADDS_COLUMN
            and step.column
            and one.name == step.name
            and step.kind not in _HURTING_STRANGERS
        )
        for one in steps
    )


def _judge(step: Step, known: Iterable[Step], readers: Readers) -> Iterator[Breakage]:
    if step.kind is Kind.ADDS_REQUIRED or (step.kind is Kind.REQUIRES_VALUE and _adds(known, step)):
        yield Breakage(step=step, because="the build before inserts rows without it")
        return
    try:
        places = readers(step.column or step.table)
    except Unreadable as error:
        yield _judge_unread(step, known, error.reason)
        return
    if step.kind is Kind.REQUIRES_VALUE:
        if not places:
            yield Breakage(step=step, because="the build before does not name it, and inserts rows without it")
    elif places:
        more = f" and {len(places) - _QUOTED} more" if len(places) > _QUOTED else ""
        yield Breakage(step=step, because=f"the build before names it in {', '.join(places[:_QUOTED])}{more}")


def _adds(known: Iterable[Step], step: Step) -> bool:
    return any(one.kind is Kind.ADDS_COLUMN and one.name == step.name for one in known)


def _judge_unread(step: Step, known: Iterable[Step], reason: str) -> Breakage:
    """Judge a step without the code of the build before: what expands and contracts in one release breaks it."""
    if any(one.kind in EXPANDING and step.table in (one.table, "") for one in known):
        return Breakage(step=step, because="the same release adds what takes its place; contract in a later one")
    return Breakage(step=step, unknown=reason)


def find_misread(steps: Sequence[Step], violations: Iterable[Violation]) -> Iterator[Breakage]:
    """Yield what squawk sees in the same SQL, and what was read here says nothing of."""
    kinds = {step.kind for step in steps}
    for one in violations:
        expected = _SEEN_BY_SQUAWK.get(one.rule, frozenset())
        if one.rule in STYLE | (LOCKS - set(_SEEN_BY_SQUAWK)) or _HARMLESS.search(one.statement):
            continue
        if not (expected | {Kind.UNCLEAR}) & kinds:
            step = Step(kind=Kind.UNCLEAR, table="", column="", statement=one.statement, line=one.line)
            said = f"squawk says {one.rule} ({one.message}); whether the build before minds can't be told from it"
            yield Breakage(step=step, unknown=said)
