"""The facts about DAGs, made from stored evidence; the same evidence always makes the same facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...airflow.observing import recall_history
from ...airflow.records import History
from ...aws.answers import Unreadable
from ...dags.acknowledgements import parse_acknowledged
from ...dags.declared import DeclaredDag, Schedule
from ...dags.ledger import build_ledger
from ...facts import Fact, Facts
from ...facts.dags.canaries import canary_facts
from ...facts.dags.collected import CollectedSlots, CollectedSource, collected_facts
from ...facts.dags.dead_letters import dead_letter_facts
from ...facts.dags.files import DagFile, dag_file_facts, list_teardowns, unread_files
from ...facts.dags.record import (
    AirflowComponent,
    AirflowVersion,
    DagRecord,
    DurationChange,
    change_facts,
    component_facts,
    record_facts,
)
from ...facts.dags.slots import CollectionSlots, RealRun, SlotHistory, TaskAttempts, count_attempts, slot_facts
from ...facts.dags.structure import DagStructure, DeclaredFile, schedule_facts, structure_facts
from ...facts.dags.uninstalled import explain_uninstalled, find_uninstalled
from ...sections.data import parse_data_section
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence
from .kinds import BEFORE, CANARY, DATA, DECLARED, FILES, HISTORY, KINDS, LETTERS, OBSERVED, REQUIRED

_DURATIONS: Final = ("window", "grace", "limit")
#: Kinds of fact that are not judged when the machine was too busy to run Airflow in time.
_HURRIED: Final = (
    SlotHistory, CollectionSlots, RealRun, TaskAttempts, CollectedSlots, CollectedSource, AirflowComponent,
    DurationChange,
)  # fmt: skip
#: Kinds of fact that need DAG files to be imported.
_IMPORTED: Final = (DagFile, DagStructure, DeclaredFile)


@dataclass(frozen=True, slots=True)
class FactContext:
    """What facts are made with besides their own evidence."""

    declared: Mapping[str, Any]
    """What was declared, and where and on which schedule it was observed."""
    history: History | None
    unread: str = NOT_OBSERVED
    """Why there is no history, where there is none."""
    teardowns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By DAG, the tasks that its file says clean up."""

    @property
    def dags(self) -> tuple[DeclaredDag, ...]:
        """The DAGs with the schedules that they had while they were observed."""
        stated = (dag_from_json(id_, table) for id_, table in self.declared.get("dags", {}).items())
        return tuple(replace(dag, may_fail=self.teardowns.get(dag.dag_id, frozenset())) for dag in stated)

    def require_history(self) -> History:
        """Return Airflow's history. Raises Unreadable when there is none."""
        if self.history is None:
            raise Unreadable(self.unread)
        return self.history


FactMaker = Callable[[Mapping[str, Any], FactContext], Iterator[Fact]]


def dag_to_json(dag: DeclaredDag) -> dict[str, Any]:
    """Return a declared DAG as JSON values; durations in seconds."""
    durations = {key: getattr(dag, key).total_seconds() for key in _DURATIONS}
    since = {"since": dag.since.isoformat()} if dag.since else {}
    may_skip = {"may_skip": [*dag.may_skip]} if dag.may_skip else {}
    return {"cron": dag.schedule.cron, "timezone": dag.schedule.timezone, **durations, **since, **may_skip}


