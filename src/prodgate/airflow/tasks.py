"""Reads the tasks of a window: all of them, or of very many those that did not succeed, and all of the latest runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ..aws.answers import Unreadable
from .days import DayReader, Row
from .paging import TooLong

#: Tasks up to which each is read: 600 pages take more than a minute at the rate that MWAA answers.
MOST_TASKS: Final = 60_000
#: About how many of the latest are read where not all are.
_LATEST: Final = 2_000
#: Every state but that of success, as Airflow names them in queries.
_OTHER_STATES: Final = (
    "failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "removed", "running", "queued", "scheduled",
    "deferred", "restarting", "skipped", "none",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRows:
    """Tasks as Airflow writes them."""

    rows: list[Row]
    whole: frozenset[tuple[str, str]] | None
    """The runs, by DAG and id, of which each task was read; None when that is so of all."""


def read_task_rows(tasks: DayReader) -> TaskRows:
    """Read the tasks of a window. Raises Unreadable and Absent."""
    try:
        return TaskRows(rows=tasks.read(MOST_TASKS), whole=None)
    except TooLong as long:
        latest = replace(tasks, since=tasks.now - (tasks.now - tasks.since) * (_LATEST / long.total)).read()
    rows = {tasks.identity(row): row for row in (*_list_unsuccessful(tasks), *latest)}
    return TaskRows(rows=[*rows.values()], whole=frozenset((row["dag_id"], row["dag_run_id"]) for row in latest))


def _list_unsuccessful(tasks: DayReader) -> Iterator[Row]:
    for state in _OTHER_STATES:
        try:
            yield from replace(tasks, query=_Stating(tasks, state)).read(MOST_TASKS)
        except TooLong as long:
            raise Unreadable(
                f"GET {tasks.path}: lists {long.total} tasks that are {state}, and more than {MOST_TASKS} are not "
                "read; state a shorter window in [dags.ID]"
            ) from None


@dataclass(frozen=True, slots=True)
class _Stating:
    """The filters of a list, and a state."""

    tasks: DayReader
    state: str

    def __call__(self, begin: datetime, end: datetime) -> Mapping[str, Any]:
        return {**self.tasks.query(begin, end), "state": self.state}
