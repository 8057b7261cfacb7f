"""A DAG as declared in the criteria: when it must run, and how late it may be."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A cron expression of five fields, or of six with seconds last, in a time zone by its IANA name."""

    cron: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time in which the machine of a rehearsal, or what others did on it, kept Airflow from its work."""

    begin: datetime
    end: datetime
    reason: str


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
    tasks: frozenset[str] = frozenset()
    """Tasks that it must have; empty where that is not stated."""
    own_schedule: Schedule | None = None
    """The schedule that it has in production, where a rehearsal runs it on another one."""
    spells: tuple[Spell, ...] = ()
    """Times whose slots are set aside, whatever became of them; only a rehearsal has any."""
