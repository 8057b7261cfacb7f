"""Rows of answers as records, where both dialects of Airflow's REST API agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..aws.answers import Unreadable
from .audit_log import extract_request
from .records import Event, Heartbeat, ImportFailure, Task

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


def parse_heartbeat(component: str, state: Row) -> Heartbeat:
    """Return the heartbeat of a component."""
    return Heartbeat(
        component=component,
        healthy=state["status"] == "healthy",
        at=parse_instant(state[f"latest_{component}_heartbeat"]),
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
