"""Airflow's records, the same for every version. Times are in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ..aws.answers import Unread, Unreadable

#: States of runs that have not ended.
ACTIVE: Final = ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a DAG."""

    dag_id: str
    run_id: str
    kind: str
    """scheduled, backfill, manual, asset_triggered …"""
    state: str
    """queued, running, success or failed."""
    slot: datetime | None
    """The scheduled instant it is for: the end of its data interval in Airflow 2, ``run_after`` in Airflow 3."""
    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a run, as its last try left it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    """Index of a mapped task instance; -1 for a task that is not mapped."""
    state: str = ""
    """success, failed, upstream_failed, skipped, running, queued, up_for_retry … or empty before it is scheduled."""
    tries: int = 0
    """Number of the last try; 1 is the first."""
    max_tries: int = 0
    """How often it may be tried again, counted from its first try; clearing a task that was tried raises it."""
    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    operator: str = ""
    """The class that it was an instance of, such as EmptyOperator; empty where Airflow doesn't say."""
    host: str = ""
    pid: int = 0
    """Host and process of the last try; empty and 0 when nothing executed it."""
    version: int = 0
    """Number of the version of the DAG that it is of; 0 where Airflow states none, as version 2 does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of Airflow's audit log."""

    at: datetime
    event: str
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    owner: str = ""
    asked: str = ""
    """The request of a person: JSON such as ``{"state": "success"}``; empty for other events."""
    map_index: int | None = None
    """Which instance of a mapped task it is about; None when the entry doesn't say."""
    tries: int = 0
    """Which try of a task it is about; 0 when the entry doesn't say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDag:
    """A DAG as Airflow serves it."""

    dag_id: str
    file: str
    paused: bool
    stale: bool
    """Whether its file is gone: Airflow keeps the DAG and makes no more runs of it."""
    broken: bool
    """Whether its file can no longer be imported; Airflow then runs the version that it parsed last."""
    schedule: str
    """Airflow's cron expression; its REST API states no reliable time zone."""
    next_slot: datetime | None
    parsed: datetime | None
    bundle: str = ""
    """The bundle that its file is of; empty in Airflow 2."""
    place: str = ""
    """Where its file is in the bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A component of Airflow, and its last heartbeat."""

    component: str
    """scheduler, dag_processor or triggerer."""
    healthy: bool
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFailure:
    """A file that Airflow can't import."""

    file: str
    """Its absolute name in Airflow 2, and where it is in its bundle in Airflow 3."""
    text: str
    bundle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class History:
    """The history of one Airflow, complete and consistent from ``since`` on.

    A part that could not be read raises Unreadable when it is used, and leaves the other parts usable.
    """

    version: str
    now: datetime
    since: datetime
    oldest: Mapping[str, datetime]
    """By DAG, the slot of the oldest run that Airflow still has of it, however old it is."""
    served: tuple[ServedDag, ...]
    runs: tuple[Run, ...]
    tasks: tuple[Task, ...]
    events: tuple[Event, ...]
    log_begins: datetime | None
    """When the oldest entry was made that the audit log still has, of whatever DAG; None if it has none."""
    heartbeats: tuple[Heartbeat, ...]
    import_failures: tuple[ImportFailure, ...]
    unended: tuple[Run, ...] = ()
    """Runs with slots before ``since`` that are queued or run still; not asked for by 0.1.0."""
    active: tuple[str, ...] = ()
    """The DAGs of which Airflow makes runs, whoever declared them; as far as the user may see."""
    sampled: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each DAG with so many tasks that only some were read: the runs of which every task was read. Of its other
    runs, tasks that succeeded are missing."""

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if isinstance(value, Unread):
            raise Unreadable(value.reason)
        return value

    def __repr__(self) -> str:
        return f"History(version={self.version!r}, since={self.since!r}, now={self.now!r})"
