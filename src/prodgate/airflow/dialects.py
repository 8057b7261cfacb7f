"""The two dialects of Airflow's REST API: how each is queried, and how its fields become records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..aws.answers import Unreadable
from .records import Run, ServedDag
from .rows import Row, format_instant, parse_instant, read_flag, read_text

COMPONENTS: Final = ("scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What differs between major versions."""

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
    """What is left out of a very long log: in Airflow 2, where each deed of a person has an entry, starts of tasks."""
    trigger: Mapping[str, Any]
    """What a request to trigger a run must hold besides its id and configuration."""

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
            triggered_by=str(row.get("triggered_by") or ""),
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

    A run's slot is the end of its interval, which can't be filtered; it is made after its slot, so one that was last
    touched before the window had its slot before it, too, however long its interval is. Its date is where the interval
    begins, so that the first part passes what is older than the window, too.
    """
    later = {"execution_date_gte": format_instant(begin)} if begin > since else {}
    return {"updated_at_gte": format_instant(since), **later, "execution_date_lte": format_instant(end)}


def _window_v2(_since: datetime, begin: datetime, end: datetime) -> dict[str, str]:
    return {"run_after_gte": format_instant(begin), "run_after_lte": format_instant(end)}


def _slot_v1(row: Row) -> datetime | None:
    return parse_instant(row["data_interval_end"])


def _slot_v2(row: Row) -> datetime | None:
    return parse_instant(row.get("run_after") or row["data_interval_end"])


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
    slot=_slot_v1,
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
    window=_window_v2,
    slot=_slot_v2,
    served=_parse_served_v2,
    unnamed_events=(),
    long_log={},
    trigger={"logical_date": None},
)
