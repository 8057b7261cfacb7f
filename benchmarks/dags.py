"""Measures the account of 1,000 slots of two tasks each: the ledger, its rates, and the flaws of the record.

Run from the root: PYTHONPATH=. python benchmarks/dags.py. The exit code says whether the budget was kept.

There is no peer to compare with: Airflow's own pages, and what watches them, count runs that succeeded of runs that
came. That count is printed beside, on the same record.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prodgate.airflow.records import Event, Heartbeat, History, Run, Served, Task
from prodgate.dags import cron
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.ledger import Ledger, ledger
from prodgate.dags.rates import Rates, rates
from prodgate.dags.record_flaws import Flaw, flaws
from prodgate.dags.service_flaws import service_flaws
from prodgate.dags.stuck import stuck
from prodgate.quantities import Bound

SECONDS = 2.0
SLOTS = 1_000
NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)
DAG = DeclaredDag(
    dag_id="nba_news_scraper",
    schedule=Schedule(cron="0 */6 * * *", timezone="Asia/Tokyo"),
    window=timedelta(hours=6 * SLOTS),
    grace=timedelta(hours=1),
    limit=timedelta(hours=2),
)
BOUND = Bound.parse("> 99 %")


def main() -> int:
    """Measure, print, and return the exit code. The slowest of three counts: later ones find slots worked out."""
    kept = True
    for name, record in {"all good": perfect(), "half never came": standing_still(perfect())}.items():
        spent = []
        for _ in range(3):
            begun = time.process_time()
            account, shares, found = judge(record)
            spent.append(time.process_time() - begun)
        naive = sum(run.state == "success" for run in record.runs) / len(record.runs)
        print(f"{name}: {len(account.rows):,} slots, {len(record.tasks):,} tasks, {max(spent):.2f} s of the processor")
        print(f"  runs that succeeded of runs that came: {naive:.1%}")
        print(f"  slot rate {shares.slot.estimate(BOUND)}; {len(found)} flaws")
        kept &= len(account.rows) == SLOTS and max(spent) <= SECONDS
    return 0 if kept else 1


def judge(record: History) -> tuple[Ledger, Rates, list[Flaw]]:
    """Return all that is made of a record."""
    account = ledger(DAG, record)
    found = [*flaws(DAG, record), *service_flaws(DAG, record), *stuck(DAG, record)]
    return account, rates(DAG, record, account), found


def perfect() -> History:
    """Return a record in which every slot came and went well."""
    slots = cron.slots(DAG.schedule, NOW - DAG.window, NOW)
    runs = [run(slot) for slot in slots]
    tasks = [task(each, name) for each in runs for name in ("collect", "publish")]
    served = Served(
        dag_id=DAG.dag_id,
        file="nba_news_scraper.py",
        paused=False,
        stale=False,
        broken=False,
        schedule=DAG.schedule.cron,
        next_slot=cron.next_slot(DAG.schedule, NOW),
        parsed=NOW,
    )
    return History(
        version="3.0.6",
        now=NOW,
        since=NOW - DAG.window,
        oldest=slots[0],
        served=(served,),
        runs=tuple(runs),
        tasks=tuple(tasks),
        events=tuple(logged(each, name) for each in tasks for name in ("running", "success")),
        heartbeats=tuple(Heartbeat(component=each, healthy=True, at=NOW) for each in ("scheduler", "dag_processor")),
        import_failures=(),
    )


def standing_still(record: History) -> History:
    """Return a record of a scheduler that stood still for half of the time: its runs never came, and none failed."""
    return replace(record, runs=record.runs[: SLOTS // 2])


def run(slot: datetime) -> Run:
    """Return a run that went well."""
    started = slot + timedelta(seconds=2)
    run_id = f"scheduled__{slot.isoformat()}"
    return Run(
        dag_id=DAG.dag_id,
        run_id=run_id,
        kind="scheduled",
        state="success",
        slot=slot,
        queued=slot,
        started=started,
        ended=started + timedelta(minutes=4),
    )


def task(of: Run, name: str) -> Task:
    """Return a task that went well."""
    return Task(
        dag_id=of.dag_id,
        run_id=of.run_id,
        task_id=name,
        state="success",
        tries=1,
        queued=of.queued,
        started=of.started,
        ended=of.ended,
        host="worker",
        pid=7,
    )


def logged(of: Task, name: str) -> Event:
    """Return what Airflow logs of a task."""
    at = of.started if name == "running" else of.ended
    return Event(at=at or NOW, event=name, dag_id=of.dag_id, run_id=of.run_id, task_id=of.task_id, owner="airflow")


if __name__ == "__main__":
    sys.exit(main())
