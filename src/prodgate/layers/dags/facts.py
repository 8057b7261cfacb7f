"""The facts about DAGs, made from stored evidence; the same evidence always makes the same facts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

from ...airflow.history import recall_history
from ...airflow.records import History
from ...aws.answers import Unreadable
from ...dags.declared import DeclaredDag, Schedule, Spell
from ...dags.ledger import build_ledger, explain_hurry
from ...facts import Fact, Facts
from ...facts.dags.collected import CollectedSlots, CollectedSource, collected_facts
from ...facts.dags.failures import FailedRuns, KilledOrFailed, Retried, canary_facts, dead_letter_facts
from ...facts.dags.files import (
    DagFile,
    DagFolder,
    DagStructure,
    DeclaredFile,
    dag_file_facts,
    explain_uninstalled,
    find_uninstalled,
    list_teardowns,
    schedule_facts,
    structure_facts,
    unread_files,
)
from ...facts.dags.record import (
    ActiveDags,
    AirflowComponent,
    AirflowVersion,
    DagRecord,
    DurationChange,
    change_facts,
    component_facts,
    count_active,
    record_facts,
)
from ...facts.dags.slots import (
    CollectionSlots,
    RealRun,
    SlotHistory,
    TaskAttempts,
    count_attempts,
    real_run_facts,
    slot_facts,
)
from ...sections.dags import parse_acknowledged, parse_data_section
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence

#: Facts in the DAG files.
FILES: Final = "dag-files"
#: The declarations about DAGs in the criteria file when they were observed.
DECLARED: Final = "dags-declared"
#: Where they were observed, and the schedules that applied there.
OBSERVED: Final = "dags-observed"
#: The responses of Airflow.
HISTORY: Final = "airflow"
#: The responses of Airflow in the last good run, to compare with.
BEFORE: Final = "airflow-before"
#: The data that the slots of one DAG left.
DATA: Final = "dag-data"
#: The state of the dead-letter queue.
LETTERS: Final = "dead-letters"
#: The outcome of the canary.
CANARY: Final = "dag-canary"
#: The files that the environment reads beside the repository's, and its state; the rollout layer asks about them.
DEPLOYED: Final = "dags-deployed"

#: Kind of evidence -> the kinds of fact in it.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    FILES: (DagFile, DagFolder, DagStructure, DeclaredFile),
    HISTORY: (
        SlotHistory, CollectionSlots, RealRun, TaskAttempts, DagRecord, AirflowVersion, AirflowComponent,
        ActiveDags,
    ),
    BEFORE: (DurationChange,),
    DATA: (CollectedSlots, CollectedSource),
    LETTERS: (FailedRuns,),
    CANARY: (Retried, KilledOrFailed),
    DEPLOYED: (),
}  # fmt: skip
#: Kinds of evidence that must be there; a run to compare with need not, nor what another layer asks about.
REQUIRED: Final = tuple(kind for kind in KINDS if kind not in (BEFORE, DEPLOYED))
#: Kind of evidence that a team's own code measures -> that code, and what counts the same without it.
TEAM: Final = {
    FILES: "the DAG files, which Airflow imports; nothing else says what they declare",
    **dict.fromkeys((HISTORY, BEFORE), "the DAGs; Airflow's own record says how each run ended"),
}


_DURATIONS: Final = ("window", "grace", "limit")
#: Kinds of fact that need DAG files to be imported.
_IMPORTED: Final = (DagFile, DagStructure, DeclaredFile)


@dataclass(frozen=True, slots=True)
class FactContext:
    """The context of facts besides their own evidence."""

    declared: Mapping[str, Any]
    """The declarations, and where and on which schedule Airflow was observed."""
    history: History | None
    unread: str = NOT_OBSERVED
    """Why there is no history, where there is none."""
    teardowns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By DAG, the tasks that its file says clean up."""

    @property
    def dags(self) -> tuple[DeclaredDag, ...]:
        """The DAGs with the schedules that they had while they were observed."""
        stated = (dag_from_json(id_, table) for id_, table in self.declared.get("dags", {}).items())
        spells = spells_from_json(self.declared)
        return tuple(
            replace(
                dag,
                may_fail=self.teardowns.get(dag.dag_id, frozenset()),
                tasks=frozenset(self.declared.get("files", {}).get(dag.dag_id, {}).get("tasks", ())),
                own_schedule=self._find_own_schedule(dag),
                spells=spells,
            )
            for dag in stated
        )

    def _find_own_schedule(self, dag: DeclaredDag) -> Schedule | None:
        own = self.declared.get("files", {}).get(dag.dag_id)
        schedule = Schedule(cron=own["cron"], timezone=own["timezone"]) if own else dag.schedule
        return schedule if schedule != dag.schedule else None

    @property
    def hurried(self) -> str:
        """Why Airflow may have lagged behind its requests; empty without a reason."""
        return explain_hurry(spells_from_json(self.declared), self.require_history().now)

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


