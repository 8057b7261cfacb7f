"""What the report shows of what people say: each record with who stands for it, and what they looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..facts.attested.records import Attestation
from ..findings import NotObserved, Outcome
from ..layers.attested.kinds import RECORD
from ..verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record as the page shows it."""

    criterion: str
    file: str
    outcome: Outcome
    digest: str
    """Of the evidence that holds its text."""
    problem: str = ""
    """Why it can't be read; then there is nothing else."""
    statement: str = ""
    people: tuple[str, ...] = ()
    when: datetime | None = None
    """None for a record that is as old as the rehearsal."""
    until: datetime | None = None
    seen: tuple[tuple[str, str], ...] = ()
    """Documents, each with its digest; runs and links, without."""
    rehearsed: bool = False


def record_rows(run: Run, verdict: Verdict) -> tuple[RecordRow, ...]:
    """Return the records of the criteria that a run asked for, in the order of the criteria."""
    outcomes = {each.criterion.id: each.outcome for each in verdict.rulings if each.layer == "attested"}
    rows = [row for row in _read_rows(run, outcomes) if row.criterion in outcomes]
    places = list(outcomes)
    return tuple(sorted(rows, key=lambda row: places.index(row.criterion)))


def _read_rows(run: Run, outcomes: dict[str, Outcome]) -> Iterator[RecordRow]:
    for event in run.facts_of("attested", RECORD):
        digest, file = str(event.get("digest", "")), str(event.get("subject", ""))
        criterion = file.rpartition("/")[2].removesuffix(".toml")
        outcome = outcomes.get(criterion, Outcome.UNDETERMINED)
        unusable = partial(RecordRow, criterion=criterion, file=file, digest=digest, outcome=outcome)
        try:
            yield _row(_make_fact(run, digest), outcome, digest)
        except NotObserved as unread:
            yield unusable(problem=unread.conclusion.reason)
        except UNREADABLE as error:
            yield unusable(problem=describe_flaw(error))


def _make_fact(run: Run, digest: str) -> Attestation:
    from ..layers.attested.facts import make_attestation  # noqa: PLC0415  no run without records needs it

    return make_attestation(load_json(run.path, digest))


def _row(fact: Attestation, outcome: Outcome, digest: str) -> RecordRow:
    record = fact.record
    return RecordRow(
        criterion=fact.criterion,
        file=fact.subject,
        outcome=outcome,
        digest=digest,
        statement=record.statement,
        people=tuple(str(each) for each in (record.by, record.second) if each),
        when=record.when,
        until=record.valid_until,
        seen=(*record.documents.items(), *((each, "") for each in (*record.runs, *record.links))),
        rehearsed=record.rehearsal,
    )
