"""A DAG as declared in the criteria: when it must run, and how late it may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A cron expression of five fields, or of six with seconds last, in a time zone by its IANA name."""

    cron: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredDag:
    """The declaration of one DAG."""

    dag_id: str
    schedule: Schedule
    window: timedelta
    """How far back its slots are accounted for."""
    grace: timedelta
    """How long after its slot a run may succeed and still be on time; a slot is pending until then."""
    limit: timedelta
    """How long a run may take before it is stuck."""
    since: datetime | None = None
    """Since when it has this name and this schedule; None where that is not stated."""
    may_skip: tuple[str, ...] = ()
    """Tasks that may be skipped in a run that did its work, ``*`` standing for any characters."""
    may_fail: frozenset[str] = frozenset()
    """Tasks that may fail in a run that succeeds: teardowns, whose failure Airflow itself leaves out of account."""
