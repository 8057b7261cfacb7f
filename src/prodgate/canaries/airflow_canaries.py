"""Triggers canaries and reads their runs through Airflow's REST API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..airflow.history import Reader, open_reader
from ..airflow.records import Run, Task
from ..airflow.transport import Writer
from ..aws.answers import Unreadable
from ..aws.clock import SKEW


@dataclass(frozen=True, slots=True)
class AirflowCanaries:
    """An Airflow in which canaries may be triggered."""

    writer: Writer
    since: datetime = field(default_factory=lambda: datetime.now(UTC) - SKEW)
    """Runs before this are none of ours."""

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Make a run of this id. Raises Absent when there is no such DAG, and Unreadable."""
        path, dialect = f"/dags/{dag_id}/dagRuns", self._reader().dialect
        made = self.writer.post(path, {"dag_run_id": run_id, "conf": dict(conf), **dialect.trigger})
        if not isinstance(made, dict) or made.get("dag_run_id") != run_id:
            raise Unreadable(f"POST {path}: does not say that it made {run_id}")

    def runs(self, dag_id: str) -> Sequence[Run]:
        """Return the runs of a DAG as they are now. Raises Absent and Unreadable."""
        return self._reader().runs(dag_id)

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> Sequence[Task]:
        """Return the tasks of runs of a DAG. Raises Absent and Unreadable."""
        return self._reader().tasks(dag_id, runs)[0]

    def _reader(self) -> Reader:
        return open_reader(self.writer, since=self.since, now=datetime.now(UTC) + SKEW)
