"""What the report shows of the DAGs of a run: what became of each slot, and what that says about each DAG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from ...aws.answers import Unreadable
from ...criteria import Criterion
from ...dags.ledger import Unaccounted
from ...dags.slot_states import OPEN, SUCCEEDED, Row, SlotState
from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...facts import Facts
from ...facts.dags.slots import SlotHistory
from ...layers.dags.kinds import DECLARED, HISTORY, OBSERVED
from ...layers.observing_layer import StoredEvidence
from ..load.drawing import Words
from .calendar import MARKS, Calendar, arrange_calendar
from .rates import Reliability, find_deciding_criterion, reliability
from .times import Clock, render_duration

#: Most slots of a DAG that are listed.
MOST_TROUBLES: Final = 50

#: Most runs that are named for a slot.
_MOST_RUNS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A slot that its scheduled run did not complete."""

    state: SlotState
    mark: str
    slot: tuple[str, ...]
    """By the DAG's clock, and in UTC."""
    runs: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DagBlock:
    """One DAG as the page shows it."""

    dag_id: str
    anchor: str
    cron: str
    zone: str
    window: str
    """What is declared: window, and below grace and limit."""
    grace: str
    limit: str
    since: str
    until: str
    counts: tuple[tuple[SlotState, str, int], ...]
    """(state, mark, how many slots), of all states, if any is unknown."""
    slots: int
    extra: int
    """Scheduled runs that are for none of the slots."""
    calendar: Calendar
    reliability: Reliability
    troubles: tuple[Trouble, ...]
    """The latest first."""
    more_troubles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsPart:
    """What is shown of DAGs, or why there is nothing to show."""

    blocks: tuple[DagBlock, ...] = ()
    problem: str = ""
    digest: str = ""
    """Of the evidence that the slots were accounted for from; empty when there is none."""


def dags_part(run: Run, words: Words) -> DagsPart | None:
    """Return what a run says of DAGs; None for one that did not look at any."""
    facts = run.facts_of("dags", DECLARED, OBSERVED, HISTORY)
    reasons = {
        str(event["kind"]): str(event.get("reason", ""))
        for event in run.unreadable
        if event.get("layer") == "dags" and event.get("kind") == HISTORY
    }
    if not facts and not reasons:
        return None
    digest = next((str(fact.get("digest", "")) for fact in facts if fact["kind"] == HISTORY), "")
    criterion = find_deciding_criterion(tuple(run.criteria.criteria.values()), rehearsal=run.scope.rehearsal)
    try:
        known = _make_facts([(str(fact["kind"]), load_json(run.path, str(fact["digest"]))) for fact in facts], reasons)
        blocks = dag_blocks(known.of(SlotHistory), criterion, words)
    except (*UNREADABLE, Unaccounted, Unreadable) as error:
        return DagsPart(digest=digest, problem=describe_flaw(error))
    return DagsPart(blocks=blocks, digest=digest, problem=known.unreadable.get(SlotHistory, ""))


def _make_facts(stored: Iterable[StoredEvidence], reasons: dict[str, str]) -> Facts:
    from ...layers.dags.facts import facts_of  # noqa: PLC0415  no run without DAGs needs it

    return facts_of(stored, reasons)


def dag_blocks(histories: Iterable[SlotHistory], criterion: Criterion | None, words: Words) -> tuple[DagBlock, ...]:
    """Return the DAGs in the order in which they are declared."""
    return tuple(
        _block(history, f"dag-{number}", criterion, words) for number, history in enumerate(histories, start=1)
    )


def _block(history: SlotHistory, anchor: str, criterion: Criterion | None, words: Words) -> DagBlock:
    ledger, dag = history.ledger, history.declared
    clock, counts = Clock(ZoneInfo(dag.schedule.timezone)), ledger.counts
    troubled = [row for row in ledger.rows if row.state not in SUCCEEDED | OPEN]
    return DagBlock(
        dag_id=history.subject,
        anchor=anchor,
        cron=dag.schedule.cron,
        zone=dag.schedule.timezone,
        window=render_duration(dag.window),
        grace=render_duration(dag.grace),
        limit=render_duration(dag.limit),
        since=", ".join(clock.readings(ledger.since)),
        until=", ".join(clock.readings(ledger.until)),
        counts=tuple(
            (state, mark, counts[state])
            for state, mark in MARKS.items()
            if counts[state] or state is not SlotState.UNKNOWN
        ),
        slots=len(ledger.rows),
        extra=len(ledger.extra),
        calendar=arrange_calendar(dag, ledger.rows, clock, words),
        reliability=reliability(history, criterion),
        troubles=tuple(_trouble(row, clock) for row in reversed(troubled[-MOST_TROUBLES:])),
        more_troubles=max(0, len(troubled) - MOST_TROUBLES),
    )


def _trouble(row: Row, clock: Clock) -> Trouble:
    """Tell of a slot that did not succeed."""
    return Trouble(
        state=row.state,
        mark=MARKS[row.state],
        slot=clock.readings(row.slot),
        runs=row.runs[:_MOST_RUNS],
        words=row.words,
    )
