"""Reads the history of the declared DAGs since an instant; each part is complete, or says why it is not."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any, Final, TypeVar

from ..aws.answers import Absent, Unread, Unreadable
from .paging import MAX_PATH, DayReader, TooLong, read_all, read_page
from .records import ACTIVE, Event, Heartbeat, History, ImportFailure, Run, ServedDag, Task
from .transport import RecordingTransport, Transport, extract_request, replay

R = TypeVar("R")
#: A row of an answer: a JSON object.
Row = Mapping[str, Any]


def parse_task(row: Row) -> Task:
    """Return a task of a run; both dialects agree here."""
    return Task(
        dag_id=read_text(row, "dag_id"),
        run_id=read_text(row, "dag_run_id"),
        task_id=read_text(row, "task_id"),
        operator=str(row.get("operator") or ""),
        map_index=int(row["map_index"]),
        state=str(row["state"] or ""),
        tries=int(row["try_number"] or 0),
        max_tries=int(row.get("max_tries") or 0),
        queued=parse_instant(row["queued_when"]),
        started=parse_instant(row["start_date"]),
        ended=parse_instant(row["end_date"]),
        host=str(row["hostname"] or ""),
        pid=int(row["pid"] or 0),
        version=int((row.get("dag_version") or {}).get("version_number") or 0),
    )


def parse_event(row: Row) -> Event:
    """Return an entry of the audit log."""
    at = parse_instant(row["when"])
    if at is None:
        raise ValueError("an event without its time")
    names = {name: str(row.get(name) or "") for name in ("dag_id", "run_id", "task_id", "owner")}
    return Event(
        at=at,
        event=read_text(row, "event"),
        asked=extract_request(row.get("extra")),
        map_index=None if row.get("map_index") is None else int(row["map_index"]),
        tries=int(row.get("try_number") or 0),
        **names,
    )


def parse_import_failure(row: Row) -> ImportFailure:
    """Return a file that can't be imported."""
    file, bundle = read_text(row, "filename"), str(row.get("bundle_name") or "")
    return ImportFailure(file=file, text=str(row["stack_trace"] or ""), bundle=bundle)


def parse_instant(stated: Any) -> datetime | None:
    """Return an instant in UTC. Raises ValueError for one that names no time zone."""
    if not stated:
        return None
    at = datetime.fromisoformat(stated)
    if at.tzinfo is None:
        raise ValueError(f"{stated!r} names no time zone")
    return at.astimezone(UTC)


def format_instant(at: datetime) -> str:
    """Return an instant as both dialects accept it; without a zone, some versions fail with a server error."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_row(read: Callable[[Row], R], row: Any, path: str) -> R:
    """Parse a row. Raises Unreadable for one that is not as Airflow writes it."""
    try:
        return read(row)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Unreadable(
            f"GET {path}: a row is not as Airflow writes it ({what}); is it Airflow that answers?"
        ) from None


def read_text(row: Row, name: str) -> str:
    """Return a text. Raises ValueError when it is missing or empty."""
    value = row[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}")
    return value


def read_flag(row: Row, name: str) -> bool:
    """Return a truth value. Raises ValueError for anything else."""
    value = row[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}")
    return value


COMPONENTS: Final = ("scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The differences between major versions."""

    health: str
    """Path of the health endpoint."""
    oldest_first: str
    """The order in which the first run is the oldest."""
    all_dags: Mapping[str, str]
    """Asks for DAGs whose file is gone as well."""
    run_order: Mapping[str, str]
    task_order: Mapping[str, str]
    """Empty where tasks can't be ordered; a row that is read twice is then noticed by its identity."""
    window: Callable[[datetime, datetime, datetime], Mapping[str, str]]
    """Filters of runs and tasks, given where the window begins, and a part of it: together, the parts pass at least
    those with a slot in the window."""
    slot: Callable[[Row], datetime | None]
    served: Callable[[Row], ServedDag]
    unnamed_events: tuple[str, ...]
    """Actions in lists of DAGs, which are logged without the DAG."""
    long_log: Mapping[str, str]
    """Shortens a very long log: in Airflow 2, where each manual action has its own entry, without starts of tasks."""
    trigger: Mapping[str, Any]
    """Keys that a request to trigger a run must hold, besides its id and configuration."""

    def parse_run(self, row: Row) -> Run:
        """Return a run."""
        kind = str(row["run_type"])
        return Run(
            dag_id=read_text(row, "dag_id"),
            run_id=read_text(row, "dag_run_id"),
            kind="asset_triggered" if kind == "dataset_triggered" else kind,
            state=read_text(row, "state"),
            slot=self.slot(row),
            queued=parse_instant(row.get("queued_at")),
            started=parse_instant(row["start_date"]),
            ended=parse_instant(row["end_date"]),
        )


