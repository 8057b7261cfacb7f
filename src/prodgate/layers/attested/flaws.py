"""What keeps a record from counting, each with what to do about it. Nothing is looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ...criteria import Criterion
from ...facts.attested.records import Attestation, SeenDocument
from ...semantics.markdown import has_section
from ...semantics.names import names_same_person

#: How long a record of a criterion without a bound may hold.
_LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a record does not count, and what to do."""

    observed: str
    remedy: str
    kind: str = ""
    """What is wrong in words that hold no date, so that they are the same in each run until something else is wrong."""


def find_flaws(fact: Attestation, criterion: Criterion, at: datetime) -> Iterator[Flaw]:
    """Yield what is wrong with a legible record at a time, the weightiest first; its age is compared elsewhere."""
    again = f"Look again and record it: prodgate attest {criterion.id}"
    record = fact.record
    if not fact.counts_here:
        yield Flaw("it was made for rehearsals, and says nothing of a real system", again, "made for rehearsals")
    if record.criterion != criterion.id:
        rename = f"Name the file {record.criterion}.toml, or record what it is named after"
        yield Flaw(
            f"it is about {record.criterion!r}, not about this criterion",
            f"{rename}: {again.partition(': ')[2]}",
            "about another criterion",
        )
    if record.valid_until is not None and at > record.valid_until:
        yield Flaw(f"it expired on {record.valid_until:%Y-%m-%d %H:%M} UTC", again, "expired")
    if criterion.bound is None and record.valid_until is not None and record.valid_until - fact.when > _LONGEST:
        yield Flaw(
            f"it holds for more than {_LONGEST.days} days",
            f"Let it end within {_LONGEST.days} days of when it was made.",
            "holds for too long",
        )
    yield from _find_people_flaws(fact, criterion)
    yield from _find_document_flaws(fact, criterion, again)
    yield from _find_run_flaws(fact, criterion, again)


def _find_people_flaws(fact: Attestation, criterion: Criterion) -> Iterator[Flaw]:
    first, second = fact.record.by, fact.record.second
    if second is None:
        if criterion.attested_by > 1:
            yield Flaw(
                "one person stands for it",
                f"Let another person look, too, and name them under [second] in {fact.subject}.",
                "one person",
            )
    elif names_same_person(first.name, second.name):
        yield Flaw(
            f"{first.name!r} and {second.name!r} are the same person",
            f"Name another person under [second] in {fact.subject}.",
            "the same person twice",
        )


def _find_document_flaws(fact: Attestation, criterion: Criterion, again: str) -> Iterator[Flaw]:
    required = criterion.document
    if required and required not in fact.record.documents:
        yield Flaw(f"{required} was not looked at", again, f"{required} not looked at")
    for seen in fact.documents:
        yield from _find_seen_flaws(seen, fact.record.documents[seen.path], again)
    if required and (document := fact.seen_document(required)) and document.digest:
        lacking = [each for each in criterion.sections if not has_section(document.sections, each)]
        if lacking:
            named = ", ".join(map(repr, lacking))
            says = f"{required} says nothing under {named}"
            yield Flaw(says, f"Write that section of {required}. {again}", says)


def _find_seen_flaws(seen: SeenDocument, stated: str, again: str) -> Iterator[Flaw]:
    if seen.wrong:
        says = f"{seen.path}: {seen.wrong}"
        yield Flaw(says, f"Keep {seen.path} as a file of the project. {again}", says)
    elif seen.digest and seen.digest != stated:
        says = f"{seen.path} was changed since: it is {seen.digest[:12]}…, and was {stated[:12]}…"
        yield Flaw(says, again, f"{seen.path} changed to {seen.digest[:12]}")


def _find_run_flaws(fact: Attestation, criterion: Criterion, again: str) -> Iterator[Flaw]:
    for run in fact.runs:
        if run.wrong:
            says = f"run {run.id}: {run.wrong}"
            yield Flaw(says, f"Name a run that ended in GO and is kept. {again}", says)
        elif run.started is not None and run.started > fact.when:
            yield Flaw(says := f"run {run.id} began after it was made", again, says)
    layer = criterion.shown_by
    shown = any(run.unread or layer in run.layers for run in fact.runs)
    if layer and fact.cites_runs and not shown:
        cite = f"Run the gate with its {layer} layer, and name the run: prodgate attest {criterion.id} --run ID"
        yield Flaw(says := f"no gate run shows it that judged the {layer} layer", cite, says)


def find_doubts(fact: Attestation) -> Iterator[str]:
    """Yield why nobody can say whether a legible record holds."""
    yield from (seen.unread for seen in fact.documents if seen.unread)
    yield from (seen.unread for seen in fact.runs if seen.unread)