def dag_from_json(id_: str, table: Mapping[str, Any]) -> DeclaredDag:
    """Return what ``dag_to_json`` wrote."""
    durations: Mapping[str, Any] = {key: timedelta(seconds=table[key]) for key in _DURATIONS}
    since = datetime.fromisoformat(table["since"]) if "since" in table else None
    schedule, may_skip = Schedule(cron=table["cron"], timezone=table["timezone"]), tuple(table.get("may_skip", ()))
    return DeclaredDag(dag_id=id_, schedule=schedule, since=since, may_skip=may_skip, **durations)


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored evidence; ``unreadable`` says why a kind of evidence is missing."""
    kept = tuple(stored)
    reasons = {kind: NOT_OBSERVED for kind in REQUIRED if not any(kind == k for k, _ in kept)}
    reasons |= unreadable
    declared = {key: each for kind, value in kept if kind in (DECLARED, OBSERVED) for key, each in value.items()}
    facts: list[Fact] = []
    known = FactContext(declared, None)
    try:
        known = FactContext(declared, next((recall_history(value) for kind, value in kept if kind == HISTORY), None))
    except Unreadable as error:
        reasons[HISTORY] = error.reason
    teardowns = next((list_teardowns(value) for kind, value in kept if kind == FILES), {})
    known = replace(known, unread=reasons.get(HISTORY, known.unread), teardowns=teardowns)
    unknown = {fact: reason for kind, reason in reasons.items() for fact in KINDS[kind]}
    for value, (kinds, maker) in ((value, each) for kind, value in kept for each in MAKERS.get(kind, ())):
        try:
            facts += maker(value, known)
        except Unreadable as error:
            unknown |= dict.fromkeys(kinds, error.reason)
    unimported = next((unread_files(value) for kind, value in kept if kind == FILES), "")
    for kinds, reason in ((_HURRIED, known.declared.get("crowded", "")), (_IMPORTED, unimported)):
        if reason:
            facts = [fact for fact in facts if not isinstance(fact, kinds)]
            unknown |= dict.fromkeys(kinds, reason)
    return Facts(tuple(facts), unknown)


def _files(value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    facts = dag_file_facts(value)
    files = [fact for fact in facts if isinstance(fact, DagFile)]
    yield from facts
    unread, stated = explain_uninstalled(value["folder"], find_uninstalled(value)), known.declared["files"]
    yield from structure_facts(files, {id_: one["tasks"] for id_, one in stated.items()}, unread)
    yield from schedule_facts(files, {id_: (one["cron"], one["timezone"]) for id_, one in stated.items()}, unread)


def _version(_value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    declared = known.declared
    yield AirflowVersion(subject=declared["place"], runs=known.require_history().version, declared=declared["version"])


def _slots(_value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    yield from slot_facts(known.dags, frozenset(known.declared["collecting"]), known.require_history())


def _attempts(_value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    yield count_attempts(known.declared["place"], known.dags, known.require_history())


def _record(_value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    yield from record_facts(known.dags, known.require_history(), known.declared.get("crowded", ""))


def _components(_value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    yield from component_facts(known.declared["place"], known.require_history())


def _before(value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    yield from change_facts(known.dags, known.require_history(), recall_history(value["history"]), value["run"])


def _data(value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    history = known.require_history()
    dag = next(dag for dag in known.dags if dag.dag_id == value["dag"])
    slots = build_ledger(dag, history)
    yield from collected_facts(value["collected"], dag, parse_data_section(value["section"]), slots, history)


def _letters(value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    history = known.require_history()
    ids = [dag.dag_id for dag in known.dags]
    handled = parse_acknowledged(known.declared["acknowledged"])
    yield from dead_letter_facts(value, ids, history.runs, handled)


def _canary(value: Mapping[str, Any], _known: FactContext) -> Iterator[Fact]:
    yield from canary_facts(value)


#: Kind of evidence -> (kinds of fact, what makes them); one that fails does not take the others with it.
MAKERS: Final[Mapping[str, Sequence[tuple[tuple[type[Fact], ...], FactMaker]]]] = {
    FILES: ((KINDS[FILES], _files),),
    HISTORY: (
        ((AirflowVersion,), _version),
        ((SlotHistory, CollectionSlots, RealRun), _slots),
        ((TaskAttempts,), _attempts),
        ((DagRecord,), _record),
        ((AirflowComponent,), _components),
    ),
    BEFORE: ((KINDS[BEFORE], _before),),
    DATA: ((KINDS[DATA], _data),),
    LETTERS: ((KINDS[LETTERS], _letters),),
    CANARY: ((KINDS[CANARY], _canary),),
}
