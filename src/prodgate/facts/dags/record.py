"""Whether Airflow's record can be trusted, and whether Airflow does its work."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from ...airflow.records import Heartbeat, History
from ...aws.answers import Unread, Unreadable
from ...criteria import Criterion
from ...dags.declared import DeclaredDag
from ...dags.flaws import Flaw, find_record_flaws, find_service_flaws, find_stuck
from ...dags.rates import Slowdown, compare_durations, list_durations
from ...estimates import Estimate
from ...quantities import Quantity
from .. import Fact

#: Components without which no DAG runs, by whether Airflow is of version 2, where the scheduler may read files itself.
#: Only tasks that defer need a triggerer.
_NEEDED = {True: ("scheduler",), False: ("scheduler", "dag_processor")}

#: Kinds of flaws that a busy machine never causes.
_CERTAIN = ("paused", "stale", "schedule")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagRecord(Fact):
    """The flaws in the record of a DAG; ``subject`` is its id."""

    flaws: tuple[str, ...]
    """Results that were set by hand, masked, never executed or lost."""
    stuck: tuple[str, ...]
    """Runs and tasks that wait or run beyond the limit, or have lost their process."""
    unserved: tuple[str, ...]
    """Why Airflow does not run it as declared."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowVersion(Fact):
    """The version of Airflow; ``subject`` is its place."""

    runs: str
    declared: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ActiveDags(Fact):
    """The DAGs of which Airflow makes runs; ``subject`` is its place."""

    active: int
    undeclared: tuple[str, ...]
    """Those that are neither declared nor exempt."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowComponent(Fact):
    """A component of Airflow; ``subject`` is its place and its name."""

    silent: Quantity
    """How long ago it sent its last heartbeat."""
    healthy: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DurationChange(Fact):
    """How much longer the runs of a DAG take than in the last good run of the gate; ``subject`` is its id."""

    change: Slowdown | None
    """None if either has too few runs to compare."""
    before: str
    """The run of the gate to compare with."""

    def increase(self, criterion: Criterion) -> Estimate:
        """Return how much the 95th percentile grew; 0 % if it may be chance. Raises TypeError."""
        if self.change is None or criterion.confidence is None:
            raise TypeError(f"criterion {criterion.id!r} needs a confidence, and enough runs, to tell what is chance")
        by_chance = self.change.p_value > 1 - criterion.confidence.base
        grown = Quantity.of(0 if by_chance else round(100 * (Decimal(self.change.factor) - 1), 6), "%")
        runs = min(self.change.samples)
        return Estimate(
            value=grown, low=grown, high=grown, samples=runs, effective=runs, confidence=criterion.confidence, of="runs"
        )


def record_facts(dags: Sequence[DeclaredDag], history: History, hurried: str = "") -> Iterator[Fact]:
    """Yield the flaws in the record of each DAG; data that can't be read makes one field Unread.

    ``hurried`` says why Airflow could not work in time lately, if so: then a file that was read too late or a task that
    waited too long may not be the DAG's fault, but a result that was set by hand still is.
    """
    for dag in dags:
        yield DagRecord(
            subject=dag.dag_id,
            flaws=_read_flaws(partial(find_record_flaws, dag, history)),
            stuck=_read_flaws(partial(find_stuck, dag, history), hurried),
            unserved=_read_flaws(partial(find_service_flaws, dag, history), hurried),
        )


def _read_flaws(look: Callable[[], Sequence[Flaw]], hurried: str = "") -> tuple[str, ...]:
    try:
        found = look()
    except Unreadable as error:
        return Unread(error.reason)  # type: ignore[return-value]  # a Fact raises it when it is read
    if found and hurried and not any(flaw.kind in _CERTAIN for flaw in found):
        return Unread(hurried)  # type: ignore[return-value]
    return tuple(f"{flaw.run_id}: {flaw.words}" if flaw.run_id else flaw.words for flaw in found)


def count_active(place: str, history: History, known: Sequence[str]) -> ActiveDags:
    """Return the active DAGs; ``*`` in a known name stands for any characters. Raises Unreadable."""
    undeclared = tuple(name for name in history.active if not any(fnmatchcase(name, each) for each in known))
    return ActiveDags(subject=place, active=len(history.active), undeclared=undeclared)


def component_facts(place: str, history: History, hurried: str = "") -> Iterator[AirflowComponent]:
    """Yield the health of each component; a required one that never ran is not healthy.

    ``hurried`` is as above: a live component sends heartbeats on a busy machine as well. Raises Unreadable if the
    health could not be read.
    """
    told = {beat.component for beat in history.heartbeats}
    needed = _NEEDED[history.version.startswith("2.")]
    never = [Heartbeat(component=name, healthy=False, at=None) for name in needed if name not in told]
    for beat in (*history.heartbeats, *never):
        subject = f"{place}: {beat.component}"
        yield (
            AirflowComponent.unread(subject, hurried)
            if hurried and not beat.healthy
            else AirflowComponent(subject=subject, silent=_silence(beat, history), healthy=beat.healthy)
        )


def _silence(beat: Heartbeat, history: History) -> Any:
    if beat.at is None:
        return Unread(f"Airflow states no heartbeat of its {beat.component}")
    return Quantity.seconds(round(max(Decimal((history.now - beat.at).total_seconds()), Decimal(0)), 3))


def change_facts(dags: Sequence[DeclaredDag], history: History, before: History, run: str) -> Iterator[DurationChange]:
    """Yield how durations changed since an earlier run of the gate. Raises Unreadable."""
    for dag in dags:
        earlier, later = list_durations(dag, before), list_durations(dag, history)
        yield DurationChange(subject=dag.dag_id, change=compare_durations(earlier, later), before=run)