def find_dialect(version: str) -> Dialect:
    """Return the dialect of a version such as ``3.0.6``. Raises Unreadable for an unknown one."""
    found = re.match(r"(\d+)\.", version)
    known = {"2": V1, "3": V2}.get(found[1]) if found else None
    if known is None:
        raise Unreadable(f"GET /version: {version!r} is no version of Airflow that can be read; 2.x and 3.x can")
    return known


def _window_v1(since: datetime, begin: datetime, end: datetime) -> dict[str, str]:
    """Leave out only runs that have not changed since the window began.

    A run's slot is the end of its interval, by which Airflow can't filter. Airflow makes a run after its slot, so a run
    that was last touched before the window also had its slot before it, however long its interval is. A run's date is
    the beginning of its interval, so the first part of the window also passes older dates.
    """
    later = {"execution_date_gte": format_instant(begin)} if begin > since else {}
    return {"updated_at_gte": format_instant(since), **later, "execution_date_lte": format_instant(end)}


def _parse_served_v1(row: Row) -> ServedDag:
    schedule = row["schedule_interval"] or {}
    return ServedDag(
        dag_id=read_text(row, "dag_id"),
        file=read_text(row, "fileloc"),
        paused=read_flag(row, "is_paused"),
        stale=not read_flag(row, "is_active"),
        broken=read_flag(row, "has_import_errors"),
        schedule=str(schedule.get("value", "")) if schedule.get("__type") == "CronExpression" else "",
        next_slot=parse_instant(row["next_dagrun_create_after"]),
        parsed=parse_instant(row["last_parsed_time"]),
    )


def _parse_served_v2(row: Row) -> ServedDag:
    return ServedDag(
        dag_id=read_text(row, "dag_id"),
        file=read_text(row, "fileloc"),
        paused=read_flag(row, "is_paused"),
        stale=read_flag(row, "is_stale"),
        broken=read_flag(row, "has_import_errors"),
        schedule=str(row["timetable_summary"] or ""),
        next_slot=parse_instant(row["next_dagrun_run_after"]),
        parsed=parse_instant(row["last_parsed_time"]),
        bundle=str(row.get("bundle_name") or ""),
        place=str(row.get("relative_fileloc") or ""),
    )


#: /api/v1 of Airflow 2.
V1: Final = Dialect(
    health="/health",
    oldest_first="execution_date",
    all_dags={"only_active": "false"},
    run_order={"order_by": "id"},
    task_order={},
    window=_window_v1,
    slot=lambda row: parse_instant(row["data_interval_end"]),
    served=_parse_served_v1,
    unnamed_events=(
        "action_clear",
        "action_clear_downstream",
        "action_muldelete",
        "action_set_failed",
        "action_set_queued",
        "action_set_retry",
        "action_set_running",
        "action_set_skipped",
        "action_set_success",
        "dagrun.delete",
        "taskinstance.delete",
    ),
    long_log={"excluded_events": "running"},
    trigger={},
)

#: /api/v2 of Airflow 3.
V2: Final = Dialect(
    health="/monitor/health",
    oldest_first="run_after",
    all_dags={"exclude_stale": "false"},
    run_order={"order_by": "id"},
    task_order={"order_by": "id"},
    window=lambda _, begin, end: {"run_after_gte": format_instant(begin), "run_after_lte": format_instant(end)},
    slot=lambda row: parse_instant(row.get("run_after") or row["data_interval_end"]),
    served=_parse_served_v2,
    unnamed_events=(),
    long_log={},
    trigger={"logical_date": None},
)


T = TypeVar("T")
D = TypeVar("D", Run, Task)


