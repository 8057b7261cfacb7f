"""The [airflow] and [dags] sections of a criteria file: which Airflow is asked, and what each DAG must do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..criteria import suggest
from ..dags.acknowledgements import find_acknowledged_mistakes
from ..dags.declared import DeclaredDag, Schedule
from ..quantities import Quantity
from .data import DataSection, data_mistakes, parse_data_section
from .validation import is_text_list, key_mistakes, quantity_mistakes

_TEXTS: Final = (
    "version",
    "environment",
    "url",
    "username",
    "password",
    "token",
    "folder",
    "requirements",
    "canary",
)
_AIRFLOW: Final = (*_TEXTS, "acknowledged", "rehearsal")
_REHEARSAL: Final = ("history", "grace", "limit", "crons")
_DAG: Final = ("cron", "timezone", "since", "window", "grace", "limit", "tasks", "may_skip", "data")
_DURATIONS: Final = {"window": "30 d", "grace": "30 min", "limit": "2 h"}
_REFERENCE: Final = re.compile(r"(env|secret):\S+")
_DAG_ID: Final = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DagSection:
    """What [dags.ID] states of one DAG."""

    declared: DeclaredDag
    tasks: Mapping[str, tuple[str, ...]]
    """Each task with those that must have succeeded before it; empty when the structure is not stated."""
    data: DataSection | None
    """Where what it collects can be looked at; None for a DAG that collects nothing."""
    data_table: Mapping[str, Any]
    """The same as it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSettings:
    """How DAGs run in a rehearsal, where nobody waits six hours for a slot."""

    history: timedelta
    """How long slots are watched."""
    grace: timedelta
    limit: timedelta
    crons: Mapping[str, str]
    """Schedules of six fields, seconds last, by DAG; they take the place of the stated ones."""
    database: str = ""
    """Where Airflow keeps its own tables, by reference: an empty PostgreSQL database. Else it is a SQLite file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSection:
    """What [airflow] states, with the DAGs of [dags]."""

    version: str
    """The version that the environment runs, such as ``3.0.6``."""
    environment: str = ""
    """Name of the MWAA environment; empty for an Airflow that is asked at ``url``."""
    url: str = ""
    username: str = ""
    password: str = ""
    token: str = ""
    """Credentials at ``url``, each by reference: ``env:NAME`` or ``secret:ID``."""
    folder: str = "dags"
    """Where the DAG files are; a path relative to the criteria file."""
    requirements: str = ""
    """What else the environment has installed, for importing the DAG files: a path relative to the criteria file."""
    canary: str = ""
    """The DAG that a drill makes fail."""
    acknowledged: tuple[str, ...] = ()
    """Failed runs that a person has dealt with, each ``DAG/RUN: what was done``."""
    rehearsal: RehearsalSettings | None = None
    dags: Mapping[str, DagSection] = field(default_factory=dict)


def parse_airflow_section(table: Mapping[str, Any], dags: Mapping[str, Any]) -> AirflowSection:
    """Read sections that have no mistakes."""
    return AirflowSection(
        **{key: table[key] for key in _TEXTS if key in table},
        acknowledged=tuple(table.get("acknowledged", ())),
        rehearsal=_parse_rehearsal(table["rehearsal"]) if "rehearsal" in table else None,
        dags={id_: _parse_dag(id_, each) for id_, each in dags.items()},
    )


def _parse_rehearsal(table: Mapping[str, Any]) -> RehearsalSettings:
    durations = {key: _parse_duration(table[key]) for key in ("history", "grace", "limit")}
    return RehearsalSettings(**durations, crons=dict(table["crons"]), database=str(table.get("database", "")))


def _parse_dag(id_: str, table: Mapping[str, Any]) -> DagSection:
    durations: Mapping[str, Any] = {key: _parse_duration(table.get(key, usual)) for key, usual in _DURATIONS.items()}
    return DagSection(
        declared=DeclaredDag(
            dag_id=id_,
            schedule=Schedule(cron=table["cron"], timezone=table["timezone"]),
            since=_parse_since(table["since"], table["timezone"]) if "since" in table else None,
            may_skip=tuple(table.get("may_skip", ())),
            **durations,
        ),
        tasks={task: tuple(before) for task, before in table.get("tasks", {}).items()},
        data=parse_data_section(table["data"]) if "data" in table else None,
        data_table=table.get("data", {}),
    )


def _parse_duration(text: str) -> timedelta:
    return timedelta(seconds=float(Quantity.parse(text).base))


def _parse_since(text: str, zone: str) -> datetime:
    """Return an instant in UTC; a day begins at midnight, and a time without a zone is in the DAG's."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def airflow_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the [airflow] and [dags] sections of a criteria file, one line each."""
    table, dags = data.get("airflow"), data.get("dags")
    if table is None and dags is None:
        return
    if not isinstance(table, dict) or not isinstance(table.get("version"), str):
        yield 'airflow.version: is missing; write [airflow] with version = "3.0.6", as the environment has it'
        return
    if not isinstance(dags, dict) or not dags:
        yield 'dags: holds no DAG; write [dags.ID] with cron = "0 */6 * * *" and timezone = "Asia/Tokyo"'
        return
    yield from _airflow_mistakes(table)
    for id_, each in dags.items():
        yield from _dag_mistakes(f"dags.{id_}", id_, each)
    yield from _rehearsal_mistakes(table["rehearsal"], dags) if "rehearsal" in table else ()


