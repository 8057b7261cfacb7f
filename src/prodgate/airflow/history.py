"""Reads the history of the declared DAGs since an instant; each part is complete, or says why it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any, Final, TypeVar

from ..aws.answers import Absent, Unread, Unreadable
from .dialects import (
    COMPONENTS,
    Dialect,
    Row,
    find_dialect,
    format_instant,
    parse_event,
    parse_heartbeat,
    parse_import_failure,
    parse_instant,
    parse_row,
    parse_task,
)
from .paging import read_all, read_page
from .records import Event, Heartbeat, History, ImportFailure, Run, ServedDag, Task
from .transport import RecordingTransport, Transport, replay

T = TypeVar("T")

#: Seconds that a component which Airflow calls unhealthy has to recover, and seconds between polls. A DAG processor is
#: unhealthy after 10.5 s without a heartbeat, which happens now and then on a busy database or machine.
PATIENCE: Final = 60.0
POLL_INTERVAL: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Queries one Airflow in its dialect."""

    transport: Transport
    version: str
    dialect: Dialect
    since: datetime
    now: datetime

    def find_dag(self, dag_id: str) -> ServedDag | None:
        """Return a DAG as it is served, or None when Airflow knows none of this name."""
        path = f"/dags/{dag_id}"
        try:
            found = parse_row(self.dialect.served, self.transport.get(path, {}), path)
        except Absent:
            return None
        if found.dag_id != dag_id:
            raise Unreadable(f"GET {path}: speaks of {found.dag_id!r}; is it Airflow that answers?")
        return found

    def runs(self, dag_id: str) -> list[Run]:
        """Return the runs of a DAG whose slot is in the window, and those that have no slot."""
        path = f"/dags/{dag_id}/dagRuns"
        query = {**self.dialect.window(self.since, self.now), **self.dialect.run_order}
        rows = read_all(self.transport, path, query, "dag_runs", lambda row: (row["dag_id"], row["dag_run_id"]))
        found = [parse_row(self.dialect.parse_run, row, path) for row in rows]
        return [run for run in found if run.dag_id == dag_id and self._is_in_window(run.slot)]

    def _is_in_window(self, slot: datetime | None) -> bool:
        """Whether a slot is in the window; a missing one may be."""
        return slot is None or self.since <= slot <= self.now

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> list[Task]:
        """Return the tasks of runs of a DAG."""
        wanted = {run.run_id for run in runs if run.dag_id == dag_id}
        path = f"/dags/{dag_id}/dagRuns/~/taskInstances"
        query = {**self.dialect.window(self.since, self.now), **self.dialect.task_order}
        rows = read_all(self.transport, path, query, "task_instances", _task_identity)
        found = [parse_row(parse_task, row, path) for row in rows]
        return [one for one in found if one.dag_id == dag_id and one.run_id in wanted]

    def events(self, dag_id: str) -> list[Event]:
        """Return the audit log of a DAG in the window. Actions on several are logged under ``~``, and never told."""
        return [one for one in self._list_events({"dag_id": dag_id}) if one.dag_id == dag_id]

    def unnamed_events(self) -> list[Event]:
        """Return the actions in the window that the audit log does not attribute to a DAG."""
        names = self.dialect.unnamed_events
        found = self._list_events({"included_events": ",".join(names)}) if names else ()
        return [one for one in found if one.event in names and not one.dag_id]

    def _list_events(self, of: Mapping[str, str]) -> list[Event]:
        # the filter excludes the instant itself
        after, before = format_instant(self.since - timedelta(seconds=1)), format_instant(self.now)
        query = {**of, "after": after, "before": before, "order_by": "event_log_id"}
        rows = read_all(self.transport, "/eventLogs", query, "event_logs", lambda row: row["event_log_id"])
        found = [parse_row(parse_event, row, "/eventLogs") for row in rows]
        return [one for one in found if self.since <= one.at < self.now]

    def log_begins(self) -> datetime | None:
        """Return when the oldest entry of the audit log was made, None when it has none."""
        rows = self._list_first("/eventLogs", "when", "event_logs")
        return min((parse_row(parse_event, row, "/eventLogs").at for row in rows), default=None)

    def oldest(self, dag_id: str) -> list[datetime]:
        """Return the slot of the oldest run that still exists of a DAG, nothing if there is none."""
        path = f"/dags/{dag_id}/dagRuns"
        rows = self._list_first(path, self.dialect.oldest_first, "dag_runs")
        found = [parse_row(self.dialect.parse_run, row, path) for row in rows]
        return [run.slot for run in found if run.slot and run.dag_id == dag_id]

    def _list_first(self, path: str, order: str, key: str) -> list[Row]:
        """Return the first row of a list in some order, nothing if it has none."""
        total, rows = read_page(self.transport, path, {"limit": "1", "order_by": order}, key)
        if total and not rows:
            raise Unreadable(f"GET {path}: shows none of {total} {key}")
        return rows

    def heartbeats(self) -> list[Heartbeat]:
        """Return the heartbeats of Airflow's components, without those that never ran."""
        path = self.dialect.health
        answer = self.transport.get(path, {})
        return [found for name in COMPONENTS if (found := parse_row(lambda row: _parse_beat(name, row), answer, path))]  # noqa: B023

    def import_failures(self) -> list[ImportFailure]:
        """Return the files that can't be imported."""
        path = "/importErrors"
        rows = read_all(self.transport, path, {}, "import_errors", lambda row: row["import_error_id"])
        return [parse_row(parse_import_failure, row, path) for row in rows]


