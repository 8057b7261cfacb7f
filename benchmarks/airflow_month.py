"""Measures reading a month of slots every five minutes from an Airflow whose API behaves like a real one's.

Run from the root: PYTHONPATH=. python benchmarks/airflow_month.py. The exit code says whether the budgets were kept.

The Airflow answers in pages of 100 rows, 2.11 without an order: a written row moves to the end, as in PostgreSQL. Runs
go on meanwhile, at the pace of the requests. Nothing sleeps: the time is processor time, plus the time that requests
take at the rate that the gate allows itself on MWAA. Memory is that of a process that does nothing else.
"""

import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from prodgate.airflow.history import observe_history, recall_history
from prodgate.airflow.paging import MAX_PATH
from prodgate.aws.clients import RATES
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.ledger import build_ledger
from prodgate.dags.rates import compute_rates

#: Seconds and megabytes that reading may take, including the evidence of it.
SECONDS, MEGABYTES = 120.0, 300
#: (version, tasks of a run, whether its log records each task). The third and fourth have more than 200,000 tasks.
CASES = (("3.0.6", 5, False), ("2.11.0", 5, False), ("3.0.6", 25, False), ("2.11.0", 300, False), ("2.11.0", 5, True))
PERIOD, MONTH = timedelta(minutes=5), timedelta(days=30)
NOW = datetime(2026, 11, 26, 12, 2, tzinfo=UTC)
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAG = DeclaredDag(
    dag_id="every_five_minutes", schedule=Schedule(cron="*/5 * * * *", timezone="UTC"), window=MONTH,
    grace=timedelta(minutes=4), limit=timedelta(minutes=4),
)  # fmt: skip


def text(at: datetime) -> str:
    """Write an instant as Airflow does."""
    return at.isoformat().replace("+00:00", "Z")


