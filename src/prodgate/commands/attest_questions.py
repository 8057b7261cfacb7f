"""Asking a person for a record, question by question; what the command line states is not asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from ..criteria import Criterion, UsageError
from ..layers.attested.documents import look_at_document
from ..layers.attested.observing import Place
from ..sections.attestations_file import Person, Record
from ..sections.attested import is_inside
from ..semantics.names import names_same_person, says_nothing

#: How long a record of a criterion without a bound holds.
_LONGEST: Final = timedelta(days=365)

T = TypeVar("T")
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

    known: tuple[Person, ...] = ()
    """Who stands for other records."""
    tell: Callable[[str], None]
    """Shows why an answer can't be used, before it is asked for again."""

    def answer(self, key: str, question: str, default: str = "") -> str:
        """Return what the command line states, or what a person answers. Raises UsageError when there is nothing."""
        return self.parse(key, question, default, _parse_text)

    def parse(self, key: str, question: str, default: str, parse: Callable[[str, str], T]) -> T:
        """Return an answer as what it means; whoever can be asked again is. Raises UsageError."""
        option = f"--{key.replace('_', '-')}"
        stated: str | None = getattr(self.given, key)
        if stated is not None or self.ask is None:
            return parse(option, stated or default)
        while True:
            said = self.ask(f"{question}{f' [{default}]' if default else ''}: ").strip()
            try:
                return parse(option, said or default)
            except UsageError as error:
                self.tell(str(error))


def _parse_text(option: str, text: str) -> str:
    if says_nothing(text):
        raise UsageError(f"{option}: is missing; write it, or answer in a terminal")
    return text


def make_record(interview: Interview, criterion: Criterion, place: Place) -> Record:
    """Ask for everything that a record states. Raises UsageError for an answer that can't be used."""
    given = interview.given
    statement = interview.answer("statement", "What did you look at, and what did you find?")
    by = _ask_person(interview, "", ("Your name", "Your role"), interview.user)
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
    return _ask_person(interview, "second_", ("Name of the other person who looked", "Their role"), "")


def _ask_person(interview: Interview, prefix: str, questions: tuple[str, str], user: str) -> Person:
    """Ask for a name, then for a role: by default the one that the person had in an earlier record."""
    name = interview.answer(f"{prefix}name", questions[0], user)
    role = next((each.role for each in interview.known if names_same_person(each.name, name)), "")
    return Person(name=name, role=interview.answer(f"{prefix}role", questions[1], role))


def _ask_run(interview: Interview, criterion: Criterion) -> tuple[str, ...]:
    if not criterion.shown_by or interview.given.rehearsal or interview.ask is None:
        return ()
    said = interview.ask(f"Run of the gate that judged the {criterion.shown_by} layer, by its id: ").strip()
    return (said,) if said else ()


def _ask_times(interview: Interview, criterion: Criterion, now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone().replace(microsecond=0)
    when = interview.parse("when", "When", today.isoformat(), _parse_moment)
    bound = criterion.bound.limit if criterion.bound else None
    longest = when + (timedelta(seconds=float(bound.base)) if bound else _LONGEST)
    return when, interview.parse("valid_until", "Valid until", longest.isoformat(), _parse_moment)


def _parse_moment(option: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UsageError(f"{option}: {text!r} is no time with a zone; write e.g. 2026-11-27T09:30+09:00")
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
