"""Reads the history of the declared DAGs since an instant; each part is complete, or says why it is not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from ..aws.answers import Absent, Unread, Unreadable
from .days import DayReader
from .dialects import COMPONENTS, Dialect, find_dialect
from .moment import show_run_at, show_task_at
from .names import check_dag_ids, make_path, search_dag
from .paging import MAX_PATH, TooLong, read_all, read_page
from .records import Event, Heartbeat, History, ImportFailure, Run, ServedDag, Task
from .rows import Row, format_instant, parse_event, parse_heartbeat, parse_import_failure, parse_row, parse_task
from .tasks import read_task_rows
from .transport import Transport

T = TypeVar("T")

#: Entries of a DAG up to which the whole audit log of the window is read.
MOST_EVENTS: Final = 20_000


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
        if len(path) > MAX_PATH:
            return search_dag(self.transport, self.dialect, dag_id)
        try:
            found = parse_row(self.dialect.served, self.transport.get(path, {}), path)
        except Absent:
            return None
        if found.dag_id != dag_id:
            raise Unreadable(f"GET {path}: speaks of {found.dag_id!r}; is it Airflow that answers?")
        return found

    def runs(self, dag_id: str) -> list[Run]:
        """Return the runs of a DAG whose slot is in the window, and those that have no slot."""
        path = make_path(dag_id, "/dagRuns")
        rows = self._list(path, "dag_runs", lambda row: (row["dag_id"], row["dag_run_id"]), self.dialect.run_order)
        found = [parse_row(self.dialect.parse_run, row, path) for row in rows.read()]
        return [show_run_at(run, self.now) for run in found if run.dag_id == dag_id and self._is_in_window(run.slot)]

    def _list(self, path: str, key: str, identity: Callable[[Row], Hashable], order: Mapping[str, str]) -> DayReader:
        """Return a reader of runs or tasks of the window."""

        def query(begin: datetime, end: datetime) -> Mapping[str, str]:
            return {**self.dialect.window(self.since, begin, end), **order}

        return DayReader(
            transport=self.transport, path=path, key=key, identity=identity, query=query, since=self.since, now=self.now
        )

    def _is_in_window(self, slot: datetime | None) -> bool:
        """Whether a slot is in the window; a missing one may be."""
        return slot is None or self.since <= slot <= self.now

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> tuple[list[Task], frozenset[str] | None]:
        """Return the tasks of runs of a DAG, and the runs of which each task was read; None when of all."""
        wanted = {run.run_id for run in runs if run.dag_id == dag_id}
        path = make_path(dag_id, "/dagRuns/~/taskInstances")
        read = read_task_rows(self._list(path, "task_instances", _task_identity, self.dialect.task_order))
        found = [parse_row(parse_task, row, path) for row in read.rows if row["dag_id"] == dag_id]
        whole = None if read.whole is None else frozenset(run_id for name, run_id in read.whole if name == dag_id)
        return [show_task_at(one, self.now) for one in found if one.run_id in wanted], whole

    def events(self, dag_id: str) -> list[Event]:
        """Return the audit log of a DAG in the window. Actions on several are logged under ``~``, and never told."""
        return [one for one in self._list_events({"dag_id": dag_id}) if one.dag_id == dag_id]

    def unnamed_events(self) -> list[Event]:
        """Return the actions in the window that the audit log does not attribute to a DAG."""
        names = self.dialect.unnamed_events
        found = self._list_events({"included_events": ",".join(names)}) if names else ()
        return [one for one in found if one.event in names and not one.dag_id]

    def _list_events(self, of: Mapping[str, str]) -> list[Event]:
        def query(begin: datetime, end: datetime) -> Mapping[str, str]:
            # the filter excludes the instant itself
            after, before = format_instant(begin - timedelta(seconds=1)), format_instant(end)
            return {**of, "after": after, "before": before, "order_by": "event_log_id"}

        entries = replace(self._list("/eventLogs", "event_logs", lambda row: row["event_log_id"], {}), query=query)
        try:
            rows = entries.read(MOST_EVENTS)
        except TooLong:
            rows = replace(entries, query=lambda begin, end: {**query(begin, end), **self.dialect.long_log}).read()
        found = [parse_row(parse_event, row, "/eventLogs") for row in rows]
        return [one for one in found if self.since <= one.at < self.now]

    def log_begins(self) -> datetime | None:
        """Return when the oldest entry of the audit log was made, None when it has none."""
        rows = self._list_first("/eventLogs", "when", "event_logs")
        return min((parse_row(parse_event, row, "/eventLogs").at for row in rows), default=None)

    def oldest(self, dag_id: str) -> list[datetime]:
        """Return the slot of the oldest run that still exists of a DAG, nothing if there is none.

        Of a DAG whose name is too long for a path nobody can ask for it.
        """
        path = make_path(dag_id, "/dagRuns")
        if dag_id not in path:
            return []
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
    dag_ids = check_dag_ids(dag_ids)
    reader = open_reader(transport, since=since, now=now)
    served = _attempt(lambda: tuple(filter(None, map(reader.find_dag, dag_ids))))
    # an unknown DAG has no runs, and some versions answer a request for them with an error
    ids = _attempt(lambda: [dag.dag_id for dag in _require(served)])
    runs = _attempt(lambda: tuple(run for name in _require(ids) for run in reader.runs(name)))
    tasks = _attempt(lambda: {name: reader.tasks(name, _require(runs)) for name in _require(ids)})
    read = {} if isinstance(tasks, Unread) else tasks
    return History(
        version=reader.version,
        now=now,
        since=since,
        oldest=_attempt(lambda: _find_oldest(reader, _require(ids), _require(runs))),
        served=served,
        runs=runs,
        tasks=_attempt(lambda: tuple(one for found, _ in _require(tasks).values() for one in found)),
        sampled={name: whole for name, (_, whole) in read.items() if whole is not None},
        events=_attempt(lambda: _collect_events(reader, dag_ids)),
        log_begins=_attempt(reader.log_begins),
        heartbeats=_attempt(lambda: tuple(reader.heartbeats())),
        import_failures=_attempt(lambda: tuple(reader.import_failures())),
    )


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