@dataclass
class Busy:
    """An Airflow with one DAG whose runs go on while it is being read."""

    version: str
    tasks: int
    tells: bool
    asked: int = 0
    parallel: int = 1

    @property
    def old(self) -> bool:
        """Whether it is of version 2."""
        return self.version.startswith("2")

    def get(self, path: str, query: Mapping[str, str]) -> Any:  # noqa: PLR0911  a table
        """Answer a request; each takes as long as the rate of requests implies."""
        assert len(path) <= MAX_PATH
        self.asked += 1
        kind = path.rpartition("/")[2]
        if kind == "version":
            return {"version": self.version}
        if kind == "health":
            beat = {"status": "healthy"}
            return {
                n: {**beat, f"latest_{n}_heartbeat": text(NOW)} for n in ("scheduler", "dag_processor", "triggerer")
            }
        if kind == "importErrors":
            return {"import_errors": [], "total_entries": 0}
        if kind == DAG.dag_id:
            return self._dag()
        first, most = int(query.get("offset", 0)), min(int(query["limit"]), 100)
        if kind == "eventLogs":
            return self._events(query, first, most)
        slots = self._slots(query)
        if kind == "dagRuns":
            return {"dag_runs": [self._run(slot) for slot in slots[first : first + most]], "total_entries": len(slots)}
        return self._page_of_tasks(slots, query.get("state"), first, most)

    def _now(self) -> datetime:
        return NOW + timedelta(seconds=self.asked / RATES["mwaa"])

    def _dag(self) -> dict[str, Any]:
        return {
            "dag_id": DAG.dag_id, "fileloc": "/dags/five.py", "is_paused": False, "is_active": True, "is_stale": False,
            "has_import_errors": False, "schedule_interval": {"__type": "CronExpression", "value": "*/5 * * * *"},
            "timetable_summary": "*/5 * * * *", "next_dagrun_create_after": None, "next_dagrun_run_after": None,
            "last_parsed_time": text(NOW),
        }  # fmt: skip

    def _slots(self, query: Mapping[str, str]) -> list[datetime]:
        """Return the slots of the runs that match filters; in 2.x a run's date is a period before its slot."""
        shift = PERIOD if self.old else timedelta(0)
        begin = query.get("execution_date_gte") or query.get("run_after_gte") or text(FIRST)
        end = query.get("execution_date_lte") or query.get("run_after_lte") or text(self._now())
        since = max(datetime.fromisoformat(begin) + shift, datetime.fromisoformat(query.get("updated_at_gte", begin)))
        until = min(datetime.fromisoformat(end) + shift, self._now())
        number, last = -(-(since - FIRST) // PERIOD), (until - FIRST) // PERIOD
        return [FIRST + n * PERIOD for n in range(max(number, 0), last + 1)]

    def _run(self, slot: datetime) -> dict[str, Any]:
        done = slot + timedelta(minutes=2) <= self._now()
        return {
            "dag_id": DAG.dag_id, "dag_run_id": f"scheduled__{text(slot)}", "run_type": "scheduled",
            "state": "success" if done else "running", "data_interval_end": text(slot), "run_after": text(slot),
            "execution_date": text(slot - PERIOD), "queued_at": text(slot), "start_date": text(slot),
            "end_date": text(slot + timedelta(minutes=2)) if done else None, "triggered_by": "timetable",
        }  # fmt: skip

    def _page_of_tasks(self, slots: list[datetime], state: str | None, first: int, most: int) -> dict[str, Any]:
        """Return a page; with a filter on state, one task of each hundredth run was skipped."""
        if state is not None:
            slots = [] if state != "skipped" else [slot for slot in slots if not (slot - FIRST) // PERIOD % 100]
        each = self.tasks if state is None else 1
        if self.old and slots and slots[-1] + timedelta(minutes=2) > self._now():
            turn = self.asked % len(slots[-3:])  # the latest rows are written, and move
            slots = [*slots[:-3], *slots[-3:][turn:], *slots[-3:][:turn]]
        chosen = range(first, min(first + most, len(slots) * each))
        rows = [self._task(slots[n // each], n % each, state or "success") for n in chosen]
        return {"task_instances": rows, "total_entries": len(slots) * each}

    def _task(self, slot: datetime, number: int, state: str) -> dict[str, Any]:
        begun = text(slot + timedelta(seconds=number % 100))
        return {
            "dag_id": DAG.dag_id, "dag_run_id": f"scheduled__{text(slot)}", "task_id": f"task_{number}",
            "map_index": -1, "state": state, "try_number": 1, "max_tries": 2, "queued_when": begun,
            "start_date": begun, "end_date": begun, "hostname": f"worker-{number}", "pid": 4711, "operator": "Python",
            "run_after": text(slot), "execution_date": text(slot), "id": f"{begun}-{number}", "pool": "default_pool",
            "pool_slots": 1, "queue": "default", "priority_weight": 1, "unixname": "airflow", "note": None,
            "rendered_fields": {"op_args": ["x" * 200]}, "executor_config": "{}", "duration": 1.5, "trigger": None,
            "dag_version": {"id": "0" * 36, "version_number": 1, "created_at": begun}, "executor": None,
        }  # fmt: skip

    def _events(self, query: Mapping[str, str], first: int, most: int) -> dict[str, Any]:
        if not self.tells or query.get("dag_id") != DAG.dag_id or "order_by" not in query or "after" not in query:
            return {"event_logs": [], "total_entries": 0}
        names = ("success",) if query.get("excluded_events") == "running" else ("running", "success")
        bounds = {"run_after_gte": query["after"], "run_after_lte": query["before"]}
        slots, each = self._slots(bounds), self.tasks * len(names)
        rows = [
            {
                "event_log_id": ((slots[n // each] - FIRST) // PERIOD) * each + n % each,
                "when": text(slots[n // each]),
                "event": names[n % len(names)], "dag_id": DAG.dag_id, "run_id": f"scheduled__{text(slots[n // each])}",
                "task_id": f"task_{n % each // len(names)}", "owner": "airflow", "extra": None,
            }
            for n in range(first, min(first + most, len(slots) * each))
        ]  # fmt: skip
        return {"event_logs": rows, "total_entries": len(slots) * each}


def measure(version: str, tasks: int, tells: bool) -> bool:
    """Read, keep, judge, print, and say whether the budgets were kept."""
    airflow, begun = Busy(version, tasks, tells), time.process_time()
    evidence = observe_history(airflow, [DAG.dag_id], since=NOW - MONTH, now=NOW)
    size, asked, spent = len(json.dumps(evidence)), airflow.asked, time.process_time() - begun
    wall = spent + asked / RATES["mwaa"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    history = recall_history(evidence)
    account = build_ledger(DAG, history)
    slot = compute_rates(DAG, history, account).slot
    print(
        f"{version}, {tasks} tasks a run{', each in the log' if tells else ''}: {len(history.runs):,} runs and "
        f"{len(history.tasks):,} tasks in {asked:,} requests, {wall:.0f} s ({spent:.0f} s of the processor), "
        f"{peak} MB, evidence {size / 1e6:.0f} MB; {slot.good:,} of {slot.total:,} slots",
        flush=True,
    )
    return wall <= SECONDS and peak <= MEGABYTES and slot.total >= MONTH // PERIOD - 1


def main() -> int:
    """Measure each case in a process of its own, and return the exit code."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        kept = [pool.apply(measure, case) for case in CASES]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
