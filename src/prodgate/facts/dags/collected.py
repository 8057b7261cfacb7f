"""The data of a DAG's slots, and its age."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...airflow.records import History
from ...aws.answers import Unread, Unreadable
from ...collected.records import (
    Collected,
    explain_stale,
    find_data_flaws,
    find_impossible_values,
    find_intervals,
    find_newest,
    list_successful_slots,
    move_to_ends,
    parse_collected,
)
from ...dags.declared import DeclaredDag
from ...dags.ledger import Ledger
from ...quantities import Quantity
from ...sections.dags import DataSection
from .. import Fact


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CollectedSlots(Fact):
    """The data of a DAG's slots; ``subject`` is the DAG with the data's place: ``collect: table slots of env:DB``."""

    slots: int
    """Slots that succeeded, each of which must have data."""
    rows: int
    """The data that all declared sources left for these slots."""
    flaws: tuple[str, ...]
    """Missing data, data that no slot collected, and impossible values."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CollectedSource(Fact):
    """One source of a DAG; ``subject`` is such as ``collect: wire``."""

    age: Quantity
    """Time since it wrote last."""
    stale: str
    """Why that is too long ago; empty if it is not."""
    wrong: tuple[str, ...]
    """Impossible times, such as one in the future."""


def collected_facts(
    evidence: Mapping[str, Any], dag: DeclaredDag, section: DataSection, ledger: Ledger, history: History
) -> Iterator[Fact]:
    """Yield the facts in the evidence of a DAG's data, compared with its runs."""
    subject, read = f"{dag.dag_id}: {evidence['where']}", datetime.fromisoformat(evidence["read"])
    try:
        runs = history.runs
        times = {row.slot for row in ledger.rows} | {run.slot for run in runs if run.dag_id == dag.dag_id and run.slot}
        due = find_intervals(dag, ledger) if section.slot_is == "start" else {row.slot for row in ledger.rows}
        found = parse_collected(evidence, times, due)
        if section.slot_is == "start":
            found = move_to_ends(found, dag, ledger)
    except Unreadable as error:
        yield CollectedSlots.unread(subject, error.reason)
        yield from (CollectedSource.unread(f"{dag.dag_id}: {source}", error.reason) for source in section.sources)
        return
    slots, flaws = list_successful_slots(ledger, runs), find_data_flaws(ledger, runs, found, section, read)
    since = f"{ledger.since:%Y-%m-%dT%H:%M:%SZ}"
    nothing: Any = Unread(f"{dag.dag_id}: no slot since {since} succeeded, so none can be asked for its data")
    yield CollectedSlots(
        subject=subject,
        slots=len(slots),
        rows=sum(one.rows or 0 for one in found if one.source in section.sources),
        flaws=flaws if slots or flaws else nothing,
    )
    yield from (_source(dag, ledger, source, found, read) for source in section.sources)


def _source(
    dag: DeclaredDag, ledger: Ledger, source: str, found: tuple[Collected, ...], read: datetime
) -> CollectedSource:
    newest, subject = find_newest(source, found, read), f"{dag.dag_id}: {source}"
    age: Any = Unread(f"{subject}: there is no data of it since {ledger.since:%Y-%m-%dT%H:%M:%SZ}")
    if newest:
        age = Quantity.between(newest, read)
    try:
        too_old: Any = explain_stale(dag, ledger, source, found, read)
    except Unreadable as error:
        too_old = Unread(error.reason)
    own = [one for one in found if one.source == source]
    return CollectedSource(subject=subject, age=age, stale=too_old, wrong=tuple(find_impossible_values(own, read)))