def open_reader(transport: Transport, *, since: datetime, now: datetime) -> Reader:
    """Return a reader for this Airflow's version. Raises Unreadable when it does not state one."""
    answer = _refuse_absent(lambda: transport.get("/version", {}))
    version = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(version, str):
        raise Unreadable("GET /version: states none; is it Airflow that answers?")
    return Reader(transport=transport, version=version, dialect=find_dialect(version), since=since, now=now)


def read_history(transport: Transport, dag_ids: Sequence[str], *, since: datetime, now: datetime) -> History:
    """Return the history of the declared DAGs from ``since`` to ``now``.

    Raises Unreadable when not even the version can be read; what else can't be read is Unreadable for whoever looks
    at that part.
    """
    dag_ids = _check_dag_ids(dag_ids)
    reader = open_reader(transport, since=since, now=now)
    served = _attempt(lambda: tuple(filter(None, map(reader.find_dag, dag_ids))))
    # an unknown DAG has no runs, and some versions answer a request for them with an error
    ids = _attempt(lambda: [dag.dag_id for dag in _require(served)])
    runs = _attempt(lambda: tuple(run for name in _require(ids) for run in reader.runs(name)))
    tasks = _attempt(lambda: tuple(one for name in _require(ids) for one in reader.tasks(name, _require(runs))))
    return History(
        version=reader.version,
        now=now,
        since=since,
        oldest=_attempt(lambda: _find_oldest(reader, _require(ids), _require(runs))),
        served=served,
        runs=runs,
        tasks=tasks,
        events=_attempt(lambda: _collect_events(reader, dag_ids)),
        log_begins=_attempt(reader.log_begins),
        heartbeats=_attempt(lambda: tuple(reader.heartbeats())),
        import_failures=_attempt(lambda: tuple(reader.import_failures())),
    )


def observe_history(
    transport: Transport,
    dag_ids: Sequence[str],
    *,
    since: datetime,
    now: datetime,
    patience: float = PATIENCE,
    wait: Callable[[float], object] = sleep,
) -> dict[str, Any]:
    """Return all answers as JSON values, from which ``recall_history`` makes the same history.

    Unhealthy components are polled until they recover, for ``patience`` seconds at most; the last answer counts.
    """
    memory = RecordingTransport(transport)
    with suppress(Absent, Unreadable):  # the answers hold the reason
        read_history(memory, dag_ids, since=since, now=now)
        reader, until = open_reader(memory, since=since, now=now), monotonic() + patience
        while any(not beat.healthy for beat in reader.heartbeats()) and monotonic() < until:
            wait(POLL_INTERVAL)
    return {"dags": [*dag_ids], "since": since.isoformat(), "now": now.isoformat(), "answers": memory.answers}


def recall_history(evidence: Mapping[str, Any]) -> History:
    """Return the history that ``observe_history`` read. Raises Unreadable when not even the version could be read."""
    since, now = parse_instant(evidence["since"]), parse_instant(evidence["now"])
    assert since is not None
    assert now is not None
    return read_history(replay(evidence["answers"]), evidence["dags"], since=since, now=now)


def _attempt(ask: Callable[[], T]) -> T:
    """Return a part of the history, or Unread in its place."""
    try:
        return _refuse_absent(ask)
    except Unreadable as error:
        return Unread(error.reason)  # type: ignore[return-value]  # a history raises Unreadable when it is looked at


def _refuse_absent(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Absent:
        raise Unreadable(
            "Airflow says that a part of its API is not there (404); is it Airflow that answers?"
        ) from None


def _require(part: T) -> T:
    """Return a part of the history that another part needs. Raises Unreadable when it could not be read."""
    if isinstance(part, Unread):
        raise Unreadable(part.reason)
    return part


def _find_oldest(reader: Reader, dag_ids: Iterable[str], runs: Iterable[Run]) -> Mapping[str, datetime]:
    slots = {name: [*reader.oldest(name), *_list_slots(name, runs)] for name in dag_ids}
    return {name: min(found) for name, found in slots.items() if found}


def _list_slots(dag_id: str, runs: Iterable[Run]) -> Iterable[datetime]:
    return (run.slot for run in runs if run.slot and run.dag_id == dag_id)


def _collect_events(reader: Reader, dag_ids: Iterable[str]) -> tuple[Event, ...]:
    return (*(one for name in dag_ids for one in reader.events(name)), *reader.unnamed_events())


def _task_identity(row: Row) -> tuple[Any, ...]:
    return row["dag_id"], row["dag_run_id"], row["task_id"], row["map_index"]


def _parse_beat(component: str, row: Row) -> Heartbeat | None:
    state = row[component]
    return None if state["status"] is None else parse_heartbeat(component, state)


def _check_dag_ids(dag_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids without duplicates. Raises Unreadable for one that would change the path."""
    for dag_id in (ids := tuple(dict.fromkeys(dag_ids))):
        if not re.fullmatch(r"[\w.-]+", dag_id) or not dag_id.strip("."):
            raise Unreadable(f"{dag_id!r}: can't be the id of a DAG; write letters, digits, dots, dashes, underscores")
    return ids