def spells_to_json(spells: Iterable[Spell]) -> list[dict[str, str]]:
    """Return spells as JSON values."""
    return [{"begin": each.begin.isoformat(), "end": each.end.isoformat(), "reason": each.reason} for each in spells]


def spells_from_json(observed: Mapping[str, Any]) -> tuple[Spell, ...]:
    """Return the spells of observed evidence; an earlier run called all of its time crowded, or none."""
    always = {"begin": "0001-01-02T00:00:00+00:00", "end": "9999-12-30T00:00:00+00:00"}
    spells = [{**always, "reason": observed["crowded"]}] if observed.get("crowded") else observed.get("spells", ())
    stated = map(itemgetter("begin", "end", "reason"), spells)
    return tuple(
        Spell(begin=datetime.fromisoformat(begin), end=datetime.fromisoformat(end), reason=reason)
        for begin, end, reason in stated
    )


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
    if unimported:
        facts = [fact for fact in facts if not isinstance(fact, _IMPORTED)]
        unknown |= dict.fromkeys(_IMPORTED, unimported)
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


def _active(_value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    declared = known.declared
    names = (*declared["dags"], *declared.get("exempt", ()))
    yield count_active(declared["place"], known.require_history(), names)


def _data(value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    history = known.require_history()
    dag = next(dag for dag in known.dags if dag.dag_id == value["dag"])
    slots = build_ledger(dag, history)
    yield from collected_facts(value["collected"], dag, parse_data_section(value["section"]), slots, history)


def _letters(value: Mapping[str, Any], known: FactContext) -> Iterator[Fact]:
    history = known.require_history()
    ids = [dag.dag_id for dag in known.dags]
    yield from dead_letter_facts(value, ids, history.runs, parse_acknowledged(known.declared["acknowledged"]))


#: Kind of evidence -> (kinds of fact, what makes them); one that fails does not take the others with it.
MAKERS: Final[Mapping[str, Sequence[tuple[tuple[type[Fact], ...], FactMaker]]]] = {
    FILES: ((KINDS[FILES], _files),),
    HISTORY: (
        ((AirflowVersion,), _version),
        (
            (SlotHistory, CollectionSlots),
            lambda _, known: slot_facts(known.dags, frozenset(known.declared["collecting"]), known.require_history()),
        ),
        ((RealRun,), lambda _, known: real_run_facts(known.dags, known.require_history())),
        (
            (TaskAttempts,),
            lambda _, known: iter((count_attempts(known.declared["place"], known.dags, known.require_history()),)),
        ),
        ((DagRecord,), lambda _, known: record_facts(known.dags, known.require_history(), known.hurried)),
        ((ActiveDags,), _active),
        (
            (AirflowComponent,),
            lambda _, known: component_facts(known.declared["place"], known.require_history(), known.hurried),
        ),
    ),
    BEFORE: (
        (
            KINDS[BEFORE],
            lambda value, known: change_facts(
                known.dags, known.require_history(), recall_history(value["history"]), value["run"]
            ),
        ),
    ),
    DATA: ((KINDS[DATA], _data),),
    LETTERS: ((KINDS[LETTERS], _letters),),
    CANARY: ((KINDS[CANARY], lambda value, _: canary_facts(value)),),
}