def _show_at(one: D, now: datetime, waiting: str) -> D:
    """Return a run or a task as it was; one that ended later was still running, or ``waiting`` for its last try."""
    if one.ended is None or one.ended <= now:
        return one
    if one.started is None or one.started > now:
        return replace(one, state=waiting, started=None, ended=None)
    return replace(one, state="running", ended=None)


def make_path(dag_id: str, rest: str) -> str:
    """Return the path of something of a DAG; ~ stands for all DAGs where its name is too long for one."""
    path = f"/dags/{dag_id}{rest}"
    return path if len(path) <= MAX_PATH else f"/dags/~{rest}"


def search_dag(transport: Transport, dialect: Dialect, dag_id: str) -> ServedDag | None:
    """Find a DAG by what its name contains, which needs no path. Raises Unreadable and Absent."""
    query = {"dag_id_pattern": dag_id, **dialect.all_dags}
    rows = read_all(transport, "/dags", query, "dags", lambda row: row["dag_id"])
    return next((parse_row(dialect.served, row, "/dags") for row in rows if row["dag_id"] == dag_id), None)


def check_dag_ids(dag_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids without duplicates. Raises Unreadable for one that would change the path."""
    for dag_id in (ids := tuple(dict.fromkeys(dag_ids))):
        if not re.fullmatch(r"[\w.-]+", dag_id) or not dag_id.strip("."):
            raise Unreadable(f"{dag_id!r}: can't be the id of a DAG; write letters, digits, dots, dashes, underscores")
    return ids


#: Tasks up to which each is read: 600 pages take more than a minute at the rate that MWAA answers.
MOST_TASKS: Final = 60_000
#: About how many of the latest are read where not all are.
_LATEST: Final = 2_000
#: Every state but that of success, as Airflow names them in queries.
_OTHER_STATES: Final = (
    "failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "removed", "running", "queued", "scheduled",
    "deferred", "restarting", "skipped", "none",
)  # fmt: skip


def read_task_rows(tasks: DayReader) -> tuple[Iterable[Row], frozenset[tuple[str, str]] | None]:
    """Return the tasks of a window as Airflow writes them, and the runs, by DAG and id, of which each was read.

    None stands for all runs. Raises Unreadable and Absent.
    """
    try:
        return tasks.read(MOST_TASKS), None
    except TooLong as long:
        latest = replace(tasks, since=tasks.now - (tasks.now - tasks.since) * (_LATEST / long.total)).read()
    rows = {tasks.identity(row): row for row in (*_list_unsuccessful(tasks), *latest)}
    return rows.values(), frozenset((row["dag_id"], row["dag_run_id"]) for row in latest)


def _list_unsuccessful(tasks: DayReader) -> Iterator[Row]:
    for state in _OTHER_STATES:
        stating = partial(lambda state, begin, end: {**tasks.query(begin, end), "state": state}, state)
        try:
            yield from replace(tasks, query=stating).read(MOST_TASKS)
        except TooLong as long:
            raise Unreadable(
                f"GET {tasks.path}: lists {long.total} tasks that are {state}, and more than {MOST_TASKS} are not "
                "read; state a shorter window in [dags.ID]"
            ) from None


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

    def active(self) -> list[str]:
        """Return the ids of the DAGs that are not paused, declared or not; stale ones are not listed."""
        rows = read_all(self.transport, "/dags", {}, "dags", lambda row: row["dag_id"])
        return [row["dag_id"] for row in rows if not parse_row(lambda row: read_flag(row, "is_paused"), row, "/dags")]

    def runs(self, dag_id: str) -> list[Run]:
        """Return the runs of a DAG whose slot is in the window, and those that have no slot."""
        path = make_path(dag_id, "/dagRuns")
        rows = self._list(path, "dag_runs", lambda row: (row["dag_id"], row["dag_run_id"]), self.dialect.run_order)
        found = [parse_row(self.dialect.parse_run, row, path) for row in rows.read()]
        own = [run for run in found if run.dag_id == dag_id]
        return [
            _show_at(run, self.now, "queued") for run in own if run.slot is None or self.since <= run.slot <= self.now
        ]

    def unended(self, dag_id: str) -> list[Run]:
        """Return the runs of a DAG with slots before the window that have not ended."""
        path, found = make_path(dag_id, "/dagRuns"), list[Run]()
        for state in ACTIVE:
            query = {**self.dialect.run_order, "state": state}
            rows = read_all(self.transport, path, query, "dag_runs", lambda row: (row["dag_id"], row["dag_run_id"]))
            found += [run for row in rows if (run := parse_row(self.dialect.parse_run, row, path)).state == state]
        return [run for run in found if run.dag_id == dag_id and run.slot is not None and run.slot < self.since]

    def _list(self, path: str, key: str, identity: Callable[[Row], Hashable], order: Mapping[str, str]) -> DayReader:
        """Return a reader of runs or tasks of the window."""

        def query(begin: datetime, end: datetime) -> Mapping[str, str]:
            return {**self.dialect.window(self.since, begin, end), **order}

        return DayReader(
            transport=self.transport, path=path, key=key, identity=identity, query=query, since=self.since, now=self.now
        )

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> tuple[list[Task], frozenset[str] | None]:
        """Return the tasks of runs of a DAG, and the runs of which each task was read; None when of all."""
        wanted = {run.run_id for run in runs if run.dag_id == dag_id}
        path = make_path(dag_id, "/dagRuns/~/taskInstances")
        rows, read = read_task_rows(self._list(path, "task_instances", _task_identity, self.dialect.task_order))
        found = [parse_row(parse_task, row, path) for row in rows if row["dag_id"] == dag_id]
        whole = None if read is None else frozenset(run_id for name, run_id in read if name == dag_id)
        return [_show_at(one, self.now, "scheduled") for one in found if one.run_id in wanted], whole

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

        Nothing for a DAG whose name is too long for a path: Airflow can't be asked for it.
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


def read_history(
    transport: Transport, dag_ids: Sequence[str], *, since: datetime, now: datetime, unended: bool = True
) -> History:
    """Return the history of the declared DAGs from ``since`` to ``now``; ``unended`` asks for older runs that go on.

    Raises Unreadable when not even the version can be read. Any other part that can't be read raises Unreadable when
    it is used.
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
        unended=_attempt(lambda: tuple(run for name in _require(ids) for run in reader.unended(name)))
        if unended
        else (),
        tasks=_attempt(lambda: tuple(one for found, _ in _require(tasks).values() for one in found)),
        sampled={name: whole for name, (_, whole) in read.items() if whole is not None},
        events=_attempt(lambda: (*(one for name in dag_ids for one in reader.events(name)), *reader.unnamed_events())),
        log_begins=_attempt(reader.log_begins),
        heartbeats=_attempt(lambda: tuple(reader.heartbeats())),
        import_failures=_attempt(lambda: tuple(reader.import_failures())),
        active=_attempt(lambda: tuple(reader.active())),
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
    slots = {
        name: [*reader.oldest(name), *(run.slot for run in runs if run.slot and run.dag_id == name)] for name in dag_ids
    }
    return {name: min(found) for name, found in slots.items() if found}


def _task_identity(row: Row) -> tuple[Any, ...]:
    return row["dag_id"], row["dag_run_id"], row["task_id"], row["map_index"]


def _parse_beat(component: str, row: Row) -> Heartbeat | None:
    state = row[component]
    if state["status"] is None:
        return None
    at = parse_instant(state[f"latest_{component}_heartbeat"])
    return Heartbeat(component=component, healthy=state["status"] == "healthy", at=at)


#: Seconds that a component which Airflow calls unhealthy has to recover, and seconds between polls. A DAG processor is
#: unhealthy after 10.5 s without a heartbeat, which happens now and then on a busy database or machine.
PATIENCE: Final = 60.0
POLL_INTERVAL: Final = 2.0


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
    times = {"since": since.isoformat(), "now": now.isoformat()}
    return {"dags": [*dag_ids], **times, "unended": True, "answers": memory.answers}


def recall_history(evidence: Mapping[str, Any]) -> History:
    """Return the history that ``observe_history`` read. Raises Unreadable when not even the version could be read."""
    since, now = parse_instant(evidence["since"]), parse_instant(evidence["now"])
    assert since is not None
    assert now is not None
    unended = "unended" in evidence  # evidence of 0.1.0 has no answers about them
    return read_history(replay(evidence["answers"]), evidence["dags"], since=since, now=now, unended=unended)