def _airflow_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    yield from key_mistakes("airflow", table, _AIRFLOW)
    for key, value in table.items():
        if key in _TEXTS and not (isinstance(value, str) and value):
            yield f"airflow.{key}: is {value!r}; write a text"
    if ("environment" in table) == ("url" in table):
        yield 'airflow: names no Airflow, or two; write either environment = "NAME" of MWAA or url = "https://…"'
    for key in ("username", "password", "token"):
        if key in table and not _REFERENCE.fullmatch(str(table[key])):
            yield f"airflow.{key}: is no reference; write env:NAME or secret:ID, never the value itself"
    yield from find_acknowledged_mistakes(table.get("acknowledged", []))


def _dag_mistakes(where: str, id_: str, table: Any) -> Iterator[str]:
    if not _DAG_ID.fullmatch(id_):
        yield f"{where}: is not the id of a DAG; ids are letters, digits, '_', '-' and '.'"
    if not isinstance(table, dict):
        yield f'{where}: is {table!r}; write cron = "0 */6 * * *" and timezone = "Asia/Tokyo"'
        return
    yield from key_mistakes(where, table, _DAG)
    for key in ("cron", "timezone"):
        if not isinstance(table.get(key), str):
            yield f"{where}.{key}: is missing; an unstated one is not the same everywhere"
            return
    wrong = _find_mistakes_of(Schedule(cron=table["cron"], timezone=table["timezone"]))
    yield from (f"{where}: {mistake}" for mistake in wrong)
    yield from _since_mistakes(f"{where}.since", table) if "since" in table and not wrong else ()
    for key in _DURATIONS:
        yield from quantity_mistakes(f"{where}.{key}", table.get(key, _DURATIONS[key]), "time", _DURATIONS[key])
    yield from _task_mistakes(f"{where}.tasks", table.get("tasks", {}))
    yield from _skip_mistakes(f"{where}.may_skip", table.get("may_skip", []), table.get("tasks"))
    yield from data_mistakes(f"{where}.data", table["data"]) if "data" in table else ()


def _since_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    try:
        _parse_since(table["since"], table["timezone"])
    except (TypeError, ValueError, OverflowError, OSError, KeyError):
        yield f"{where}: is {table['since']!r}; write the day since when it runs so, as a text such as '2026-11-20'"


def _task_mistakes(where: str, table: Any) -> Iterator[str]:
    if not isinstance(table, dict) or not all(map(is_text_list, table.values())):
        yield f'{where}: is {table!r}; write {{ collect = [], store = ["collect"] }}'
        return
    for task, before in table.items():
        for other in before:
            if other not in table:
                yield f"{where}.{task}: {other!r} is not a task of this DAG{suggest(str(other), table)}"


def _skip_mistakes(where: str, patterns: Any, tasks: Any) -> Iterator[str]:
    if not is_text_list(patterns):
        yield f"{where}: is {patterns!r}; write the tasks that may be skipped, e.g. ['holiday', 'report.*']"
        return
    for pattern in patterns:
        if isinstance(tasks, dict) and tasks and not any(fnmatchcase(task, pattern) for task in tasks):
            yield f"{where}: {pattern!r} is not a task of this DAG{suggest(pattern, tasks)}"


def _rehearsal_mistakes(table: Any, dags: Mapping[str, Any]) -> Iterator[str]:
    known = isinstance(table, dict) and set(table) - {"database"} == set(_REHEARSAL)
    if not known or not isinstance(table["crons"], dict):
        example = 'history = "75 s", grace = "45 s", limit = "60 s", crons = { ID = "* * * * * */15" }'
        yield f"airflow.rehearsal: is {table!r}; write {{ {example} }}"
        return
    if "database" in table and not _REFERENCE.fullmatch(str(table["database"])):
        yield "airflow.rehearsal.database: is no reference; write env:NAME, never the value itself"
    for key in ("history", "grace", "limit"):
        yield from quantity_mistakes(f"airflow.rehearsal.{key}", table[key], "time", "30 s")
    for id_, cron in table["crons"].items():
        if id_ not in dags:
            yield f"airflow.rehearsal.crons.{id_}: is not a DAG of [dags]{suggest(id_, dags)}"
        for mistake in _find_mistakes_of(Schedule(cron=str(cron), timezone="UTC")):
            yield f"airflow.rehearsal.crons.{id_}: {mistake}"
    for id_ in dags:
        if id_ not in table["crons"]:
            yield f"airflow.rehearsal.crons: says nothing of {id_}; write how often it runs in a rehearsal"


def _find_mistakes_of(schedule: Schedule) -> tuple[str, ...]:
    from ..dags.cron import find_mistakes  # noqa: PLC0415  croniter is slow to load, and many criteria state no DAG

    return find_mistakes(schedule)
