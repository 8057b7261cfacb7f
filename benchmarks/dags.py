"""Measures the computations of the DAG layer: 1,000 slots of two tasks each, and the rules for 200 DAG files.

Run from the root: PYTHONPATH=. python benchmarks/dags.py. The exit code says whether the budgets were kept.

The ledger of slots has no peer: Airflow's own pages, and tools that watch them, count how many of the existing runs
succeeded. That figure is printed beside, for the same record. The peer of the rules is ruff with its Airflow rules.
"""

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.prodgate.airflow.fake import NOW as FAKE_NOW, Asking, an_airflow

from prodgate.airflow.history import observe_history, recall_history
from prodgate.airflow.records import Event, Heartbeat, History, Run, ServedDag, Task
from prodgate.dag_files.observing import run_ruff
from prodgate.dag_files.rules import check_file as rules_broken
from prodgate.dags import cron
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.flaws import Flaw, find_record_flaws, find_service_flaws, find_stuck
from prodgate.dags.ledger import Ledger, build_ledger
from prodgate.dags.rates import Rates, compute_rates
from prodgate.quantities import Bound

#: Processor seconds allowed for the slots, and for the rules.
SECONDS, RULES = 2.0, 1.0
SLOTS, FILES = 1_000, 200
ROOT = Path(__file__).resolve().parents[1]
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
    """Measure, print, and return the exit code. The slowest of three counts: later ones find slots in the cache."""
    kept = True
    for name, record in {"all good": perfect_record(), "half never came": standing_still(perfect_record())}.items():
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
    return 0 if read_answers() and check_files() and kept else 1


def read_answers() -> bool:
    """Build a history from responses of Airflow's REST API, without their network time."""
    fake, since = an_airflow(slots=SLOTS, events=[]), datetime(2026, 1, 1, tzinfo=UTC)
    evidence = observe_history(Asking(fake), ["news"], since=since, now=FAKE_NOW)
    begun = time.process_time()
    found = recall_history(evidence)
    spent = time.process_time() - begun
    print(f"answers: {len(found.runs):,} runs, {len(found.tasks):,} tasks, {spent:.2f} s of the processor")
    return spent <= SECONDS


def check_files() -> bool:
    """Check copies of the project's own files with our rules, and with ruff's."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "dags").glob("*.py"))]
    with TemporaryDirectory() as folder:
        names = [f"dag_{number}.py" for number in range(FILES)]
        for name, text in zip(names, cycle(texts), strict=False):
            Path(folder, name).write_text(text, "utf-8")
        begun = time.process_time()
        for name in names:
            rules_broken(name, Path(folder, name).read_text("utf-8"))
        spent, begun = time.process_time() - begun, time.perf_counter()
        run_ruff(Path(folder), names)
        print(f"rules: {FILES} files, {spent:.2f} s of the processor; ruff {time.perf_counter() - begun:.2f} s")
    return spent <= RULES


def judge(record: History) -> tuple[Ledger, Rates, list[Flaw]]:
    """Return everything that is derived from a record."""
    account = build_ledger(DAG, record)
    found = [*find_record_flaws(DAG, record), *find_service_flaws(DAG, record), *find_stuck(DAG, record)]
    return account, compute_rates(DAG, record, account), found


def perfect_record() -> History:
    """Return a record in which every slot succeeded."""
    slots = cron.list_slots(DAG.schedule, NOW - DAG.window, NOW)
    runs = [run(slot) for slot in slots]
    tasks = [task(each, name) for each in runs for name in ("collect", "publish")]
    served = ServedDag(
        dag_id=DAG.dag_id,
        file="nba_news_scraper.py",
        paused=False,
        stale=False,
        broken=False,
        schedule=DAG.schedule.cron,
        next_slot=cron.find_next_slot(DAG.schedule, NOW),
        parsed=NOW,
    )
    return History(
        version="3.0.6",
        now=NOW,
        since=NOW - DAG.window,
        oldest={DAG.dag_id: slots[0]},
        served=(served,),
        runs=tuple(runs),
        tasks=tuple(tasks),
        events=tuple(make_event(each, name) for each in tasks for name in ("running", "success")),
        log_begins=slots[0],
        heartbeats=tuple(Heartbeat(component=each, healthy=True, at=NOW) for each in ("scheduler", "dag_processor")),
        import_failures=(),
    )


def standing_still(record: History) -> History:
    """Return the record of a scheduler that was down half of the time: those runs never came, and none failed."""
    return replace(record, runs=record.runs[: SLOTS // 2])


def run(slot: datetime) -> Run:
    """Return a successful run."""
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
    """Return a successful task."""
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


def make_event(of: Task, name: str) -> Event:
    """Return Airflow's log entry about a task."""
    at = of.started if name == "running" else of.ended
    return Event(at=at or NOW, event=name, dag_id=of.dag_id, run_id=of.run_id, task_id=of.task_id, owner="airflow")


if __name__ == "__main__":
    sys.exit(main())
