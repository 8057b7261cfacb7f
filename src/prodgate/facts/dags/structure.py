"""Whether a DAG has its declared tasks, in the declared order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...dags.cron import is_same_cron, is_same_zone
from .. import Fact
from .files import DagFile


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagStructure(Fact):
    """How the tasks of a DAG differ from the declared ones; ``subject`` is its file and its id."""

    differences: tuple[str, ...]
    masks: tuple[str, ...]
    """Tasks that let a run succeed though a task before them failed."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeclaredFile(Fact):
    """The schedule in a DAG's file beside the declared one; ``subject`` is its file and its id.

    The first two are empty for a DAG that no file makes.
    """

    cron: str
    timezone: str
    declared_cron: str
    declared_timezone: str

    @property
    def states_cron(self) -> bool:
        """Whether both expressions are always due together, however each is written."""
        return is_same_cron(self.cron, self.declared_cron)

    @property
    def states_timezone(self) -> bool:
        """Whether both names are of one time zone."""
        return is_same_zone(self.timezone, self.declared_timezone)


def structure_facts(
    files: Iterable[DagFile], declared: Mapping[str, Mapping[str, tuple[str, ...]]], unread: str = ""
) -> Iterator[Fact]:
    """Compare each file with ``declared``: DAG -> task -> the tasks before it. A DAG without a file is a difference.

    ``unread`` says why a file may not have been read that makes it.
    """
    known = {file.dag_id: file for file in files}
    for dag_id, tasks in declared.items():
        file = known.get(dag_id)
        if file is None and unread:
            yield DagStructure.unread(dag_id, unread)
        elif file is None:
            yield DagStructure(subject=dag_id, differences=("no file makes a DAG of this name",), masks=())
        else:
            found = {task.task_id: frozenset(task.upstream) for task in file.tasks}
            yield DagStructure(subject=file.subject, differences=tuple(_differences(found, tasks)), masks=file.masks)


def schedule_facts(
    files: Iterable[DagFile], declared: Mapping[str, tuple[str, str]], unread: str = ""
) -> Iterator[Fact]:
    """Yield the schedule of each declared DAG, as cron expression and time zone, beside that in its file."""
    known = {file.dag_id: file for file in files}
    for dag_id, (cron, timezone) in declared.items():
        file = known.get(dag_id)
        if file is None and unread:
            yield DeclaredFile.unread(dag_id, unread)
            continue
        yield DeclaredFile(
            subject=file.subject if file else dag_id,
            cron=file.cron if file else "",
            timezone=file.timezone if file else "",
            declared_cron=cron,
            declared_timezone=timezone,
        )


def _differences(found: Mapping[str, frozenset[str]], wanted: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for task in sorted({*found, *wanted}):
        if task not in wanted:
            yield f"{task} is not declared"
        elif task not in found:
            yield f"{task} is missing"
        elif found[task] != frozenset(wanted[task]):
            yield f"{task} comes after {_join_names(found[task])}, declared is after {_join_names(wanted[task])}"


def _join_names(tasks: Iterable[str]) -> str:
    return ", ".join(sorted(tasks)) or "nothing"
