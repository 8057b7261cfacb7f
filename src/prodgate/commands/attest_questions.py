"""Asking a person for a record, question by question; what the command line states is not asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ..criteria import Criterion, UsageError
from ..layers.attested.documents import look_at_document
from ..layers.attested.observing import Place
from ..sections.attestations_file import Person, Record
from ..sections.attested import is_inside

#: How long a record of a criterion without a bound holds.
_LONGEST: Final = timedelta(days=365)

Ask = Callable[[str], str]
"""Shows a question and returns the answer; empty for the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """Where answers come from."""

    given: argparse.Namespace
    ask: Ask | None
    """None where nobody can be asked."""
    user: str
    """Whom git takes for the user; empty where it knows none."""

    def answer(self, key: str, question: str, default: str = "") -> str:
        """Return what the command line states, or what a person answers. Raises UsageError when there is nothing."""
        stated: str | None = getattr(self.given, key)
        if stated is None and self.ask is not None:
            stated = self.ask(f"{question}{f' [{default}]' if default else ''}: ").strip()
        if not (said := stated or default):
            raise UsageError(f"--{key.replace('_', '-')}: is missing; write it, or answer in a terminal")
        return said


def make_record(interview: Interview, criterion: Criterion, place: Place) -> Record:
    """Ask for everything that a record states. Raises UsageError for an answer that can't be used."""
    given = interview.given
    statement = interview.answer("statement", "What did you look at, and what did you find?")
    by = Person(name=interview.answer("name", "Your name", interview.user), role=interview.answer("role", "Your role"))
    second = _ask_second(interview, criterion)
    when, until = (None, None) if given.rehearsal else _ask_times(interview, criterion, place.now)
    named = [*([criterion.document] if criterion.document else []), *given.document]
    if interview.ask is not None and not named:
        named = [
            each for each in [interview.ask("Document that you looked at, by its path (empty: none): ").strip()] if each
        ]
    return Record(
        criterion=criterion.id,
        statement=statement,
        by=by,
        second=second,
        when=when,
        valid_until=until,
        documents=dict(_digest(named, place)),
        runs=tuple(dict.fromkeys(given.run)) or _ask_run(interview, criterion),
        links=tuple(dict.fromkeys(given.link)),
        rehearsal=given.rehearsal,
    )


def _ask_second(interview: Interview, criterion: Criterion) -> Person | None:
    given = interview.given
    if criterion.attested_by < 2 and given.second_name is None and given.second_role is None:
        return None
    return Person(
        name=interview.answer("second_name", "Name of the other person who looked"),
        role=interview.answer("second_role", "Their role"),
    )


def _ask_run(interview: Interview, criterion: Criterion) -> tuple[str, ...]:
    if not criterion.shown_by or interview.given.rehearsal or interview.ask is None:
        return ()
    said = interview.ask(f"Run of the gate that judged the {criterion.shown_by} layer, by its id: ").strip()
    return (said,) if said else ()


def _ask_times(interview: Interview, criterion: Criterion, now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone().replace(microsecond=0)
    when = _parse_moment("when", interview.answer("when", "When", today.isoformat()))
    bound = criterion.bound.limit if criterion.bound else None
    longest = when + (timedelta(seconds=float(bound.base)) if bound else _LONGEST)
    until = interview.answer("valid_until", "Valid until", longest.isoformat())
    return when, _parse_moment("valid-until", until)


def _parse_moment(option: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UsageError(f"--{option}: {text!r} is no time with a zone; write e.g. 2026-11-27T09:30+09:00")
    return at


def _digest(paths: list[str], place: Place) -> Iterator[tuple[str, str]]:
    for path in dict.fromkeys(paths):
        if not is_inside(path):
            raise UsageError(f"{path}: is no path of a file inside {place.project}; write it from there, without ..")
        seen = look_at_document(place.project, path)
        if not seen.digest:
            raise UsageError(f"{path}: {seen.wrong or seen.unread}; name a file of {place.project}")
        yield path, seen.digest


def describe_question(criterion: Criterion, place: Place) -> Iterator[str]:
    """Say what somebody is asked to stand for, before the first question."""
    yield f"{criterion.id}: {criterion.statement}"
    yield f"  why:  {criterion.why}"
    if criterion.document:
        seen = look_at_document(place.project, criterion.document)
        state = f"sha256 {seen.digest[:12]}…" if seen.digest else seen.wrong or seen.unread
        yield f"  read: {criterion.document} ({state})"
    if criterion.attested_by > 1:
        yield "  two people must stand for it"
